import { describe, expect, test } from "vitest";
import { UNKNOWN, figureOf } from "../../src/reports/figure.ts";
import { renderStatus } from "../../src/reports/status.ts";
import type { StatusModel } from "../../src/reports/status-model.ts";
import { golden, seen } from "./golden.ts";
import { limitRow, nano, nowMs, paper, plainPaper, statusModel, worker } from "./models.ts";

function text(changes: Partial<StatusModel>, columns = 80): string {
  return seen(renderStatus(statusModel(changes), paper(columns))).join("\n");
}

describe("status", () => {
  test.each([
    ["status-80-colour", paper(80)],
    ["status-80-plain", plainPaper(80)],
    ["status-120-colour", paper(120)],
  ])("%s is as drawn", (name, sheet) => {
    expect(seen(renderStatus(statusModel(), sheet))).toEqual(golden(name));
  });

  test.each([80, 120])(
    "S2-38, S2-39: no label gives way to a question or to held amounts at %i columns",
    (columns) => {
      const base = statusModel();
      const workerLevels = base.workerLevels.map((level) => ({
        ...level,
        hour: level.hour && { ...level.hour, used: 1_121_000, held: 21_020 },
        day: level.day && { ...level.day, used: 1_121_000, held: 21_020 },
      }));
      const asking = worker(2, {
        state: "needs-input",
        question: "May I?",
        tokens: figureOf(1_234_567, "actual"),
      });
      const lines = seen(
        renderStatus({ ...base, workers: [worker(1), asking, worker(3)], workerLevels }, paper(columns)),
      );
      const rows = lines.filter((line) => line.includes("concurrent_worker") && line.includes(" | "));
      expect(rows.filter((line) => /Done: .*\| Tokens: .*\| Task: \S/.test(line))).toHaveLength(3);
      expect(rows.filter((line) => /Hour: +1,121,000.*\| Day: +1,121,000/.test(line))).toHaveLength(3);
    },
  );

  test("S2-36 to S2-39: every label stands there word for word", () => {
    const lines = seen(renderStatus(statusModel(), paper(80)));
    const labels = [
      "CONCURRENT TASK MANAGER STATUS",
      "=".repeat(80),
      "Tasks in queue: 0",
      "Total completed: 12",
      "Total tokens used: 48,523",
      "Estimated cost: $0.1456",
      "Global Throttle Status:",
      "Tokens/hour: 48,523 / 500K",
      "Tokens/day:  48,523 / 5M",
      "Cost/hour:   $0.15 / $5.00",
      "Cost/day:    $0.15 / $50.00",
      "Worker Status:",
      "🟢 IDLE | Done:  4 | Tokens: 15,234 | Task: None",
      "🔴 BUSY | Done:  5 | Tokens: 18,542 | Task: Implement",
      "Throttle Levels:",
      "Hour: 15,234",
      "Day: 15,234",
    ];
    for (const label of labels) expect(lines.join("\n")).toContain(label);
  });

  test("C-48: a lost task is shown, and only then", () => {
    expect(text({})).not.toContain("Lost:");
    expect(text({ queue: { queued: 3, held: 1, running: 0, failed: 0, lost: 2 } })).toContain("Lost: 2");
  });

  test("C-42: without colour no icon and no escape byte, but every word", () => {
    const lines = renderStatus(statusModel(), paper(80, { colour: false })).join("\n");
    expect(lines).toContain("BUSY | Done:");
    expect(lines).not.toMatch(/\u001b|[🟢🔴]/u);
    expect(renderStatus(statusModel(), paper(80)).join("")).toContain("\u001b[");
  });

  test("narrow paper drops the bar, then the burn, then the resets", () => {
    const rows = statusModel().limits;
    const wideAmounts = rows.map((row) => ({ ...row, held: row.unit === "tokens" ? 123_456 : nano(1.23) }));
    const narrow = (columns: number, limits = rows) => text({ limits }, columns);
    expect(narrow(80)).toContain("█");
    expect(narrow(79)).not.toContain("░");
    expect(narrow(79)).toContain("burn");
    expect(narrow(70, wideAmounts)).toContain("burn");
    expect(narrow(62, wideAmounts)).not.toContain("burn");
    expect(narrow(62, wideAmounts)).toContain("resets");
    const wider = wideAmounts.map((row) => ({ ...row, used: row.used * 10_000, limit: row.limit }));
    expect(narrow(60, wider)).not.toContain("resets");
    expect(narrow(60)).toContain("resets");
  });

  test("narrow paper names workers as a person types them", () => {
    expect(text({}, 60)).toMatch(/^ {2}w2 {2}🔴 BUSY/m);
  });

  test("what is held stands beside what is used, never in it", () => {
    const limits = [
      limitRow({ unit: "tokens", window: "hour", limit: 500_000, used: 48_523, held: 102_000 }),
    ];
    const lines = text({ limits });
    expect(lines).toContain("48,523 +102,000 held / 500K");
    expect(text({ limits }, 120)).toMatch(/\[█+▒+░+\]/);
    expect(lines).toContain("9.7%");
    expect(lines).toContain("held: reserved by running tasks");
    expect(text({})).not.toContain("held:");
  });

  test("C-06: estimated figures carry ~, unknown ones n/a, and nothing unknown is 0", () => {
    expect(text({ tokens: figureOf(48_523, "estimated") })).toContain("Total tokens used: ~48,523");
    const unknown = text({ tokens: UNKNOWN, cost: UNKNOWN, unknownUsageTasks: 2 });
    expect(unknown).toContain("Total tokens used: n/a");
    expect(unknown).toContain("Estimated cost: n/a");
    expect(unknown).toContain("(n/a) 2 tasks have a usage nobody knows: not in these totals");
  });

  test("a rehearsal's share is marked as simulated", () => {
    const lines = text({
      simulated: { tokens: 12_000, nanoUsd: nano(0.036) },
      notices: ["This is a rehearsal."],
    });
    expect(lines).toContain("(simulated) 12,000 tokens and $0.0360");
    expect(lines).toContain("! This is a rehearsal.");
  });

  test.each([
    [{ kind: "auto", tickMs: 10_000 }, "auto: on (10s)"],
    [{ kind: "manual" }, "auto: off"],
    [{ kind: "offline" }, "no manager"],
    [{ kind: "paused", reason: "lunch" }, "! Dispatch is paused: lunch (resume to go on)"],
  ] as const)("mode %j", (mode, words) => {
    expect(text({ mode })).toContain(words);
  });

  test("a question is loud, with what to do about it", () => {
    const workers = [worker(2, { state: "needs-input", question: "Do you want to proceed?" })];
    const lines = seen(renderStatus(statusModel({ workers }), paper(80)));
    expect(lines).toContain("  concurrent_worker2 asks: Do you want to proceed?  → answer w2 … | attach w2");
    expect(renderStatus(statusModel({ workers }), plainPaper(80)).join("\n")).toContain(
      "concurrent_worker2 asks: Do you want to proceed?  -> answer w2 ... | attach w2",
    );
  });

  test("a limited and a dead worker say why and until when", () => {
    const untilMs = nowMs + 18 * 60_000;
    const workers = [
      worker(1, { state: "limited", because: "5-hour limit reached", untilMs }),
      worker(3, { state: "dead", because: "the agent exited with code 1" }),
    ];
    const lines = text({ workers });
    expect(lines).toContain("concurrent_worker1 is limited until 11:00: 5-hour limit reached  → why w1");
    expect(lines).toContain("concurrent_worker3 is dead: the agent exited with code 1  → restart w3");
  });

  test.each([
    ["starting", false, "STARTING"],
    ["idle", false, "IDLE"],
    ["busy", false, "BUSY"],
    ["needs-input", true, "NEEDS-INPUT"],
    ["limited", false, "LIMITED"],
    ["dead", true, "DEAD"],
    ["busy", true, "DRAINING"],
    ["idle", true, "DRAINING"],
  ] as const)("state %s, draining %s is %s", (state, draining, word) => {
    const workers = [worker(1, { state, draining })];
    expect(renderStatus(statusModel({ workers }), plainPaper(80)).join("\n")).toContain(
      `worker1  ${word} | Done:`,
    );
  });

  test("nothing there yet is said, not left blank", () => {
    const lines = text({ workers: [], workerLevels: [], limits: [] });
    expect(lines).toContain("No workers.");
    expect(lines).toContain("No limits are set.");
    const offline = text({ workers: [], workerLevels: [], limits: [], mode: { kind: "offline" } });
    expect(offline).toContain("No manager runs: `ctm` or `ctm serve` starts one");
  });
});
