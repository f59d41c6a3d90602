import { describe, expect, test } from "vitest";
import { opencodeFileRecord, opencodeRecord } from "../../src/metering/opencode-record.ts";

const TOKENS = { total: 4181, input: 2599, output: 50, reasoning: 31, cache: { write: 7, read: 1501 } };
const DATA = {
  role: "assistant",
  cost: 0.0029111,
  tokens: TOKENS,
  modelID: "m1",
  time: { created: 1_795_438_275_903 },
};

function recordOf(data: object) {
  return opencodeRecord({
    id: "msg_1",
    sessionId: "ses_1",
    cliVersion: "1.18.34",
    data: JSON.stringify(data),
  });
}

describe("a message of OpenCode", () => {
  test("holds input without what was cached, output with its reasoning, and the cost it states", () => {
    expect(recordOf(DATA)).toEqual({
      key: "msg_1",
      model: "m1",
      usage: {
        inputTokens: 2599,
        cacheReadTokens: 1501,
        cacheWrite5mTokens: 7,
        cacheWrite1hTokens: 0,
        outputTokens: 81,
        reasoningTokens: 31,
      },
      atMs: 1_795_438_275_903,
      sessionId: "ses_1",
      cliVersion: "1.18.34",
      flags: [],
      statedNanoUsd: 2_911_100,
    });
  });

  test("a cost of nothing is no price", () => {
    expect(recordOf({ ...DATA, cost: 0 })).not.toHaveProperty("statedNanoUsd");
  });

  test("the file of an older version says the same", () => {
    const text = JSON.stringify({ id: "msg_1", sessionID: "ses_1", ...DATA });
    expect(opencodeFileRecord(text)).toEqual({ ...recordOf(DATA), cliVersion: null });
    expect(opencodeFileRecord(text.slice(0, -5))).toBeNull();
  });

  test.each([
    ["a person's", { ...DATA, role: "user" }],
    [
      "one under way",
      { ...DATA, tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } } },
    ],
    ["one without counts", { ...DATA, tokens: null }],
    ["one with counts that are none", { ...DATA, tokens: { ...TOKENS, input: 1.5 } }],
  ])("%s is no usage", (_, data) => {
    expect(recordOf(data)).toBeNull();
  });
});
