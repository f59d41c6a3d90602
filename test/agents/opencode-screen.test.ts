import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readOpencodeScreen } from "../../src/agents/opencode-screen.ts";

const folder = new URL("../fixtures/screens/opencode/", import.meta.url);
const screen = (name: string) => readFileSync(new URL(name, folder), "utf8").split("\n");

// Captures of OpenCode 1.18.33, 200 x 50.
const READINGS: Readonly<Record<string, readonly [state: string, text?: string | null]>> = {
  "05-idle.txt": ["idle"],
  "10-busy.txt": ["busy"],
  "11-idle-after-turn.txt": ["idle"],
  "12-permission-prompt.txt": ["dialog", "$ echo hi > g1.txt"],
  "13-permission-denied.txt": ["idle"],
  "14-interrupted.txt": ["interrupted"],
  "2-error-401.txt": ["idle"],
  "2-error-429u.txt": ["busy"],
  "2-error-529.txt": ["busy"],
  "30-compact.txt": ["idle"],
  "33-exit.txt": ["unknown"],
  "34-queued.txt": ["busy"],
};

describe("a screen of OpenCode", () => {
  test("every capture has an expected reading", () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(READINGS).sort());
  });

  for (const [name, [state, text = null]] of Object.entries(READINGS)) {
    test(`${name} is ${state}`, () => {
      expect(readOpencodeScreen(screen(name))).toMatchObject({ state, text });
    });
  }

  test("text in the composer is a draft, whatever it says", () => {
    const idle = screen("11-idle-after-turn.txt").map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, ""));
    const bottom = idle.findLastIndex((line) => line.includes("╹▀"));
    const drafted = idle.with(bottom - 3, "  ┃  esc interrupt").with(bottom - 2, "  ┃");
    expect(readOpencodeScreen(drafted)).toMatchObject({ state: "draft", text: "esc interrupt" });
  });

  test("a command with the list of all that it could be over it is a draft of that command", () => {
    const idle = screen("11-idle-after-turn.txt").map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, ""));
    const bottom = idle.findLastIndex((line) => line.includes("╹▀"));
    const typed = idle
      .with(bottom - 6, `  ┃ /new          New session${" ".repeat(40)}┃`)
      .with(bottom - 5, `  ┃ /diff         Open diff viewer${" ".repeat(35)}┃`)
      .with(bottom - 4, "  ┃")
      .with(bottom - 3, "  ┃  /new")
      .with(bottom - 2, "  ┃");
    expect(readOpencodeScreen(typed)).toMatchObject({ state: "draft", text: "/new" });
  });

  test("a list laid over it takes what is typed: nothing is", () => {
    const idle = screen("11-idle-after-turn.txt").map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, ""));
    const listed = idle.with(5, `${" ".repeat(70)}Select model${" ".repeat(40)}esc`);
    expect(readOpencodeScreen(listed)).toMatchObject({
      state: "unknown",
      because: "a list is open: Select model",
    });
  });

  test("what is no screen of it is unknown", () => {
    expect(readOpencodeScreen(["$ "])).toMatchObject({ state: "unknown" });
    expect(readOpencodeScreen([])).toMatchObject({ state: "unknown" });
  });
});
