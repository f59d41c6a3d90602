import { describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { recordedEntry } from "../../src/ledger/usage-entry.ts";
import { parseClaudeRecord } from "../../src/metering/claude-record.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { priceTable } from "../../src/metering/prices.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";

/** A transcript's line of one response, of which so much was there when it was written. */
function line(id: string, outputTokens: number, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    type: "assistant",
    sessionId: "s1",
    version: "2.1.330",
    uuid: `${id}-${outputTokens}`,
    requestId: `req-${id}`,
    timestamp: "2026-11-23T12:00:00.000Z",
    ...more,
    message: {
      id: `msg-${id}`,
      role: "assistant",
      model: "claude-sonnet-4-5",
      usage: { input_tokens: 100, output_tokens: outputTokens },
    },
  });
}

const transcript = (...lines: string[]): string => `${lines.join("\n")}\n`;
const many = Array.from({ length: 14 }, () => line("many", 50));

/** Name, the files in the order they are read, and what the responses in them really used. */
const pathologies: readonly [string, readonly string[], number][] = [
  ["the same message fourteen times", [transcript(...many)], 150],
  ["partial, then final", [transcript(line("a", 1), line("a", 40), line("a", 250))], 350],
  ["final, then a partial copy", [transcript(line("a", 250), line("a", 1))], 350],
  [
    "a resumed copy in a second file",
    [transcript(line("a", 50), line("b", 60)), transcript(line("a", 50), line("b", 60), line("c", 70))],
    150 + 160 + 170,
  ],
  [
    "no request id",
    [transcript(line("a", 50, { requestId: undefined }), line("a", 80, { requestId: undefined }))],
    180,
  ],
  ["a last line that is cut off", [transcript(line("a", 50)) + line("b", 60).slice(0, -40)], 150],
  [
    "a last line that was cut off, then whole",
    [line("a", 50).slice(0, 90), transcript(line("a", 50), line("b", 60))],
    310,
  ],
  ["NUL bytes between and before lines", [transcript(`\0\0${line("a", 50)}`, "\0", line("b", 60))], 310],
  [
    "a line of 50 MB in between",
    [transcript(line("a", 50), `{"usage":"${"x".repeat(50_000_000)}"}`, line("b", 60))],
    310,
  ],
];

describe("F24 what a transcript can be like", () => {
  it.each(pathologies)("F24 %s: each response counts once, at its largest", (_, files, used) => {
    const records = mergeRecords(files.map((text) => parseClaudeRecord(text)));
    expect(total(records)).toBe(used);
    // A manager that reads file by file, and all of them again, books the same.
    const ledger = Ledger.open(":memory:");
    const owner = { attemptId: "a1", taskId: 1, worker: "w1", agent: "claude", model: "sonnet", type: null };
    const rules = { prices: priceTable("list"), countCacheReads: false };
    for (const text of [...files, ...files]) {
      const entries = parseClaudeRecord(text).map((each) => recordedEntry(each, owner, "actual", rules, 1));
      ledger.bookUsage(entries);
    }
    expect(ledger.spend.ofAttempt("a1").tokens).toBe(used);
    ledger.close();
  });

  it("negative control: counting every line gives other sums", () => {
    const counted = (files: readonly string[]): number =>
      files.flatMap((text) => text.split("\n").flatMap((each) => parseClaudeRecord(each))).reduce(tokens, 0);
    const wrong = pathologies.filter(([, files, used]) => counted(files) !== used).map(([name]) => name);
    expect(wrong).toEqual(
      expect.arrayContaining([
        "the same message fourteen times",
        "partial, then final",
        "a resumed copy in a second file",
        "no request id",
      ]),
    );
  });
});

function tokens(sum: number, { usage }: UsageRecord): number {
  return sum + usage.inputTokens + usage.outputTokens;
}

function total(records: readonly UsageRecord[]): number {
  return records.reduce(tokens, 0);
}
