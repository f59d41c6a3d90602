import { describe, expect, test } from "vitest";
import { parseClaudeRecord, parseOwnClaudeRecord } from "../../src/metering/claude-record.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { costNanoUsd, priceTable, responseCostNanoUsd } from "../../src/metering/prices.ts";
import { addUsage, NO_USAGE, type UsageRecord } from "../../src/metering/usage.ts";
import { asTotals, expectedTotals, fixtureTexts, sumOf } from "./transcript-fixtures.ts";

/** An assistant line as Claude Code writes it; `null` in `changes` leaves a field out. */
function line(
  changes: Record<string, unknown> = {},
  message: Record<string, unknown> = {},
  usage: object = { input_tokens: 10, output_tokens: 70 },
): string {
  return JSON.stringify({
    type: "assistant",
    isSidechain: false,
    sessionId: "session-1",
    version: "2.1.330",
    uuid: "line-1",
    requestId: "req_1",
    timestamp: "2026-11-23T12:00:00.000Z",
    ...changes,
    message: { id: "msg_1", role: "assistant", model: "claude-sonnet-4-5", ...message, usage },
  });
}

const read = (...lines: string[]) => parseClaudeRecord(lines.join("\n"));
const outputs = (records: readonly UsageRecord[]) => records.map((record) => record.usage.outputTokens);

test("what a fork copied is no usage of its own", () => {
  const copy = line({ sessionId: "session-2", requestSessionId: "session-1" });
  const own = line({ sessionId: "session-2", requestSessionId: "session-2" }, { id: "msg_2" });
  const text = [copy, own, line({}, { id: "msg_3" })].join("\n");
  expect(parseOwnClaudeRecord(text).map(({ key }) => key)).toEqual(["msg_2/req_1", "msg_3/req_1"]);
  expect(parseClaudeRecord(text)).toHaveLength(3);
});

describe("transcripts of real sessions", () => {
  test.each([
    ["tool-turn", 2],
    ["subagent", 4],
    ["resume-fork-compact-clear", 9],
    ["interactive-clear-model", 2],
    ["usage-limit", 0],
  ])("%s: %d responses, counted as ccusage counts them", (name, count) => {
    const records = mergeRecords(fixtureTexts(`claude/${name}`).map(parseClaudeRecord));
    const { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens } = expectedTotals(
      `claude_${name}`,
    );
    expect(asTotals(sumOf(records))).toEqual({
      inputTokens,
      outputTokens,
      cacheCreationTokens,
      cacheReadTokens,
    });
    expect(records).toHaveLength(count);
  });

  test("tool-turn costs what the agent itself states", () => {
    const records = mergeRecords(fixtureTexts("claude/tool-turn").map(parseClaudeRecord));
    const sum = sumOf(records);
    expect([sum.cacheWrite5mTokens, sum.cacheWrite1hTokens]).toEqual([801, 1200]);
    expect(costNanoUsd(sum, records[0]?.model ?? "", priceTable("list"))).toBe(13_582_050);
  });

  test("resume-fork-compact-clear: the requests of a compaction stand in no line, and the next record says so", () => {
    const records = mergeRecords(fixtureTexts("claude/resume-fork-compact-clear").map(parseClaudeRecord));
    expect(costNanoUsd(sumOf(records), "claude-sonnet-4-5", priceTable("list"))).toBe(61_946_100);
    expect(records.filter((record) => record.flags.includes("compaction-unseen")).length).toBeGreaterThan(0);
    expect(records[0]).toMatchObject({ cliVersion: "2.1.330", atMs: expect.any(Number) });
  });

  test("handmade-rules: equal to ccusage's session report but for two differences, each meant", () => {
    const records = mergeRecords(fixtureTexts("claude/handmade-rules").map(parseClaudeRecord));
    const { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens } =
      expectedTotals("claude_handmade-rules");
    // A side conversation's replay of a message under a new request: ccusage's session report counts it twice.
    const replay = {
      ...NO_USAGE,
      inputTokens: 5,
      outputTokens: 100,
      cacheWrite5mTokens: 300,
      cacheReadTokens: 9_000,
    };
    // A line with "speed":null: ccusage drops it with its tokens; the tokens were used, and are counted.
    const nullSpeed = { ...NO_USAGE, inputTokens: 1_000_000, outputTokens: 1 };
    expect(asTotals(addUsage(sumOf(records), replay))).toEqual(
      asTotals(
        addUsage(nullSpeed, {
          ...NO_USAGE,
          inputTokens,
          outputTokens,
          cacheWrite5mTokens: cacheCreationTokens,
          cacheReadTokens,
        }),
      ),
    );
  });

  test("handmade-rules: costs by model are ccusage's, long prompts and fast responses included", () => {
    const records = mergeRecords(fixtureTexts("claude/handmade-rules").map(parseClaudeRecord));
    const costOf = (name: string) =>
      records
        .filter(({ model }) => model === name)
        .map(({ usage, atMs }) => responseCostNanoUsd(usage, name, priceTable("list"), atMs) ?? Number.NaN)
        .reduce((sum, cost) => sum + cost, 0);
    expect(costOf("claude-opus-4-5-20251101")).toBe(2_135_000);
    expect(costOf("claude-haiku-4-5-20251001")).toBe(1_220_000);
    expect(costOf("claude-sonnet-4-20250514")).toBe(915_000_000);
    expect(costOf("claude-opus-4-6-fast")).toBe(180_000_000);
  });

  test("a batched response and searches on the web are told from others", () => {
    const usage = { input_tokens: 1, output_tokens: 1, service_tier: "batch" };
    const [batched] = read(line({}, {}, usage));
    expect(batched?.model).toBe("claude-sonnet-4-5-batch");
    const searching = (count: unknown) =>
      read(line({}, {}, { input_tokens: 1, server_tool_use: { web_search_requests: count } }))[0]?.usage;
    expect(searching(2)?.webSearches).toBe(2);
    expect(searching("many")).toEqual({ ...NO_USAGE, inputTokens: 1 });
  });
});

