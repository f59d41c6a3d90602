import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseOpencodeMessages } from "../../src/metering/opencode-messages.ts";

const tokens = { input: 1020, output: 6, reasoning: 3, cache: { read: 202, write: 4 } };
const line = (change: object) =>
  JSON.stringify({
    type: "opencode-message",
    id: "msg_1",
    sessionID: "ses_1",
    data: { role: "assistant", modelID: "m", cost: 0.001, time: { created: 7 }, tokens },
    ...change,
  });

describe("messages that OpenCode's plugin wrote down", () => {
  it("count once each, however often one was written, with their own cost", () => {
    expect(parseOpencodeMessages([line({}), line({}), line({ id: "msg_2" })].join("\n"))).toMatchObject([
      {
        key: "msg_1",
        model: "m",
        sessionId: "ses_1",
        atMs: 7,
        statedNanoUsd: 1_000_000,
        usage: {
          inputTokens: 1020,
          outputTokens: 9,
          reasoningTokens: 3,
          cacheReadTokens: 202,
          cacheWrite5mTokens: 4,
        },
      },
      { key: "msg_2" },
    ]);
  });

  it("passes over what is none: turns, other lines, counters that cannot be, half a line", () => {
    const others = [
      '{"type":"opencode-turn","answer":"opencode-message"}',
      line({ id: 7 }),
      line({ data: null }),
      line({ data: { role: "user", tokens } }),
      line({ data: { role: "assistant", tokens: { ...tokens, input: -1 } } }),
      line({}).slice(0, 90),
    ];
    expect(parseOpencodeMessages(others.join("\n"))).toEqual([]);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(200), (data, cut) => {
        expect(Array.isArray(parseOpencodeMessages(`${line({ data })}\n${line({}).slice(cut)}`))).toBe(true);
      }),
    );
  });
});
