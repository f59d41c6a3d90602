import { expect, test } from "vitest";
import { contextSize } from "../../src/metering/context-size.ts";
import { NO_USAGE, type UsageRecord } from "../../src/metering/usage.ts";

const request = (key: string, inputTokens: number, change: Partial<UsageRecord> = {}): UsageRecord => ({
  ...{ key, model: "m", usage: { ...NO_USAGE, inputTokens }, atMs: null, cliVersion: null, flags: [] },
  sessionId: "s1",
  ...change,
});

test("a conversation holds what its latest request was sent with: input, cache reads and both cache writes", () => {
  const usage = {
    ...{ inputTokens: 1, cacheReadTokens: 20, cacheWrite5mTokens: 300, cacheWrite1hTokens: 4_000 },
    ...{ outputTokens: 50_000, reasoningTokens: 600_000 },
  };
  expect(contextSize([request("a", 9), request("b", 0, { usage })], "s1")).toEqual({
    tokens: 4_321,
    key: "b",
  });
});

test.each<[string, UsageRecord[], string | null, number | null]>([
  ["nothing", [], "s1", null],
  ["less than before, after a compaction", [request("a", 33_000), request("b", 5_000)], "s1", 5_000],
  ["another session's", [request("a", 7), request("b", 9, { sessionId: "s2" })], "s1", 7],
  ["only another session's", [request("b", 9, { sessionId: "s2" })], "s1", null],
  ["of a session nobody names", [request("a", 7, { sessionId: null })], "s1", 7],
  ["of a worker whose session is not known", [request("a", 7)], null, 7],
  ["a conversation beside it", [request("a", 7), request("b", 9, { mayRepeat: "m1" })], "s1", 7],
  [
    "what is stated of the whole session",
    [request("a", 7), request("b", 9, { flags: ["beyond-record"] })],
    "s1",
    7,
  ],
])("%s", (_, records, session, tokens) => {
  expect(contextSize(records, session)?.tokens ?? null).toBe(tokens);
});
