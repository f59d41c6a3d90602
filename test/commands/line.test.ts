import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import type { RawInput } from "../../src/commands/command.ts";
import { allCommands, findCommand } from "../../src/commands/index.ts";
import { splitLine } from "../../src/commands/line.ts";
import { parseWords } from "../../src/commands/parse.ts";

/** What a line typed at the prompt comes to, checked as `add` and the others check it. */
function read(line: string): { name: string; input: RawInput } {
  const { command, words } = splitLine(line);
  const raw = parseWords(command, words).raw;
  const filled = command.name === "add" ? { cwd: "/work", origin: "repl", ...raw } : raw;
  return { name: command.name, input: command.check(filled) };
}

function faultOf(line: string): string {
  try {
    read(line);
  } catch (error) {
    if (error instanceof CtmError && error.code === "usage")
      return [error.message, ...error.details].join("\n");
    throw error;
  }
  return "no fault";
}

describe("a line at the prompt", () => {
  it.each([
    ["S2-33", "add Create a user authentication system", { text: "Create a user authentication system" }],
    ["quotes stay", `add don't say "hi"`, { text: `don't say "hi"` }],
    ["blanks inside stay", "add a  b\tc ", { text: "a  b\tc " }],
    ["a flag before", "add -p high x", { text: "x", priority: "high" }],
    ["what looks like a flag later", "add x -p high --json", { text: "x -p high --json" }],
    ["a dash first", "add -- -la of it", { text: "-la of it" }],
    ["a lone dash", "add - buy milk", { text: "- buy milk" }],
    ["a quoted value", `add --hold "two words" x`, { text: "x", hold: "two words" }],
    ["an equals sign", "add --priority=critical x", { text: "x", priority: "critical" }],
    ["C-26", "add !high x", { text: "x", priority: "high" }],
    ["C-26 at the head", "!critical x", { text: "x", priority: "critical" }],
    ["no level, no shorthand", "add !urgent x", { text: "!urgent x" }],
    ["several lines", "add a\nb\n c", { text: "a\nb\n c" }],
    ["right to left", "add עברית ‏و", { text: "עברית ‏و" }],
    [
      "flags of all kinds",
      "add --type ui --model opus --agent shell --worker w2 --key k --retry-lost x",
      {
        text: "x",
        type: "ui",
        model: "opus",
        agent: "shell",
        worker: "concurrent_worker2",
        key: "k",
        retryLost: true,
      },
    ],
  ])("add: %s", (_what, line, expected) => {
    const { name, input } = read(line);
    expect(name).toBe("add");
    expect(input).toMatchObject(expected);
  });

  it.each([
    [
      "tasks --state queued,running --type ui login page",
      "tasks",
      { state: ["queued", "running"], type: "ui", words: "login page" },
    ],
    ["ls", "tasks", { state: null, limit: 50, words: null }],
    ["show #7", "show", { id: 7 }],
    ["cancel 1 #2 3", "cancel", { ids: [1, 2, 3] }],
    ["priority 7 HIGH", "priority", { id: 7, level: "high" }],
    ["edit 7 it's new", "edit", { id: 7, text: "it's new" }],
    ["hold 7", "hold", { id: 7, reason: "held by hand" }],
    ["hold 7 waits for Bob's word", "hold", { id: 7, reason: "waits for Bob's word" }],
    ["pause", "pause", { reason: "paused by hand" }],
    ["clear --all", "clear", { all: true, failed: false }],
    ["status -w", "status", { watch: true }],
    ["why 7", "why", { what: 7 }],
    ["why w2", "why", { what: "concurrent_worker2" }],
    ["route --type ui Make it blue", "route", { type: "ui", text: "Make it blue" }],
    ["spawn --agent codex --n 2", "spawn", { agent: "codex", n: 2, model: null }],
    ["output worker1 -n 5 --follow", "output", { worker: "concurrent_worker1", lines: 5, follow: true }],
    ["kill w1 concurrent_worker2", "kill", { workers: ["concurrent_worker1", "concurrent_worker2"] }],
    ["send w1 it's fine", "send", { worker: "concurrent_worker1", text: "it's fine" }],
    ["answer w1 1", "answer", { worker: "concurrent_worker1", text: "1" }],
    ["adopt mine --socket /tmp/s", "adopt", { session: "mine", socket: "/tmp/s" }],
    ["limits", "limits", {}],
    ["limits set cost/hour none", "limits set", { id: "cost/hour", amount: "none" }],
    [
      `limits set "worker w2 tokens/hour" 50K`,
      "limits set",
      { id: "worker concurrent_worker2 tokens/hour", amount: "50K" },
    ],
    [
      `limits raise cost/hour 10 --until 18:00 --reason "release day"`,
      "limits raise",
      { until: "18:00", reason: "release day" },
    ],
    ["auto", "auto", {}],
    ["auto off", "auto", { mode: "off" }],
    ["quit --kill", "exit", { kill: true }],
  ])("%s", (line, name, expected) => {
    const result = read(line);
    expect(result.name).toBe(name);
    expect(result.input).toMatchObject(expected);
  });

  it.each([
    ["statsu", "did you mean status?"],
    ["xyzzy", "`help` lists them all"],
    ["add", "the task has no text"],
    ["add    ", "the task has no text"],
    ["add -p", "argument missing"],
    ["add -p hihg x", "did you mean high?"],
    ["add --type code x", "(ui, coding, documentation, analysis)"],
    ["add --agent Claude! x", "is no agent's name (claude, codex"],
    ["add --priorty high x", "Did you mean --priority?"],
    ["add -x y", "unknown option '-x'"],
    ["add --worker ../x y", "no worker's name"],
    [`add ${"x".repeat(1024 * 1024 + 1)}`, "1048576 at most"],
    ["show", "missing required argument"],
    ["show seven", `"seven" is no task number`],
    ["show 0", "is no task number"],
    ["show 1 2", "too many arguments"],
    ["show 99999999999999999999", "is no task number"],
    ["cancel", "missing required argument"],
    ["tasks --limit -5", "--limit is a whole number from 1 to 100000"],
    ["tasks --limit NaN", "--limit is a whole number"],
    ["tasks --state done", "(queued, reserved"],
    [`tasks "open`, "is opened and never closed"],
    ["spawn --n 0", "--n is a whole number from 1 to 100"],
    ["spawn --n 1e9", "--n is a whole number"],
    ["output w1 --lines Infinity", "--lines is a whole number"],
    ["auto maybe", `"maybe" is no mode of auto`],
    ["limits set", "missing required argument"],
    ["limits raise cost/hour 10", "until is missing"],
    ["adopt x --socket relative", "no absolute path"],
    [`hold 7 ${"x".repeat(300)}`, "longer than 200 characters"],
    ["hold 7 a\u0007b", "control characters"],
    ["help nosuch", "no fault"],
  ])("%s is answered by a clear sentence", (line, expected) => {
    expect(faultOf(line)).toContain(expected);
  });

  it("keeps any text byte for byte, or refuses it", () => {
    const beginning = fc.constantFrom("", "'", '"', "\\", " --json", "; ", "`", "\n- ", "\t");
    fc.assert(
      fc.property(beginning, fc.string({ unit: "grapheme" }), (begin, end) => {
        const text = `x${begin}${end}`;
        expect(read(`add -- ${text}`).input["text"]).toBe(text);
      }),
    );
    expect(faultOf("add x\u001b[201~y")).toContain("U+001B at character 2");
  });

  it("never throws anything but a usage error, whatever is typed", () => {
    const name = fc.constantFrom(...allCommands().map((command) => command.name), "", "!high", "nosuch");
    fc.assert(
      fc.property(name, fc.string({ unit: "binary" }), (first, rest) => {
        const line = `${first} ${rest}`;
        if (line.trim() === "") return;
        expect(() => faultOf(line)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  it("shows no control character of a hostile word in its answer", () => {
    for (const line of [
      "\u001b]0;x\u0007",
      "show \u001b[2J",
      "add -p \u001b[201~ x",
      "\u202egnp",
      "add --\u001b[2J x",
    ]) {
      expect(faultOf(line).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});

describe("every command", () => {
  it.each(allCommands().flatMap((command) => command.examples.map((example) => [example, command.name])))(
    "example: %s",
    (example, name) => {
      const { command, words } = splitLine(example);
      expect(command.name).toBe(name);
      expect(() => parseWords(command, words)).not.toThrow();
    },
  );

  it("takes its own checked input again, so that both sides of a socket may check it", () => {
    const lines = [
      "tasks --state queued a",
      "why w1",
      "limits set a none",
      "spawn --n 2",
      "clear",
      "status -w",
      "tasks",
      "output w1",
      "auto",
    ];
    for (const line of lines) {
      const { name, input } = read(line);
      const again = findCommand(name)?.check(JSON.parse(JSON.stringify(input)) as RawInput);
      expect(again).toEqual(input);
    }
  });

  it("refuses keys it does not know, as a hostile caller may send them", () => {
    for (const command of allCommands()) {
      expect(
        () => command.check({ surprise: 1, text: "x", id: 1, ids: [1], worker: "w1" }),
        command.name,
      ).toThrow(CtmError);
    }
  });
});
