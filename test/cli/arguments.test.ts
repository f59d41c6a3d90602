import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { PROGRAM_OPTIONS, readArguments } from "../../src/cli/arguments.ts";
import { allCommands } from "../../src/commands/index.ts";
import { keyOf } from "../../src/commands/parse.ts";

function faultOf(words: readonly string[]): string {
  try {
    readArguments(words, allCommands());
  } catch (error) {
    if (error instanceof CtmError && error.code === "usage")
      return [error.message, ...error.details].join("\n");
    throw error;
  }
  return "no fault";
}

describe("argv", () => {
  it.each([
    ["S2-31", [], { kind: "prompt", settings: {} }],
    [
      "options alone",
      ["--workers", "2", "--agent", "shell"],
      { kind: "prompt", settings: { workers: "2", agent: "shell" } },
    ],
    ["S2-32", ["Task 1", "Task 2", "Task 3"], { kind: "texts", texts: ["Task 1", "Task 2", "Task 3"] }],
    ["one quoted task", ["Fix the login"], { kind: "texts", texts: ["Fix the login"] }],
    [
      "a word beside a sentence",
      ["cleanup", "write docs"],
      { kind: "texts", texts: ["cleanup", "write docs"] },
    ],
    [
      "options before tasks",
      ["--state-dir", "/s", "--own", "Task 1"],
      { kind: "texts", settings: { stateDir: "/s", own: true } },
    ],
    ["anything after --", ["--", "status", "-x"], { kind: "texts", texts: ["status", "-x"] }],
    ["an empty task, to be refused as such", ["", "x"], { kind: "texts", texts: ["", "x"] }],
    [
      "a command",
      ["cancel", "7", "--json"],
      { kind: "command", raw: { ids: ["7"] }, settings: { json: true } },
    ],
    [
      "a command of two words",
      ["limits", "set", "a", "b"],
      { kind: "command", raw: { id: "a", amount: "b" } },
    ],
    [
      "the program's options behind a command",
      ["status", "--state-dir", "/s", "--no-color"],
      { kind: "command", raw: {}, settings: { stateDir: "/s", color: false } },
    ],
    ["and before it", ["--no-color", "status"], { kind: "command", settings: { color: false } }],
    [
      "an option both have is the command's",
      ["spawn", "--agent", "codex"],
      { kind: "command", raw: { agent: "codex" }, settings: {} },
    ],
    [
      "a text keeps what follows its first word",
      ["add", "fix", "--json", "-p"],
      { kind: "command", raw: { text: ["fix", "--json", "-p"] }, settings: {} },
    ],
    ["a shorthand", ["add", "!high", "fix"], { kind: "command", raw: { text: ["fix"], priority: "high" } }],
    ["--help", ["--help"], { kind: "help", command: null }],
    ["help of a command", ["add", "--help"], { kind: "help", command: { name: "add" } }],
    ["--version anywhere in front", ["--no-color", "--version"], { kind: "version" }],
  ])("%s", (_what, words, expected) => {
    expect(readArguments(words, allCommands())).toMatchObject(expected);
    const read = readArguments(words, allCommands());
    if ("settings" in expected && "settings" in read) expect(read.settings).toEqual(expected.settings);
  });

  it.each([
    [["statsu"], "did you mean status?"],
    [["xyzzy"], "To run a task of one word: ctm -- xyzzy"],
    [["Task one", "--own"], "--own stands behind a task: options go before the tasks"],
    [["Task one", "--workers=9"], "--workers=9 stands behind a task"],
    [["fix", "the", "login"], 'ctm "Task 1" "Task 2"'],
    [["cancle", "7", "fix the login"], "did you mean cancel?"],
    [["--stat-dir", "/s"], "Did you mean --state-dir?"],
    [["--workers"], "argument missing"],
    [["limits", "sett", "a", "b"], "too many arguments"],
    [["show"], "missing required argument"],
  ])("refuses %j with a clear sentence", (words, expected) => {
    expect(faultOf(words)).toContain(expected);
  });

  it("gives no command a short flag that the program means otherwise", () => {
    const program = new Map(PROGRAM_OPTIONS.map((option) => [keyOf(option), option.flags]));
    for (const command of allCommands()) {
      for (const option of command.options) {
        const short = /^(-\w),/.exec(option.flags)?.[1];
        if (short === undefined) continue;
        const clash = [...program].find(
          ([key, flags]) => flags.startsWith(`${short},`) && key !== keyOf(option),
        );
        expect(clash, `${command.name} ${option.flags}`).toBeUndefined();
      }
    }
  });
});
