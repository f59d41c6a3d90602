import { describe, expect, test } from "vitest";
import {
  claudeCompacted,
  claudeLimit,
  claudeReportWaits,
  claudeTurnBeganMs,
  claudeTurnEnded,
} from "../../src/metering/claude-turn.ts";
import { fixtureTexts } from "./transcript-fixtures.ts";

const prompt = (content: unknown, more: object = {}) =>
  JSON.stringify({ type: "user", message: { role: "user", content }, ...more });
const said = (text: string, stop_reason: string | null = "end_turn", id = "msg_1", more: object = {}) =>
  JSON.stringify({
    type: "assistant",
    timestamp: "2026-11-23T12:00:00.000Z",
    message: { id, content: [{ type: "text", text }], stop_reason },
    ...more,
  });
/** A line that a fork has copied. */
const ofParent = { sessionId: "s2", requestSessionId: "s1" };
const toolUse = JSON.stringify({
  type: "assistant",
  message: { id: "m", content: [{ type: "tool_use", name: "Bash" }], stop_reason: "tool_use" },
});
const toolResult = prompt([{ type: "tool_result", content: "All done." }]);
const launch = prompt([{ type: "tool_result", content: "" }], {
  entrypoint: "cli",
  toolUseResult: { isAsync: true, status: "async_launched" },
});
const command = prompt([{ type: "tool_result", content: "" }], {
  entrypoint: "cli",
  toolUseResult: { backgroundTaskId: "b1" },
});
const duration = JSON.stringify({ type: "system", subtype: "turn_duration", durationMs: 5 });

test("a turn began with the last prompt of a person", () => {
  const at = (second: number) => ({ timestamp: `2026-11-23T12:00:0${second}.000Z` });
  const result = [{ type: "tool_result", content: "go on" }];
  const lines = [prompt("first", at(1)), prompt("second", at(2)), toolUse, prompt(result, at(3))];
  expect(claudeTurnBeganMs(lines.join("\n"))).toBe(Date.parse(at(2).timestamp));
  const others = [
    prompt("aside", { ...at(4), isSidechain: true }),
    prompt("note", { ...at(5), isMeta: true }),
  ];
  expect(claudeTurnBeganMs([...lines, ...others].join("\n"))).toBe(Date.parse(at(2).timestamp));
  expect(claudeTurnBeganMs(said("nobody asked"))).toBeNull();
});

