import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readOtlpLogs } from "../../src/metering/otlp-logs.ts";
import { toldResponses, type TellingAgent } from "../../src/metering/otlp-usage.ts";
import { claudeRequest, geminiResponse, logsOf } from "../support/telemetry.ts";

type Attributes = Readonly<Record<string, string | number | boolean>>;

function told(agent: TellingAgent, records: readonly Attributes[], from: TellingAgent = agent) {
  const reading = readOtlpLogs(logsOf(from, records));
  if (reading.kind !== "read") throw new Error(reading.why);
  return toldResponses(agent, reading.events);
}

describe("what Claude Code tells of a response", () => {
  it("is read with its counters, its cost and what it was for", () => {
    const { responses, rejected } = told("claude", [
      { "event.name": "user_prompt" },
      claudeRequest(),
      { "event.name": "api_error", input_tokens: 9, output_tokens: 9 },
    ]);
    expect(rejected).toBe(0);
    expect(responses).toEqual([
      {
        key: expect.any(String),
        sessionId: "fae2ef6b-b6f8-4423-9273-7a863d7f235a",
        model: "claude-opus-5-5",
        source: "repl_main_thread",
        atMs: 1_795_661_081_748,
        usage: {
          inputTokens: 1_020,
          cacheReadTokens: 202,
          cacheWrite5mTokens: 30,
          cacheWrite1hTokens: 2,
          outputTokens: 12,
          reasoningTokens: 0,
        },
        costNanoUsd: 4_520_400,
      },
    ]);
  });

  it("an earlier version does not split cache writes, nor tell everything", () => {
    const { responses } = told("claude", [
      { "event.name": "api_request", input_tokens: 1, output_tokens: 2, cache_creation_tokens: 5 },
    ]);
    expect(responses[0]?.usage).toMatchObject({
      cacheWrite5mTokens: 5,
      cacheWrite1hTokens: 0,
      cacheReadTokens: 0,
    });
    expect(responses[0]).toMatchObject({ sessionId: null, source: null, costNanoUsd: null });
  });

  it.each<[string, Attributes]>([
    ["a count below zero", { input_tokens: -1 }],
    ["a fraction", { output_tokens: 1.5 }],
    ["a text", { cache_read_tokens: "many" }],
    ["more than anybody can use", { cache_creation_tokens: 20_000_000_000 }],
  ])("is rejected with %s", (_name, change) => {
    expect(told("claude", [claudeRequest(change), claudeRequest()])).toMatchObject({
      rejected: 1,
      responses: [{ usage: { inputTokens: 1_020 } }],
    });
  });

  it("words that are none are not told on, and a cost that cannot be is no cost", () => {
    const change = { query_source: "x\u001b[2J", cost_usd: 5_000, model: "m".repeat(300) };
    expect(told("claude", [claudeRequest(change)]).responses).toMatchObject([
      { source: null, costNanoUsd: null, model: null },
    ]);
  });

  it("told again it has the same key, and two of one moment have two", () => {
    const records = [claudeRequest(), claudeRequest(), claudeRequest({ "event.sequence": 7 })];
    const [first, second] = [told("claude", records), told("claude", records)];
    expect(second).toEqual(first);
    expect(new Set(first.responses.map(({ key }) => key)).size).toBe(3);
  });

  it("is not taken from another program's records", () => {
    expect(told("claude", [claudeRequest()], "gemini").responses).toEqual([]);
    expect(told("gemini", [geminiResponse()], "claude").responses).toEqual([]);
  });
});

describe("what Gemini CLI tells of a response", () => {
  it("is read as its chat log is: cached tokens out of the input, thoughts into the output", () => {
    expect(told("gemini", [geminiResponse({ tool_token_count: 4 })]).responses).toMatchObject([
      {
        source: "main",
        costNanoUsd: null,
        usage: { inputTokens: 1_014, cacheReadTokens: 201, outputTokens: 15, reasoningTokens: 3 },
      },
    ]);
  });

  it("is rejected without its counters", () => {
    expect(told("gemini", [{ "event.name": "gemini_cli.api_response" }])).toEqual({
      responses: [],
      rejected: 1,
    });
  });
});

describe("whatever is told", () => {
  it("gives whole counts of tokens or nothing", () => {
    const value = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean());
    const changes = fc.dictionary(fc.constantFrom(...Object.keys(claudeRequest()), "__proto__", "x"), value);
    fc.assert(
      fc.property(changes, (change) => {
        const { responses, rejected } = told("claude", [{ ...claudeRequest(), ...change }]);
        expect(responses.length + rejected).toBeLessThanOrEqual(1);
        for (const { usage } of responses)
          expect(Object.values(usage).every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0)).toBe(
            true,
          );
      }),
    );
  });
});
