import { describe, expect, test } from "vitest";
import {
  codexCompacted,
  codexTurnBeganMs,
  codexTurnEnded,
  codexTurnState,
} from "../../src/metering/codex-turn.ts";
import { fixtureTexts } from "./transcript-fixtures.ts";

const event = (type: string, payload: object = {}) =>
  JSON.stringify({ timestamp: "2026-11-23T12:00:00.000Z", type: "event_msg", payload: { type, ...payload } });
const started = event("task_started", { turn_id: "t" });
const completed = (last_agent_message: string | null, more: object = {}) =>
  event("task_complete", { turn_id: "t", last_agent_message, ...more });
const userItem = (text: string) =>
  event("item_completed", { item: { type: "UserMessage", content: [{ type: "text", text }] } });
const state = (...lines: string[]) => codexTurnState(lines.join("\n"), "UTC");

test("when the last turn began", () => {
  expect(codexTurnBeganMs([started, completed("Done.")].join("\n"))).toBe(
    Date.parse("2026-11-23T12:00:00.000Z"),
  );
  expect(codexTurnBeganMs(completed("Done."))).toBeNull();
});

describe("the last turn", () => {
  test.each([
    ["nothing yet", [], { state: "none" }],
    ["started", [started], { state: "running", turnId: "t" }],
    ["answered", [started, completed("All done.")], { state: "completed", turnId: "t", answer: "All done." }],
    ["the next one runs", [started, completed("All done."), started], { state: "running", turnId: "t" }],
    [
      "interrupted",
      [started, event("turn_aborted", { turn_id: "t", reason: "interrupted" })],
      { state: "aborted", turnId: "t", reason: "interrupted" },
    ],
    [
      "failed",
      [started, completed(null, { error: { message: "No.", codex_error_info: "bad_request" } })],
      { state: "failed", turnId: "t", message: "No.", code: "bad_request", resetsAtMs: null },
    ],
    [
      "an error on the way",
      [started, event("error", { message: "No." }), completed(null)],
      { state: "failed", turnId: "t", message: "No.", code: null, resetsAtMs: null },
    ],
    [
      "an error that was overcome",
      [started, event("error", { message: "No." }), completed("All done.")],
      { state: "completed", turnId: "t", answer: "All done." },
    ],
    [
      "an error of the turn before",
      [started, event("error", { message: "No." }), started, completed(null)],
      { state: "completed", turnId: "t", answer: null },
    ],
    [
      "a limit told in words",
      [started, completed(null, { error: { message: "try again at 3:10 PM." } })],
      {
        state: "failed",
        turnId: "t",
        message: "try again at 3:10 PM.",
        code: null,
        resetsAtMs: Date.UTC(2026, 10, 23, 15, 10),
      },
    ],
    [
      "broken lines",
      [started, '{"type":"event_msg"', '{"type":"event_msg","payload":[]}', completed("x")],
      { state: "completed", turnId: "t", answer: "x" },
    ],
  ])("%s", (_, lines, turn) => {
    expect(state(...lines).turn).toEqual(turn);
  });

  test("the window that is used up longest decides when a limit is over", () => {
    const limits = {
      primary: { used_percent: 100, resets_at: 1_000 },
      secondary: { used_percent: 100, resets_at: 2_000 },
    };
    const failed = completed(null, { error: { message: "limit" } });
    expect(state(started, event("token_count", { rate_limits: limits }), failed).turn).toMatchObject({
      resetsAtMs: 2_000_000,
    });
    const open = { ...limits, secondary: { used_percent: 40, resets_at: 2_000 } };
    expect(state(started, event("token_count", { rate_limits: open }), failed).turn).toMatchObject({
      resetsAtMs: 1_000_000,
    });
  });

  test("real sessions: an answer, and a limit with its time", () => {
    const [first = "", fork = ""] = fixtureTexts("codex/resume-fork");
    expect(codexTurnState(first, "UTC")).toMatchObject({
      turn: { state: "completed", answer: "All done." },
      prompts: ["run echo", "second"],
    });
    expect(codexTurnState(fork, "UTC").prompts).toEqual(["forked"]);
    const [limited = ""] = fixtureTexts("codex/usage-limit");
    expect(codexTurnState(limited, "UTC").turn).toMatchObject({
      state: "failed",
      code: "usage_limit_exceeded",
      resetsAtMs: 1_795_446_609_000,
    });
  });
});

describe("prompts", () => {
  test("are taken from items, or from events where there are no items", () => {
    const told = event("user_message", { message: "one" });
    expect(state(told, event("user_message", { message: "two" })).prompts).toEqual(["one", "two"]);
    expect(
      state(told, userItem("one"), event("item_completed", { item: { type: "AgentMessage" } })).prompts,
    ).toEqual(["one"]);
  });

  test("are kept to the last hundred", () => {
    const { prompts } = state(...Array.from({ length: 150 }, (_, i) => userItem(`prompt ${i}`)));
    expect([prompts.length, prompts[0], prompts.at(-1)]).toEqual([100, "prompt 50", "prompt 149"]);
  });
});

test.each([
  ["nothing", [], null, false],
  ["running", [started], null, false],
  ["any end", [started, completed("x")], null, true],
  ["an interruption", [started, event("turn_aborted")], null, true],
  ["a new start", [started, completed("x"), started], null, false],
  ["the answer", [started, completed("All done.")], "All\ndone.", true],
  ["the answer before a new start", [started, completed("All done."), started], "All done.", false],
  ["another answer", [started, completed("x")], "All done.", false],
  ["the answer on the way", [started, event("agent_message", { message: "All done." })], "All done.", false],
])("the end of a turn: %s", (_, lines, answer, ended) => {
  expect(codexTurnEnded(lines.join("\n"), answer)).toBe(ended);
});

describe("a compaction", () => {
  const line = JSON.stringify({
    type: "compacted",
    payload: { message: "We did this.", replacement_history: [] },
  });
  test.each([
    ["none", [started, completed("All done.")], false],
    ["its line", [started, line, completed(null)], true],
    ["its event", [event("context_compacted")], true],
    ["only talked about", [completed('{"type":"compacted"}'), userItem('"compacted"')], false],
    [
      "another kind of line with the word",
      [JSON.stringify({ type: "response_item", payload: { type: "context_compacted" } })],
      false,
    ],
    ["half written", [line.slice(0, -2)], false],
  ])("%s", (_, lines, compacted) => {
    expect(codexCompacted(lines.join("\n"))).toBe(compacted);
  });
});
