import { describe, expect, test } from "vitest";
import { parseGeminiRecord } from "../../src/metering/gemini-record.ts";
import { fixtureTexts, sumOf } from "./transcript-fixtures.ts";

const HEAD = '{"sessionId":"s1","startTime":"2026-11-23T12:00:00.000Z","kind":"main"}';

function message(id: string, tokens: object, more: object = {}): string {
  const line = {
    id,
    timestamp: "2026-11-23T12:00:01.000Z",
    type: "gemini",
    model: "gemini-2.5-pro",
    tokens,
    ...more,
  };
  return JSON.stringify(line);
}

describe("a log of Gemini CLI", () => {
  test("what the CLI recorded is counted once a message, though each was written again", () => {
    const records = fixtureTexts("gemini").flatMap(parseGeminiRecord);
    expect(records).toHaveLength(4);
    expect(sumOf(records)).toMatchObject({
      inputTokens: 16_018,
      cacheReadTokens: 12_002,
      outputTokens: 402 + 202,
      reasoningTokens: 202,
    });
    expect(new Set(records.map(({ sessionId }) => sessionId)).size).toBe(2);
  });

  test("cached input stands apart, thoughts are output, what tools put in is input", () => {
    const tokens = { input: 100, output: 7, cached: 40, thoughts: 5, tool: 11, total: 123 };
    expect(parseGeminiRecord(`${HEAD}\n${message("m", tokens)}`)).toEqual([
      {
        key: "s1/m",
        model: "gemini-2.5-pro",
        usage: {
          inputTokens: 71,
          cacheReadTokens: 40,
          cacheWrite5mTokens: 0,
          cacheWrite1hTokens: 0,
          outputTokens: 12,
          reasoningTokens: 5,
        },
        atMs: Date.parse("2026-11-23T12:00:01.000Z"),
        sessionId: "s1",
        cliVersion: null,
        flags: [],
      },
    ]);
  });

  test("messages of an update and of an older document are counted; what was rewound was spent", () => {
    const first = message("a", { input: 10, output: 1 });
    const set = JSON.stringify({ $set: { messages: [JSON.parse(message("b", { input: 20, output: 2 }))] } });
    const log = [HEAD, first, set, '{"$rewindTo":"a"}', message("a", { input: 10, output: 3 })].join("\n");
    expect(sumOf(parseGeminiRecord(log))).toMatchObject({ inputTokens: 30, outputTokens: 5 });
    const document = JSON.stringify({ sessionId: "s1", messages: [JSON.parse(first)] }, null, 2);
    expect(parseGeminiRecord(document).map(({ key }) => key)).toEqual(["s1/a"]);
  });

  test.each([
    ["nothing", ""],
    ["half a line", `${HEAD}\n${message("m", { input: 1, output: 1 }).slice(0, 90)}`],
    ["counts that are none", `${HEAD}\n${message("m", { input: -1, output: "2" })}`],
    ["no counts", `${HEAD}\n${message("m", { total: 5 })}`],
    ["no id", `${HEAD}\n${message("", { input: 1, output: 1 })}`],
    ["a person's words", `${HEAD}\n{"id":"u","type":"user","content":[{"text":"\\"tokens\\""}]}`],
  ])("%s is no usage", (_, text) => {
    expect(parseGeminiRecord(text)).toEqual([]);
  });
});