describe("one response, one record", () => {
  test("a line for each block and a growing count: the maximum counts, whichever comes first", () => {
    const early = line({ uuid: "a" }, {}, { input_tokens: 10, output_tokens: 1 });
    const late = line({ uuid: "b" }, {}, { input_tokens: 10, output_tokens: 250 });
    expect(outputs(read(early, early, late))).toEqual([250]);
    expect(outputs(read(late, early))).toEqual([250]);
  });

  test.each([
    ["same message, other request, both main", [line(), line({ requestId: "req_2" })], 2],
    [
      "no request id, same session",
      [line({ requestId: undefined }), line({ requestId: undefined, uuid: "b" })],
      1,
    ],
    [
      "no request id, other session",
      [line({ requestId: null }), line({ requestId: null, sessionId: "s2" })],
      2,
    ],
    ["no message id, other line", [line({}, { id: undefined }), line({ uuid: "b" }, { id: undefined })], 2],
    ["no message id, same line", [line({}, { id: null }), line({}, { id: null })], 1],
    ["no id at all, same time", [line({ uuid: null }, { id: null }), line({ uuid: null }, { id: null })], 1],
    ["forked copy in another session", [line(), line({ sessionId: "fork" })], 1],
    ["side replay, same request", [line(), line({ isSidechain: true })], 1],
    ["side replay, new request", [line({ isSidechain: true, requestId: "req_2" }), line()], 1],
    [
      "side line with other counts",
      [line({ isSidechain: true, requestId: "req_2" }, {}, { input_tokens: 1, output_tokens: 1 }), line()],
      2,
    ],
    ["side line of its own", [line({ isSidechain: true })], 1],
  ])("%s", (_, lines, count) => {
    expect(read(...lines)).toHaveLength(count);
    expect(mergeRecords(lines.map((each) => parseClaudeRecord(each)))).toHaveLength(count);
  });

  test("a first line with one sum of cache writes and a later one with its split are not added up", () => {
    const whole = line({}, {}, { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 1000 });
    const split = line(
      {},
      {},
      {
        input_tokens: 1,
        output_tokens: 1,
        cache_creation_input_tokens: 1000,
        cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 600 },
      },
    );
    for (const lines of [
      [whole, split],
      [split, whole],
    ]) {
      expect(read(...lines)[0]?.usage).toMatchObject({ cacheWrite5mTokens: 400, cacheWrite1hTokens: 600 });
    }
  });
});

