import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCodexScreen } from "../../src/agents/codex-screen.ts";

const folder = new URL("../fixtures/screens/codex/", import.meta.url);
const screen = (name: string) => readFileSync(new URL(name, folder), "utf8").split("\n");

// Captures of Codex 0.169.0, 200 x 50.
const READINGS: Readonly<Record<string, readonly [state: string, text?: string | null]>> = {
  "01-first-run.txt": ["idle"],
  "02-startup-hooks.txt": ["dialog"],
  "03-hooks-review.txt": ["dialog"],
  "10-busy.txt": ["busy"],
  "11-idle-after-turn.txt": ["idle"],
  "12-permission-prompt.txt": ["dialog", "Would you like to run the following command?"],
  "13-permission-denied-esc.txt": ["interrupted"],
  "14-interrupted.txt": ["interrupted"],
  "15-interrupted-mid.txt": ["interrupted"],
  "2-error-400ctx.txt": ["idle"],
  "2-error-401.txt": ["idle"],
  "2-error-429u.txt": ["limited"],
  "2-error-529.txt": ["idle"],
  "2-error-credit.txt": ["idle"],
  "2-error-cut.txt": ["idle"],
  "23-error-429-final.txt": ["idle"],
  "23-error-429-retrying.txt": ["busy"],
  "23-error-500-final.txt": ["idle"],
  "23-error-500-retrying.txt": ["idle"],
  "30-compact.txt": ["idle"],
  "31-clear.txt": ["idle"],
  "32-model-picker.txt": ["dialog"],
  "33-exit.txt": ["unknown"],
  "34-queued.txt": ["idle"],
  "36-status.txt": ["idle"],
};

describe("a screen of Codex", () => {
  test("every capture has an expected reading", () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(READINGS).sort());
  });

  test.each(Object.entries(READINGS))("%s", (name, [state, text]) => {
    const reading = readCodexScreen(screen(name));
    expect(reading).toMatchObject({ state });
    if (text !== undefined) expect(reading.text).toBe(text);
  });

  test("a screen cut off anywhere is never idle unless its footer is there", () => {
    const lines = screen("11-idle-after-turn.txt");
    const footer = lines.findIndex((line) => line.includes("for shortcuts"));
    for (let length = 0; length <= footer; length++) {
      expect(readCodexScreen(lines.slice(0, length)).state).not.toBe("idle");
    }
  });

  test("text in the composer is a draft, also when it has several lines", () => {
    const idle = screen("11-idle-after-turn.txt");
    const composed = (...rows: string[]) =>
      idle.flatMap((line) => (line.includes("Ask Codex to do anything") ? rows : [line]));
    expect(readCodexScreen(composed("› fix the bug"))).toMatchObject({ state: "draft", text: "fix the bug" });
    expect(readCodexScreen(composed("› one", "  two"))).toMatchObject({ state: "draft", text: "one\n  two" });
    expect(readCodexScreen(composed("› [Pasted Content 1200 chars]"))).toMatchObject({ state: "draft" });
  });

  test("a blank screen is unknown", () => {
    expect(readCodexScreen([]).state).toBe("unknown");
  });
});
