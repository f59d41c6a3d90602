import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readClaudeScreen } from "../../src/agents/claude-screen.ts";

const folder = new URL("../fixtures/screens/claude/", import.meta.url);
const screen = (name: string) => readFileSync(new URL(name, folder), "utf8").split("\n");

// Captures of Claude Code 2.1.330, 200 x 50.
const READINGS: Readonly<Record<string, readonly [state: string, text?: string | null]>> = {
  "01-first-run.txt": ["unknown"],
  "02-after-onboarding-flag.txt": ["dialog"],
  "03-trust-folder.txt": ["dialog"],
  "04-api-key-approval.txt": ["dialog", "Do you want to use this API key?"],
  "05-idle.txt": ["idle"],
  "06-idle-preseeded.txt": ["idle"],
  "10-busy.txt": ["busy"],
  "11-idle-after-turn.txt": ["idle"],
  "12-permission-prompt.txt": ["dialog", "Do you want to proceed?"],
  "13-permission-denied-esc.txt": ["interrupted"],
  "14-interrupted.txt": ["draft", "slow [[delay:20000]]"],
  "15-interrupted-mid-output.txt": ["interrupted"],
  "16-ask-user-question.txt": ["dialog", "Red or blue?"],
  "20-error-context.txt": ["busy"],
  "21-error-credit.txt": ["idle"],
  "22-error-429-usage.txt": ["idle"],
  "23-error-500-retrying.txt": ["busy"],
  "24-usage-limit-oauth.txt": ["limited"],
  "25-error-401-oauth.txt": ["idle"],
  "26-error-401-key-retrying.txt": ["busy"],
  "27-error-529.txt": ["idle"],
  "28-error-429-retrying.txt": ["busy"],
  "30-compact.txt": ["idle"],
  "31-clear.txt": ["idle"],
  "32-model-picker.txt": ["dialog"],
  "33-exit.txt": ["unknown"],
  "34-queued-message.txt": ["busy"],
  "35-ctrl-c-once.txt": ["unknown"],
  "40-auto-mode.txt": ["idle"],
};

describe("a screen of Claude Code", () => {
  test("every capture has an expected reading", () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(READINGS).sort());
  });

  test.each(Object.entries(READINGS))("%s", (name, [state, text]) => {
    const reading = readClaudeScreen(screen(name));
    expect(reading).toMatchObject({ state });
    if (text !== undefined) expect(reading.text).toBe(text);
  });

  test("a screen cut off anywhere is never idle unless its footer is there", () => {
    const lines = screen("11-idle-after-turn.txt");
    const footer = lines.findIndex((line) => line.includes("? for shortcuts"));
    for (let length = 0; length <= footer; length++) {
      expect(readClaudeScreen(lines.slice(0, length)).state).not.toBe("idle");
    }
  });

  test("text in the composer is a draft, the CLI's own hints are not", () => {
    const idle = screen("06-idle-preseeded.txt");
    const composed = (text: string) =>
      idle.map((line) => (line.startsWith("\u001b[39m❯") ? `❯ ${text}` : line));
    expect(readClaudeScreen(composed("fix the bug"))).toMatchObject({ state: "draft", text: "fix the bug" });
    expect(readClaudeScreen(composed("[Pasted text #1 +9 lines]"))).toMatchObject({ state: "draft" });
    expect(readClaudeScreen(composed('Try "refactor <filepath>"'))).toMatchObject({ state: "idle" });
    expect(readClaudeScreen(composed("Once fixed, resend your message"))).toMatchObject({ state: "idle" });
  });

  test("a conversation with a name has it in the rule above the composer", () => {
    const idle = screen("11-idle-after-turn.txt");
    const rule = idle.findIndex((line) => /─{20}/.test(line));
    for (const name of ["Please go. [[say:one]] (Branch)", "an \u2500 odd one", "x".repeat(150)]) {
      const named = idle.with(rule, `${"─".repeat(190 - name.length)} ${name} ─`);
      expect(readClaudeScreen(named), name).toMatchObject({ state: "idle" });
    }
    expect(readClaudeScreen(idle.with(rule, "── no rule ─"))).toMatchObject({ state: "unknown" });
  });

  test("a blank screen is unknown", () => {
    expect(readClaudeScreen([]).state).toBe("unknown");
    expect(readClaudeScreen(["", " ", ""]).state).toBe("unknown");
  });
});
