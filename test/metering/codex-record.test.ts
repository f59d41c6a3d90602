import { describe, expect, test } from "vitest";
import { codexStarter, parseCodexRecord } from "../../src/metering/codex-record.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { costNanoUsd, priceTable } from "../../src/metering/prices.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";
import { asTotals, expectedTotals, fixtureTexts, sumOf } from "./transcript-fixtures.ts";

const line = (type: string, payload: object, timestamp = "2026-11-23T12:00:00.000Z") =>
  JSON.stringify({ timestamp, type, payload });
const meta = (id: string, more: object = {}) => line("session_meta", { id, cli_version: "0.100.0", ...more });
const turn = (turn_id: string | undefined, model = "gpt-5.1-codex") =>
  line("turn_context", { turn_id, model });
const answer = line("response_item", { type: "message", role: "assistant" });
const usage = (input: number, output: number, cached = 0) => ({
  input_tokens: input,
  cached_input_tokens: cached,
  output_tokens: output,
  reasoning_output_tokens: 0,
  total_tokens: input + output,
});
const count = (total: object | null, last?: object, timestamp?: string) =>
  line(
    "event_msg",
    { type: "token_count", info: total && { total_token_usage: total, last_token_usage: last } },
    timestamp,
  );
const item = (response_id: string, turn_id: string, counted: object) =>
  line("token_usage_record", { thread_id: "t1", turn_id, response_id, usage: counted });

const read = (...lines: string[]) => parseCodexRecord(lines.join("\n"));
const outputs = (records: readonly UsageRecord[]) => records.map((record) => record.usage.outputTokens);

describe("rollouts of real sessions", () => {
  const texts = fixtureTexts("codex/resume-fork");

  test("resume and fork are counted as ccusage counts them, to the token and the nano-dollar", () => {
    const records = mergeRecords(texts.map(parseCodexRecord));
    const { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens, reasoningOutputTokens } =
      expectedTotals("codex_resume-fork");
    expect(asTotals(sumOf(records))).toEqual({
      inputTokens,
      outputTokens,
      cacheCreationTokens,
      cacheReadTokens,
    });
    expect(sumOf(records).reasoningTokens).toBe(reasoningOutputTokens);
    expect(records.every((record) => record.model === "gpt-5.1-codex")).toBe(true);
    expect(costNanoUsd(sumOf(records), "gpt-5.1-codex", priceTable("list"))).toBe(29_621_250);
  });

  test("so they are without the newer lines, from the running totals alone", () => {
    const older = texts.map((text) =>
      text
        .split("\n")
        .filter((each) => !each.includes('"token_usage_record"'))
        .join("\n"),
    );
    expect(sumOf(mergeRecords(older.map(parseCodexRecord)))).toEqual(
      sumOf(mergeRecords(texts.map(parseCodexRecord))),
    );
  });

  test("a limit that was hit at once used nothing", () => {
    expect(fixtureTexts("codex/usage-limit").flatMap(parseCodexRecord)).toEqual([]);
  });

  test("what a turn appended is counted alone when only that end of the file is read", () => {
    const [text = ""] = texts;
    const second = text.slice(text.indexOf('{"timestamp":"2026-11-23T12:47:26.396Z"'));
    expect(parseCodexRecord(second)).toMatchObject([
      {
        model: "gpt-5.1-codex",
        usage: { inputTokens: 2000, cacheReadTokens: 3000, outputTokens: 200, reasoningTokens: 64 },
      },
    ]);
    const olderSecond = second
      .split("\n")
      .filter((each) => !each.includes('"token_usage_record"'))
      .join("\n");
    expect(sumOf(parseCodexRecord(olderSecond))).toEqual(sumOf(parseCodexRecord(second)));
  });
});

describe("a line for each response", () => {
  test("is identified by turn and response, and counts beside it say nothing new", () => {
    const records = read(
      meta("t1"),
      turn("a"),
      item("r0", "a", usage(50, 5)),
      count(usage(50, 5), usage(50, 5)),
      item("r0", "a", usage(50, 5)),
      item("r0", "b", usage(60, 6)),
    );
    expect(outputs(records)).toEqual([5, 6]);
  });

  test("input stands apart from what was cached and what was written to the cache", () => {
    const counted = { ...usage(100, 7, 60), cache_write_input_tokens: 30, reasoning_output_tokens: 4 };
    expect(read(item("r", "a", counted))[0]?.usage).toEqual({
      inputTokens: 10,
      cacheReadTokens: 60,
      cacheWrite5mTokens: 30,
      cacheWrite1hTokens: 0,
      outputTokens: 7,
      reasoningTokens: 4,
    });
  });

  test("each turn has its own model", () => {
    const records = read(
      turn("a", "gpt-5"),
      turn("b", "gpt-5-mini"),
      item("r1", "a", usage(1, 1)),
      item("r2", "b", usage(1, 1)),
    );
    expect(records.map((record) => record.model)).toEqual(["gpt-5", "gpt-5-mini"]);
    expect(read(item("r", "a", usage(1, 1)))[0]?.model).toBeNull();
  });
});