describe("the end of a turn", () => {
  test.each([
    ["nothing yet", [], null, false],
    ["only the prompt", [prompt("go")], null, false],
    ["a tool runs", [prompt("go"), toolUse], null, false],
    ["a tool has answered", [prompt("go"), toolUse, toolResult], null, false],
    ["the message has ended", [prompt("go"), said("All done.")], null, true],
    ["cut off at the most tokens", [prompt("go"), said("All", "max_tokens")], null, true],
    ["older lines without a stop reason", [prompt("go"), said("All done.", null)], null, false],
    ["but with a duration", [prompt("go"), said("All done.", null), duration], null, true],
    [
      "a fork holds the turns of its parent",
      [prompt("go"), said("All done.", "end_turn", "m", ofParent), duration],
      null,
      false,
    ],
    [
      "with that very answer",
      [prompt("go"), said("All done.", "end_turn", "m", ofParent), duration],
      "All done.",
      false,
    ],
    [
      "and one of its own",
      [
        prompt("go"),
        said("All done.", "end_turn", "m", ofParent),
        duration,
        prompt("next"),
        said("Mine."),
        duration,
      ],
      null,
      true,
    ],
    ["the next prompt is there", [prompt("go"), said("All done."), prompt("next")], null, false],
    ["the answer is written", [prompt("go"), said("All done.")], "All done.", true],
    ["with other white space", [prompt("go"), said("All\n\n done.\n")], "All done.", true],
    ["without a stop reason", [prompt("go"), said("All done.", null)], "All done.", true],
    ["another answer", [prompt("go"), said("Working on it.")], "All done.", false],
    ["the answer of the turn before", [prompt("go"), said("All done."), prompt("next")], "All done.", false],
    [
      "the same words before a tool",
      [prompt("go"), said("All done.", "tool_use"), toolResult],
      "All done.",
      false,
    ],
    [
      "a note of the CLI",
      [prompt("go"), said("All done."), prompt("Caveat: …", { isMeta: true })],
      "All done.",
      true,
    ],
    ["the answer of a turn with background work", [prompt("go"), launch, said("I wait.")], "I wait.", false],
    ["and its last line", [prompt("go"), launch, said("I wait."), duration], "I wait.", true],
    ["of a command", [prompt("go"), command, said("I wait.")], "I wait.", false],
    [
      "the answer of a turn behind one with background work",
      [prompt("go"), launch, duration, prompt("next"), said("All done.")],
      "All done.",
      true,
    ],
    ["the answer in a tool's result", [prompt("go"), toolResult], "All done.", false],
    ["the answer in two blocks", [prompt("go"), said("All", null), said("done.")], "All done.", true],
    ["one block of it", [prompt("go"), said("I looked.", null), said("All done.")], "All done.", true],
    [
      "a subagent's answer",
      [prompt("go"), said("All done.", "end_turn", "m", { isSidechain: true })],
      "All done.",
      false,
    ],
    ["a subagent's end", [prompt("go"), said("x", "end_turn", "m", { isSidechain: true })], null, false],
    [
      "a note of a background task after it",
      [prompt("go"), said("All done."), prompt("<task-notification>…")],
      "All done.",
      true,
    ],
    [
      "a summary of a compaction",
      [prompt("go"), said("All done."), prompt("This session…", { isCompactSummary: true })],
      null,
      true,
    ],
    [
      "an echo of a command",
      [prompt("go"), said("All done."), prompt("<command-name>/clear</command-name>")],
      null,
      true,
    ],
    [
      "broken lines between",
      [prompt("go"), '{"type":"user"', "\0", said("All done."), '"assistant"'],
      null,
      true,
    ],
  ])("%s", (_, lines, answer, ended) => {
    expect(claudeTurnEnded(lines.join("\n"), answer)).toBe(ended);
  });

  test("real sessions end with their answer, and a subagent's file never does", () => {
    for (const text of fixtureTexts("claude/tool-turn")) {
      expect(claudeTurnEnded(text, "All done.")).toBe(true);
      expect(claudeTurnEnded(text, null)).toBe(true);
      expect(claudeTurnEnded(text, "Not said.")).toBe(false);
    }
    const ended = fixtureTexts("claude/subagent").map((text) => claudeTurnEnded(text, "All done."));
    expect(ended.filter((each) => each)).toHaveLength(1);
  });

  test("a real session that is cut off before its answer has not ended", () => {
    const [text = ""] = fixtureTexts("claude/tool-turn");
    const lines = text.split("\n");
    const last = lines.findLastIndex((line) => line.includes('"type":"assistant"'));
    expect(claudeTurnEnded(lines.slice(0, last).join("\n"), "All done.")).toBe(false);
    expect(claudeTurnEnded(lines.slice(0, last).join("\n"), null)).toBe(false);
  });
});