describe("cache writes", () => {
  test.each([
    ["split and total agree", 1000, 400, 600, [400, 600]],
    ["the total is missing", undefined, 400, 600, [400, 600]],
    ["the total is 0", 0, 400, 600, [400, 600]],
    ["they differ: the split is believed", 999, 10, 20, [10, 20]],
    ["the split is empty: the total is of five minutes", 999, 0, 0, [999, 0]],
    ["there is no split", 300, undefined, undefined, [300, 0]],
  ])("%s", (_, total, fiveMinutes, oneHour, expected) => {
    const split = { ephemeral_5m_input_tokens: fiveMinutes, ephemeral_1h_input_tokens: oneHour };
    const usage = {
      input_tokens: 1,
      output_tokens: 1,
      cache_creation_input_tokens: total,
      cache_creation: split,
    };
    const [record] = read(line({}, {}, usage));
    expect([record?.usage.cacheWrite5mTokens, record?.usage.cacheWrite1hTokens]).toEqual(expected);
  });
});

describe("what is flagged", () => {
  test.each([
    ["2.1.96", ["output-under-recorded"]],
    ["2.0.30", ["output-under-recorded"]],
    ["1.0.60", ["output-under-recorded"]],
    ["2.1.97", []],
    ["2.1.330", []],
    ["2.2.0", []],
    ["3.0.0", []],
    ["dev", []],
    [null, []],
  ])("version %s", (version, flags) => {
    expect(read(line({ version }))[0]?.flags).toEqual(flags);
  });

  test("a line that does not say its output", () => {
    expect(read(line({}, {}, { input_tokens: 9 }))[0]).toMatchObject({
      usage: { inputTokens: 9, outputTokens: 0 },
      flags: ["output-under-recorded"],
    });
  });

  test("the first record after a compaction, and only it", () => {
    const boundary = JSON.stringify({
      type: "system",
      subtype: "compact_boundary",
      compactMetadata: { trigger: "auto" },
    });
    const records = read(line(), boundary, line({ requestId: "r2" }), line({ requestId: "r3" }));
    expect(records.map((record) => record.flags)).toEqual([[], ["compaction-unseen"], []]);
  });
});

describe("what is passed over, and what is not", () => {
  test.each([
    ["an error the CLI put in itself", line({}, { model: "<synthetic>" })],
    ["a cut line", line().slice(0, -20)],
    ["NUL inside", line().replace("msg_1", "msg\u00001")],
    ["a negative count", line({}, {}, { input_tokens: -1, output_tokens: 1 })],
    ["a fraction", line({}, {}, { input_tokens: 1.5, output_tokens: 1 })],
    ["text for a count", line({}, {}, { input_tokens: "10", output_tokens: 1 })],
    ["an absurd count", line({}, {}, { input_tokens: 1e15, output_tokens: 1 })],
    [
      "usage of a tool result",
      JSON.stringify({ type: "user", toolUseResult: { usage: { input_tokens: 5, output_tokens: 5 } } }),
    ],
    ["usage that is a list", line({}, {}, [])],
    ["not an object", '["usage"]'],
    ["a bare text", '"usage"'],
    ["deep nesting", `{"usage":${"[".repeat(100_000)}`],
  ])("%s leaves the lines around it alone", (_, broken) => {
    expect(outputs(read(line({ requestId: "before" }), broken, line({ requestId: "after" })))).toEqual([
      70, 70,
    ]);
  });

  test.each([
    ["space after the colon", line().replaceAll('":', '" : ')],
    ["carriage return", `${line()}\r`],
    ["a byte order mark", `\uFEFF${line()}`],
    ["NULs before it, from a crash", `\0\0\0${line()}`],
    [
      "nulls in optional fields",
      line(
        { cwd: null, version: null, costUSD: null },
        {},
        {
          input_tokens: 10,
          output_tokens: 70,
          speed: null,
          cache_read_input_tokens: null,
          cache_creation: null,
        },
      ),
    ],
    [
      "a line of progress of older versions",
      JSON.stringify({
        type: "progress",
        sessionId: "session-1",
        data: { type: "agent_progress", message: JSON.parse(line()) },
      }),
    ],
  ])("%s: the line counts", (_, text) => {
    expect(outputs(read(text))).toEqual([70]);
  });

  test("a line of 50 MB is read", () => {
    const long = line({}, { content: [{ type: "text", text: "x".repeat(50_000_000) }] });
    expect(outputs(read(line({ requestId: "before" }), long))).toEqual([70, 70]);
  });

  test("a model that is not named stays unknown", () => {
    expect(read(line({}, { model: null }))[0]?.model).toBeNull();
  });
});