describe("running totals", () => {
  test("said again with the same total, a response counts once", () => {
    const again = count(usage(50, 5), usage(50, 5), "2026-11-23T12:09:00.000Z");
    expect(
      outputs(
        read(
          meta("t1"),
          turn("a"),
          count(null),
          count(usage(50, 5), usage(50, 5)),
          again,
          turn("b"),
          again,
          count(usage(110, 11), usage(60, 6)),
        ),
      ),
    ).toEqual([5, 6]);
  });

  test("without a last response the growth counts", () => {
    expect(outputs(read(meta("t1"), turn("a"), count(usage(50, 5)), count(usage(110, 11))))).toEqual([5, 6]);
  });

  test("a fork that copies its parent's lines adds only its own", () => {
    const parent = [
      meta("p"),
      turn("a"),
      count(usage(50, 5), usage(50, 5)),
      turn("b"),
      count(usage(110, 11), usage(60, 6)),
    ];
    const late = "2026-11-23T13:00:00.000Z";
    const copied = [
      turn("a"),
      count(usage(50, 5), usage(50, 5), late),
      turn("b"),
      count(usage(110, 11), usage(60, 6), late),
    ];
    const fork = [
      meta("f", { forked_from_id: "p" }),
      meta("p"),
      ...copied,
      turn("c"),
      count(usage(180, 18), usage(70, 7), late),
    ];
    for (const files of [
      [parent, fork],
      [fork, parent],
    ]) {
      const records = mergeRecords(files.map((lines) => read(...lines)));
      expect(new Set(outputs(records))).toEqual(new Set([5, 6, 7]));
      expect(records).toHaveLength(3);
    }
  });

  test("so it does where turns have no ids", () => {
    const parent = [meta("p"), turn(undefined), count(usage(50, 5), usage(50, 5))];
    const fork = [
      meta("f", { forked_from_id: "p" }),
      meta("p"),
      turn(undefined),
      count(usage(50, 5), usage(50, 5)),
      count(usage(120, 12), usage(70, 7)),
    ];
    expect(outputs(mergeRecords([read(...parent), read(...fork)]))).toEqual([5, 7]);
  });

  test("a fork that starts from its parent's total counts its own last response", () => {
    expect(
      outputs(read(meta("f", { forked_from_id: "p" }), turn("c"), count(usage(180, 18), usage(70, 7)))),
    ).toEqual([7]);
  });

  test("at the end of a file a count that no response precedes repeats an earlier one", () => {
    expect(read(turn("b"), count(usage(50, 5), usage(50, 5)))).toEqual([]);
    expect(
      outputs(
        read(turn("b"), count(usage(50, 5), usage(50, 5)), answer, count(usage(110, 11), usage(60, 6))),
      ),
    ).toEqual([6]);
    expect(outputs(read(turn("b"), answer, count(usage(110, 11), usage(60, 6))))).toEqual([6]);
  });
});

test.each([
  ["a cut line", item("x", "a", usage(1, 1)).slice(0, -9)],
  ["NUL", "\0\0"],
  ["no payload", '{"type":"token_usage_record"}'],
  ["a payload that is a list", '{"type":"token_usage_record","payload":[]}'],
  ["a negative count", item("x", "a", { input_tokens: -5, output_tokens: 1 })],
  ["no response id", line("token_usage_record", { usage: usage(1, 1) })],
  ["an unknown type", line("token_something", usage(1, 1))],
])("%s leaves the lines around it alone", (_, broken) => {
  expect(outputs(read(item("before", "a", usage(1, 3)), broken, item("after", "a", usage(1, 4))))).toEqual([
    3, 4,
  ]);
});

describe("who started the agent of a rollout", () => {
  const meta = (payload: object) => JSON.stringify({ type: "session_meta", payload });
  test.each([
    ["a person", meta({ session_id: "s1", id: "s1" }), null],
    ["a thread of the session", meta({ session_id: "s1", id: "t2", parent_thread_id: "s1" }), "s1"],
    ["a thread below that", meta({ session_id: "s1", id: "t3", parent_thread_id: "t2" }), "s1"],
    ["nobody: a fork", meta({ session_id: "s4", id: "s4", forked_from_id: "s1" }), null],
    ["a fork with its parent", meta({ session_id: "s4", id: "s4", parent_thread_id: "s1" }), null],
    ["an older version's", meta({ id: "t2" }), null],
    ["another line", JSON.stringify({ type: "event_msg", payload: { session_id: "s1" } }), null],
    ["half a line", '{"type":"session_meta","payl', null],
    ["nothing", "", null],
  ])("%s", (_who, line, starter) => {
    expect(codexStarter(line)).toBe(starter);
  });
});