describe("usage limits", () => {
  const failed = (text: string, more: object = {}) =>
    said(text, "stop_sequence", "m", { isApiErrorMessage: true, ...more });

  test("real lines: a limit with its time, and a rejected request that is none", () => {
    expect(fixtureTexts("claude/usage-limit").map((text) => claudeLimit(text, "UTC"))).toEqual([
      { message: "You've hit your 5-hour limit · resets 2:44pm (UTC)", resetsAtMs: 1_795_445_079_000 },
      null,
    ]);
  });

  test.each([
    ["Claude AI usage limit reached|1755615600", 1_755_615_600_000],
    ["Weekly limit reached ∙ resets 3pm", Date.UTC(2026, 10, 23, 15)],
    ["You’ve hit your Opus limit · resets 8pm (Asia/Dhaka)", Date.UTC(2026, 10, 23, 14)],
    ["You've hit your usage credit limit", null],
  ])("the text %j", (text, resetsAtMs) => {
    expect(claudeLimit([prompt("go"), failed(text)].join("\n"), "UTC")).toEqual({
      message: text,
      resetsAtMs,
    });
  });

  test.each([
    "API Error: Server is temporarily limiting requests (not your usage limit)",
    "Context limit reached · /compact or /clear to continue",
    "Credit balance is too low",
  ])("%j is no usage limit", (text) => {
    expect(claudeLimit(failed(text), "UTC")).toBeNull();
  });

  test("an agent that writes of limits has none, and a limit is over with the next prompt or answer", () => {
    expect(claudeLimit(said("You've hit your 5-hour limit"), "UTC")).toBeNull();
    const limit = failed("You've hit your 5-hour limit");
    expect(claudeLimit([limit, prompt("go on")].join("\n"), "UTC")).toBeNull();
    expect(claudeLimit([limit, said("All done.")].join("\n"), "UTC")).toBeNull();
  });
});

describe("a report of background work", () => {
  const queue = (operation: string, content?: string) =>
    JSON.stringify({ type: "queue-operation", operation, ...(content === undefined ? {} : { content }) });
  const report = queue("enqueue", "<task-notification>\n<task-id>b1");
  const typed = queue("enqueue", "and then the next");
  const taken = queue("dequeue");
  const told = prompt("<task-notification>\n<task-id>b1");
  const pending = (pendingBackgroundAgentCount: number) =>
    JSON.stringify({ type: "system", subtype: "turn_duration", pendingBackgroundAgentCount });
  test.each([
    ["none", [prompt("go"), said("All done.")], false],
    ["came in before the answer", [prompt("go"), report, said("I wait.")], true],
    ["came in after it", [prompt("go"), said("I wait."), report], true],
    ["was taken up before", [report, taken, told, said("I wait.")], false],
    ["was taken up since", [report, said("I wait."), taken, told], true],
    [
      "was taken up, with the same words in the end",
      [said("I wait."), told, said("I wait.", "end_turn", "m2")],
      false,
    ],
    ["waits behind one that was taken up", [report, report, said("I wait."), taken], true],
    ["waits behind what a person typed", [typed, report, taken], true],
    ["was taken up with everything", [report, typed, queue("popAll")], false],
    ["is what a person typed", [typed], false],
    ["without words", [queue("enqueue")], false],
    ["is told of by the turn's last line", [prompt("go"), said("I wait."), pending(1)], true],
    ["is taken up at last", [said("I go on."), pending(1), told, said("I wait."), pending(0)], false],
    ["is no report: nothing is pending", [prompt("go"), said("All done."), pending(0), duration], false],
  ])("%s", (_which, lines, waits) => {
    expect(claudeReportWaits(lines.join("\n"), "I wait.")).toBe(waits);
  });
});

describe("a compaction", () => {
  const boundary = (more: object = {}) =>
    JSON.stringify({
      ...{ type: "system", subtype: "compact_boundary", content: "Conversation compacted" },
      ...{ compactMetadata: { trigger: "manual", preTokens: 33_000 }, ...more },
    });
  test.each([
    ["none", [prompt("go"), said("All done.")], false],
    [
      "by the agent's own word or by ours",
      [prompt("go"), boundary(), prompt("Summary", { isCompactSummary: true })],
      true,
    ],
    ["of what a subagent was told", [boundary({ isSidechain: true })], false],
    ["only talked about", [prompt('{"subtype":"compact_boundary"}'), said("compact_boundary")], false],
    ["half written", [boundary().slice(0, -2)], false],
  ])("%s", (_, lines, compacted) => {
    expect(claudeCompacted(lines.join("\n"))).toBe(compacted);
  });
});
