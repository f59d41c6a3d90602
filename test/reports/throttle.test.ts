import { describe, expect, test } from "vitest";
import { renderThrottle } from "../../src/reports/throttle.ts";
import type { ThrottleModel } from "../../src/reports/throttle-model.ts";
import { golden, seen } from "./golden.ts";
import { limitRow, nano, paper, plainPaper, throttleModel } from "./models.ts";

function text(changes: Partial<ThrottleModel>, columns = 80): string {
  return seen(renderThrottle(throttleModel(changes), paper(columns))).join("\n");
}

describe("throttle", () => {
  test.each([
    ["throttle-80-colour", 80],
    ["throttle-120-colour", 120],
  ])("%s is as drawn", (name, columns) => {
    expect(seen(renderThrottle(throttleModel(), paper(columns)))).toEqual(golden(name));
  });

  test("without colour: ASCII bars and the bare word", () => {
    const plain = golden("throttle-80-colour").map((line) =>
      line
        .replace(/[🟢🟡🟠🔴🚨] /gu, "")
        .replaceAll("█", "#")
        .replaceAll("░", "-"),
    );
    expect(renderThrottle(throttleModel(), plainPaper(80))).toEqual(plain);
  });

  test("what is held has a column, a mark in the bar and a note of its own", () => {
    const limits = [
      limitRow({ unit: "tokens", window: "hour", limit: 500_000, used: 200_000, held: 150_000 }),
    ];
    const lines = text({ limits }, 120);
    expect(lines).toMatch(/200,000 {2}\+150,000 {3}\[█{6}▒{5}░{6}\] {3}40\.0%/);
    expect(lines).toContain("150,000          -");
    expect(lines).toContain("▒ held: reserved by running tasks");
  });

  test("limits of models and agents are named as such; one that is lifted has no share", () => {
    const limits = [
      limitRow({
        scope: { kind: "model", name: "opus" },
        unit: "cost",
        window: "day",
        limit: nano(20),
        used: 0,
      }),
      limitRow({
        scope: { kind: "agent", name: "codex" },
        unit: "tokens",
        window: "hour",
        limit: null,
        used: 5,
      }),
    ];
    expect(text({ limits })).toMatch(/model opus +cost\/day +\$0\.00 .*0\.0% {2}🟢 NONE/);
    expect(text({ limits })).toMatch(/agent codex +tokens\/hour +5 +\[░+\] +- {2}🟢 NONE/);
  });

  test("what runs now", () => {
    const runs = [
      { worker: "a", alias: "w1", admits: ["low", "normal", "high", "critical"] as const },
      { worker: "b", alias: "w2", admits: [] },
    ];
    expect(text({ runs })).toContain("Runs now:  w1 all | w2 nothing   Held: 6");
    expect(text({ runs: [], heldByPriority: { low: 0, normal: 0, high: 0, critical: 0 } }, 120)).toContain(
      "Runs now:   no workers     (held: 0)",
    );
  });

  test("many workers wrap between workers", () => {
    const runs = Array.from({ length: 12 }, (_, index) => ({
      worker: "w",
      alias: `w${index}`,
      admits: ["critical"] as const,
    }));
    const lines = text({ runs }).split("\n");
    const first = lines.findIndex((line) => line.startsWith("Runs now:"));
    expect(lines[first + 1]).toMatch(/^ {11}w\d/);
  });

  test("nothing set, nothing ahead", () => {
    const lines = text({ limits: [], nextResetAtMs: null });
    expect(lines).toContain("No limits are set.");
    expect(lines).toContain("no reset ahead");
  });
});
