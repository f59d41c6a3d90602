import { expect, test } from "vitest";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { NO_USAGE, type UsageRecord } from "../../src/metering/usage.ts";

function record(key: string, outputTokens: number, more: Partial<UsageRecord> = {}): UsageRecord {
  return {
    key,
    model: "m",
    usage: { ...NO_USAGE, outputTokens },
    atMs: 5,
    sessionId: "s",
    cliVersion: "1.0.0",
    flags: [],
    ...more,
  };
}

test("no lists, no records", () => {
  expect(mergeRecords([])).toEqual([]);
  expect(mergeRecords([[], []])).toEqual([]);
});

test("the maximum of each counter, the earliest time, what is told before null, all flags", () => {
  const a = record("k", 5, {
    usage: { ...NO_USAGE, inputTokens: 9, outputTokens: 5 },
    model: null,
    atMs: 7,
    flags: ["compaction-unseen"],
  });
  const b = record("k", 8, { atMs: 3, sessionId: null, flags: ["output-under-recorded"] });
  const merged = record("k", 8, {
    usage: { ...NO_USAGE, inputTokens: 9, outputTokens: 8 },
    atMs: 3,
    flags: ["compaction-unseen", "output-under-recorded"],
  });
  expect(mergeRecords([[a], [b]])).toEqual([merged]);
  expect(mergeRecords([[b], [a]])).toEqual([merged]);
});

test("a replay is left out only beside its original with equal counts, wherever that stands", () => {
  const main = record("msg/r1", 5);
  const replay = record("msg/r2", 5, { mayRepeat: "msg" });
  expect(mergeRecords([[replay], [main]])).toEqual([main]);
  expect(mergeRecords([[replay]])).toEqual([replay]);
  expect(mergeRecords([[record("msg/r2", 6, { mayRepeat: "msg" })], [main]])).toHaveLength(2);
  expect(mergeRecords([[record("other/r2", 5, { mayRepeat: "other" })], [main]])).toHaveLength(2);
});

test("seen from both sides, it belongs to the main conversation", () => {
  const [merged] = mergeRecords([[record("msg/r1", 5, { mayRepeat: "msg" }), record("msg/r1", 5)]]);
  expect(merged).toEqual(record("msg/r1", 5));
});
