import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AgentRecord } from "../../src/agents/adapter.ts";
import {
  markRecord,
  readEndedTurn,
  readRecord,
  recordedFailure,
  recordHasEnd,
} from "../../src/workers/record-reader.ts";
import { recordOf } from "../support/engine-bench.ts";

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "ctm-record-"))));
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** Lines `use KEY TOKENS`, `end ANSWER` and `fail MESSAGE`. */
function recordIn(...paths: string[]): AgentRecord {
  const lines = (text: string, word: string): string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1));
  return {
    paths,
    parse: (text) =>
      lines(text, "use").map((line) => {
        const [key = "", tokens = "0"] = line.split(" ");
        return recordOf(key, Number(tokens));
      }),
    holdsAnswer: (text, answer) => lines(text, "end").some((line) => answer === null || line === answer),
    turnFailure: (text) => {
      const message = lines(text, "fail").at(-1);
      return message === undefined
        ? null
        : { kind: "turn-failed", failure: "overloaded", message, resetsAtMs: null };
    },
  };
}

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const keys = (records: readonly { key: string }[] | null | undefined): string[] | null =>
  records?.map(({ key }) => key) ?? null;

describe("reading a record", () => {
  it("tells nothing known from nothing used", () => {
    expect(readRecord(null, new Map())).toBeNull();
    expect(readRecord(recordIn(join(folder, "none.jsonl")), new Map())).toBeNull();
    expect(readRecord(recordIn(file("a.jsonl", "")), new Map())).toEqual([]);
  });

  it("reads what came after the mark, also of files that came later", () => {
    const path = file("a.jsonl", "use r1 10\n");
    const record = recordIn(folder);
    const marks = markRecord(record);
    appendFileSync(path, "use r2 20\n");
    mkdirSync(join(folder, "subagents"));
    file("subagents/b.jsonl", "use r3 30\n");
    file("subagents/notes.txt", "use r4 40\n");
    expect(keys(readRecord(record, marks))?.toSorted()).toEqual(["r2", "r3"]);
    expect(keys(readRecord(record, new Map()))?.toSorted()).toEqual(["r1", "r2", "r3"]);
  });

  it("reads a file from its start when it became shorter: it was replaced", () => {
    const path = file("a.jsonl", "use r1 10\n".repeat(50));
    const record = recordIn(path);
    const marks = markRecord(record);
    writeFileSync(path, "use r2 20\n");
    expect(keys(readRecord(record, marks))).toEqual(["r2"]);
  });

  it("follows no links below a folder", () => {
    const outside = mkdtempSync(join(tmpdir(), "ctm-outside-"));
    writeFileSync(join(outside, "secret.jsonl"), "use r9 90\n");
    symlinkSync(join(outside, "secret.jsonl"), join(folder, "link.jsonl"));
    symlinkSync(outside, join(folder, "links"));
    expect(readRecord(recordIn(folder), new Map())).toBeNull();
    rmSync(outside, { recursive: true });
  });

  it("holds the records of agents that the session started, wherever they lie, and no others", () => {
    for (const day of ["2026/11/24", "2026/11/25", "2026/12/01"])
      mkdirSync(join(folder, day), { recursive: true });
    const own = file("2026/11/25/own.jsonl", "by nobody\nuse r1 10\n");
    const started = file("2026/11/25/a-started.jsonl", "by s1\nuse r2 20\n");
    file("2026/12/01/later.jsonl", "by s1\nuse r3 30\n");
    file("2026/12/01/other.jsonl", "by s2\nuse r4 40\n");
    file("2026/11/24/before.jsonl", "by s1\nuse r5 50\n");
    const half = file("2026/12/01/half.jsonl", "by s");
    const record: AgentRecord = {
      ...recordIn(own),
      startedAgents: {
        root: folder,
        from: "2026/11/25/own.jsonl",
        sessionId: "s1",
        starterOf: (line) => /^by (\w+)$/.exec(line)?.[1] ?? null,
      },
    };
    expect(keys(readRecord(record, new Map()))).toEqual(["r1", "r2", "r3"]);
    const marks = markRecord(record);
    appendFileSync(started, "use r6 60\n");
    appendFileSync(half, "1\nuse r7 70\n");
    expect(keys(readRecord(record, marks))).toEqual(["r6", "r7"]);
  });

  it("counts a response once, whichever files it stands in", () => {
    file("a.jsonl", "use r1 10\nuse r1 40\n");
    file("b.jsonl", "use r1 30\n");
    const records = readRecord(recordIn(folder), new Map());
    expect(records?.map(({ usage }) => usage.inputTokens + usage.outputTokens)).toEqual([40]);
  });
});

describe("the end of a turn", () => {
  it("is waited for: the answer's line comes after the signal", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const path = file("a.jsonl", "use r1 10\nend earlier\n");
    const record = recordIn(path);
    const marks = markRecord(record);
    const reading = readEndedTurn(record, marks, "done");
    await vi.advanceTimersByTimeAsync(500);
    appendFileSync(path, "use r2 20\nend done\n");
    await vi.advanceTimersByTimeAsync(50);
    expect(await reading).toMatchObject({ complete: true, records: [{ key: "r2" }] });
  });

  it("that never comes leaves what is there, marked as incomplete", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const reading = readEndedTurn(recordIn(file("a.jsonl", "use r1 10\nend other\n")), new Map(), "done");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await reading).toMatchObject({ complete: false, records: [{ key: "r1" }] });
    expect(await readEndedTurn(null, new Map(), "done")).toBeNull();
    const nothing = readEndedTurn(recordIn(join(folder, "none.jsonl")), new Map(), null);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await nothing).toBeNull();
  });

  it("is any end, where the answer is not known", () => {
    const record = recordIn(file("a.jsonl", "end x\n"));
    expect([recordHasEnd(record, new Map()), recordHasEnd(record, markRecord(record))]).toEqual([
      true,
      false,
    ]);
    expect(recordHasEnd(null, new Map())).toBe(false);
  });
});

describe("a failure in the record's own words", () => {
  it("is read where it is, and given up after a while where it is not", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const path = file("a.jsonl", "fail before\n");
    const record = recordIn(path);
    const marks = markRecord(record);
    const none = recordedFailure(record, marks);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await none).toBeNull();
    appendFileSync(path, "fail the model is overloaded\n");
    expect(await recordedFailure(record, marks)).toMatchObject({ message: "the model is overloaded" });
    expect(await recordedFailure(null, marks)).toBeNull();
  });
});
