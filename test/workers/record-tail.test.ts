import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentRecord } from "../../src/agents/adapter.ts";
import { CLAUDE_RECORD, parseClaudeRecord } from "../../src/metering/claude-record.ts";
import { CODEX_PART, parseCodexRecord } from "../../src/metering/codex-record.ts";
import { codexWindows } from "../../src/metering/provider-limits.ts";
import { RecordTail } from "../../src/workers/record-tail.ts";
import { claudeLine } from "../support/claude-lines.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-tail-"));
  path = join(folder, "s.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function claude(...paths: string[]): AgentRecord {
  return {
    paths: paths.length === 0 ? [path] : paths,
    parse: parseClaudeRecord,
    holdsAnswer: () => true,
    turnFailure: () => null,
  };
}

function answer(id: string, output = 5): string {
  return `${claudeLine({ id, input: 1, output })}\n`;
}

/** Outputs of the responses, as they are known after reading on. */
function outputs(tail: RecordTail, record = claude()): readonly number[] | null {
  return tail.read(record, CLAUDE_RECORD)?.map(({ usage }) => usage.outputTokens) ?? null;
}

describe("a record that grows", () => {
  it("is read on from where it was read to, from the attempt's mark on", () => {
    writeFileSync(path, answer("before", 900));
    const tail = new RecordTail(new Map([[path, answer("before", 900).length]]));
    expect(outputs(tail)).toEqual([]);
    appendFileSync(path, answer("m1"));
    expect(outputs(tail)).toEqual([5]);
    appendFileSync(path, answer("m1", 70) + answer("m2"));
    expect(outputs(tail)).toEqual([70, 5]);
    expect(outputs(tail)).toEqual([70, 5]);
  });

  it("reads no byte of before again", () => {
    writeFileSync(path, answer("m1", 5));
    const tail = new RecordTail(new Map());
    expect(outputs(tail)).toEqual([5]);
    // Beyond the bytes by which a file is known, and of the same length: only a second reading would notice.
    const pad = `${JSON.stringify({ pad: "x".repeat(2_000) })}\n`;
    appendFileSync(path, pad + answer("m2", 6) + pad);
    expect(outputs(tail)).toEqual([5, 6]);
    const text = answer("m1", 5) + pad + answer("m2", 7) + pad;
    writeFileSync(path, text + answer("m3", 8));
    expect(outputs(tail)).toEqual([5, 6, 8]);
  });

  it("takes a line that was half written when it is whole", () => {
    const tail = new RecordTail(new Map());
    const line = answer("m1");
    writeFileSync(path, line.slice(0, 100));
    expect(outputs(tail)).toEqual([]);
    appendFileSync(path, line.slice(100));
    expect(outputs(tail)).toEqual([5]);
  });

  it("that is cut off, replaced or gone is read from its beginning, and counts nothing twice", () => {
    const tail = new RecordTail(new Map());
    expect(outputs(tail)).toBe(null);
    writeFileSync(path, answer("m1") + answer("m2"));
    expect(outputs(tail)).toEqual([5, 5]);
    truncateSync(path, answer("m1").length);
    expect(outputs(tail)).toEqual([5, 5]);
    appendFileSync(path, answer("m3", 30));
    expect(outputs(tail)).toEqual([5, 5, 30]);
    writeFileSync(join(folder, "new"), answer("m4", 40) + answer("m1", 9) + " ".repeat(5_000));
    renameSync(join(folder, "new"), path);
    expect(outputs(tail)).toEqual([9, 5, 30, 40]);
    rmSync(path);
    expect(outputs(tail)).toBe(null);
  });

  it("survives a line of 50 MB, NULs and what it does not know", () => {
    const tail = new RecordTail(new Map());
    writeFileSync(path, answer("m1"));
    expect(outputs(tail)).toEqual([5]);
    const block = Buffer.alloc(1_000_000, '"usage":{"input_tokens"');
    for (let n = 0; n < 50; n += 1) appendFileSync(path, block);
    appendFileSync(path, `\n\0\0\0${answer("m2")}{"type":"news of tomorrow","_tokens":[]}\n[1]\n"_tokens"\n`);
    expect(outputs(tail)).toEqual([5, 5]);
    appendFileSync(path, answer("m3"));
    expect(outputs(tail)).toEqual([5, 5, 5]);
  });

  it("takes up files that appear beside it, and leaves out what a subagent replays", () => {
    const beside = join(folder, "s", "subagents");
    const tail = new RecordTail(new Map());
    const record = claude(path, beside);
    writeFileSync(path, answer("m1"));
    expect(outputs(tail, record)).toEqual([5]);
    mkdirSync(beside, { recursive: true });
    const replay = answer("m1")
      .replace('"isSidechain":false', '"isSidechain":true')
      .replace("req_m1", "req_other");
    writeFileSync(join(beside, "agent-1.jsonl"), answer("m2", 20) + replay);
    expect(outputs(tail, record)).toEqual([5, 20]);
  });

  it("is the same however it was written, piece by piece", () => {
    const line = fc.oneof(
      fc
        .record({ id: fc.constantFrom("a", "b", "c"), output: fc.nat(90) })
        .map(({ id, output }) => answer(id, output)),
      fc.constantFrom("\0\n", "{\n", "é→\n", '{"type":"system","subtype":"compact_boundary"}\n'),
    );
    const cuts = fc.array(fc.nat(400), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), cuts, (lines, lengths) => {
        const bytes = Buffer.from(lines.join(""));
        const tail = new RecordTail(new Map());
        writeFileSync(path, "");
        let at = 0;
        for (const length of lengths) {
          appendFileSync(path, bytes.subarray(at, at + length));
          at = Math.min(bytes.length, at + length);
          tail.read(claude(), CLAUDE_RECORD);
        }
        appendFileSync(path, bytes.subarray(at));
        expect(tail.read(claude(), CLAUDE_RECORD)).toEqual(parseClaudeRecord(bytes.toString("utf8")));
      }),
      { numRuns: 60, seed: Number(process.env["CTM_TEST_SEED"] ?? 5) },
    );
  });
});

it("tells a provider's windows once, the newest word on each", () => {
  const record: AgentRecord = { ...claude(), parse: parseCodexRecord, windows: codexWindows };
  const told = (percent: number): string =>
    `${JSON.stringify({
      timestamp: "2026-02-13T10:00:00Z",
      type: "event_msg",
      payload: {
        type: "token_count",
        info: null,
        rate_limits: { primary: { used_percent: percent, window_minutes: 300 } },
      },
    })}\n`;
  const tail = new RecordTail(new Map());
  writeFileSync(path, told(10) + told(20));
  tail.read(record, CODEX_PART);
  expect(tail.takeWindows()).toMatchObject([{ window: "five_hour", usedPermille: 200 }]);
  tail.read(record, CODEX_PART);
  expect(tail.takeWindows()).toEqual([]);
  appendFileSync(path, told(35));
  tail.read(record, CODEX_PART);
  expect(tail.takeWindows()).toMatchObject([{ usedPermille: 350 }]);
});
