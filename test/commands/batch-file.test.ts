import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { parseBatch } from "../../src/commands/batch-file.ts";
import type { Caller } from "../../src/commands/command.ts";

const caller: Caller = {
  cwd: process.cwd(),
  origin: "batch",
  readText: () => Promise.resolve(""),
  config: () => Promise.reject(new Error("a batch file needs no configuration")),
};

function faultsOf(text: string): string {
  try {
    parseBatch(text, {}, caller);
  } catch (error) {
    if (error instanceof CtmError && error.code === "usage")
      return [error.message, ...error.details].join("\n");
    throw error;
  }
  return "no fault";
}

describe("a file of tasks", () => {
  it("holds one task a line, blank lines aside", () => {
    const drafts = parseBatch(
      "\uFEFFFirst task\r\n\r\n  Second task  \nThird {task}\n\t\u3000wide\u00a0\n",
      {},
      caller,
    );
    expect(drafts.map(({ text }) => text)).toEqual([
      "First task",
      "Second task",
      "Third {task}",
      "\u3000wide\u00a0",
    ]);
    expect(drafts[0]).toMatchObject({
      cwd: process.cwd(),
      origin: "batch",
      priority: null,
      retryLost: false,
    });
  });

  it("holds JSON Lines with all fields when it begins with a brace", () => {
    const line = {
      text: "a\nb",
      priority: "high",
      type: "ui",
      model: "opus",
      agent: "shell",
      worker: "w2",
      cwd: "/",
      as: "react-expert",
      key: "k",
      hold: "later",
      retryLost: true,
      cap: "$1.50",
    };
    const [draft] = parseBatch(`\n${JSON.stringify(line)}\n`, {}, caller);
    expect(draft).toEqual({
      ...line,
      worker: "concurrent_worker2",
      cap: { tokens: null, nanoUsd: 1_500_000_000 },
      origin: "batch",
    });
  });

  it("lays its defaults under every line", () => {
    const drafts = parseBatch('{"text":"a"}\n{"text":"b","priority":"low"}', { priority: "high" }, caller);
    expect(drafts.map(({ priority }) => priority)).toEqual(["high", "low"]);
  });

  it("tells every fault with its line", () => {
    const text =
      '{"text":"a"}\nplain\n{"text":""}\n{"text":"c","priorty":"high"}\n[1]\n{"text":"d","priority":"urgent"}';
    const faults = faultsOf(text);
    expect(faults).toContain("nothing was queued: 5 lines are not right");
    expect(faults).toContain("line 2: not valid JSON");
    expect(faults).toContain("line 3: the task has no text");
    expect(faults).toContain('line 4: no field is named "priorty"; did you mean priority?');
    expect(faults).toContain("line 5: not a JSON object");
    expect(faults).toContain('line 6: "urgent" is no priority');
  });

  it("bounds the faults it lists", () => {
    const faults = faultsOf(`{"text":"a"}\n${"x\n".repeat(200)}`);
    expect(faults).toContain("200 lines are not right");
    expect(faults).toContain("and 150 more");
    expect(faults.split("\n").length).toBeLessThan(60);
  });

  it.each([
    ["", "the batch holds no task"],
    ["\n \n", "the batch holds no task"],
    ['{"text":"x","__proto__":{"a":1}}', "no field is named"],
    [`{"text":"${"x".repeat(1024 * 1024 + 1)}"}`, "1048576 at most"],
    [`{"text":"x","cwd":"/nowhere/at/all"}`, "is not a folder that exists"],
    [`{"text":"x","retryLost":"yes"}`, "line 1"],
    [`{"text":5}`, "the task has no text"],
    ["x".repeat(5 * 1024 * 1024), "longer than"],
  ])("refuses a bad one (%#)", (text, expected) => {
    expect(faultsOf(text)).toContain(expected);
  });

  it("takes 100,000 lines", () => {
    expect(parseBatch("Do something\n".repeat(100_000), {}, caller)).toHaveLength(100_000);
  });
});
