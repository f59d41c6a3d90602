/** What a Claude Code transcript says of its last turn: whether it has ended, and whether a usage limit ended it. */
import { squeezed } from "./answer-text.ts";
import { isCopy } from "./claude-record.ts";
import {
  asObject,
  countAt,
  jsonLines,
  nameAt,
  objectAt,
  objectsAt,
  secondsAt,
  textAt,
  timeAt,
  type JsonObject,
} from "./json-lines.ts";
import { resetTime } from "./reset-time.ts";

const TURN_MARKS = ['"assistant"', '"user"', '"turn_duration"'];
/** How the report of a background task begins. */
const REPORT_MARK = "<task-notification>";
/** A message with one of these goes on: with the tool's result, or with the rest of a paused answer. */
const GOES_ON: readonly unknown[] = ["tool_use", "pause_turn"];

/**
 * Does the text hold the end of the turn? With the answer that the agent's signal told: is it written, white space
 * aside, as a block or a whole message since the last prompt of a person? Without one: has the last message since
 * the last prompt of any kind ended? The file is written late, so the first "yes" may come after the signal.
 */
export function claudeTurnEnded(text: string, answer: string | null): boolean {
  let ended = false;
  let answered = false;
  // Work in the background reports when it likes: of such a turn the very last line is waited for, which knows of it.
  let launched = false;
  let closed = false;
  // A fork begins with the turns of its parent, which are over long since: they are not the end of any of its own.
  let copied = false;
  const said = new Map<string, string>();
  for (const line of jsonLines(text, TURN_MARKS)) {
    if (line["isSidechain"] === true) continue;
    const prompt = promptOf(line);
    if (line["type"] === "assistant") copied = isCopy(line);
    if (prompt !== null) {
      ended = closed = false;
      // A background task that reports begins another turn, but takes nothing back of the answer before it.
      if (!prompt.startsWith(REPORT_MARK)) answered = launched = false;
    } else if (copied) {
      continue;
    } else if (line["type"] === "assistant") {
      const stopReason = objectAt(line, "message")?.["stop_reason"];
      ended = !(GOES_ON.includes(stopReason) || stopReason === null || stopReason === undefined);
      if (answer !== null && holdsText(line, squeezed(answer), said))
        answered ||= !GOES_ON.includes(stopReason);
    } else if (line["subtype"] === "turn_duration") {
      ended = closed = true;
    } else launched ||= isLaunch(line);
  }
  return answer === null ? ended : answered && (closed || !launched);
}

/** Was the conversation itself compacted in this text? What a subagent was told is not meant. */
export function claudeCompacted(text: string): boolean {
  for (const line of jsonLines(text, ['"compact_boundary"']))
    if (line["subtype"] === "compact_boundary" && line["isSidechain"] !== true) return true;
  return false;
}

/**
 * Did the report of a background task come in while the turn with this answer was ending? It waits to be taken up, or was
 * taken up meanwhile: the agent begins another turn with it, and what it said was no answer yet.
 */
export function claudeReportWaits(text: string, answer: string): boolean {
  const waiting: boolean[] = [];
  let pending = 0;
  let takenUp = false;
  const said = new Map<string, string>();
  for (const line of jsonLines(text, [...TURN_MARKS, '"queue-operation"'])) {
    const prompt = promptOf(line);
    if (prompt !== null) {
      pending = 0;
      takenUp = prompt.startsWith(REPORT_MARK);
    } else if (line["subtype"] === "turn_duration") pending = countAt(line, "pendingBackgroundAgentCount");
    else if (line["type"] === "assistant" && line["isSidechain"] !== true) {
      if (holdsText(line, squeezed(answer), said)) takenUp = false;
    } else if (line["type"] === "queue-operation") {
      const { operation } = line;
      if (operation === "enqueue")
        waiting.push((textAt(line, "content") ?? "").trimStart().startsWith(REPORT_MARK));
      else if (operation === "dequeue") waiting.shift();
      else waiting.length = 0;
    }
  }
  return takenUp || pending > 0 || waiting.includes(true);
}

/** The result of a tool that works on in the background: an agent, or a command. Only in a terminal turns have last lines. */
function isLaunch(line: JsonObject): boolean {
  if (line["entrypoint"] !== "cli") return false;
  const result = objectAt(line, "toolUseResult");
  return textAt(result, "status") === "async_launched" || nameAt(result, "backgroundTaskId") !== null;
}

/** When the prompt was given that the text's last turn began with, in milliseconds since 1970; null: it holds none. */
export function claudeTurnBeganMs(text: string): number | null {
  let beganMs: number | null = null;
  for (const line of jsonLines(text, ['"user"'])) {
    if (line["isSidechain"] === true || promptOf(line) === null) continue;
    beganMs = timeAt(line, "timestamp");
  }
  return beganMs;
}

/** A usage limit that ended a turn. `resetsAtMs` null: the line does not say when it is over. */
export interface ClaudeLimit {
  readonly message: string;
  readonly resetsAtMs: number | null;
}

const LIMIT_TEXT = /\bhit your (?:[\w-]{1,20} ){0,4}limit\b|(?<!context )\blimit reached\b/i;

/** The usage limit that the text's last turn ran into; null when it did not. A time without a zone is of `timeZone`. */
export function claudeLimit(text: string, timeZone: string): ClaudeLimit | null {
  let limit: ClaudeLimit | null = null;
  for (const line of jsonLines(text, TURN_MARKS)) {
    if (line["isSidechain"] === true) continue;
    if (line["type"] === "assistant") limit = limitOf(line, timeZone);
    else if (promptOf(line) !== null) limit = null;
  }
  return limit;
}

function limitOf(line: JsonObject, timeZone: string): ClaudeLimit | null {
  if (line["isApiErrorMessage"] !== true) return null;
  const message = textsOf(line).join(" ").slice(0, 2_000);
  const quota = objectAt(line, "quotaLimits");
  const rejected = line["apiError"] === "usage_limit_reached" || quota?.["status"] === "rejected";
  if (!rejected && !LIMIT_TEXT.test(message)) return null;
  const atMs = timeAt(line, "timestamp");
  const told = atMs === null ? null : resetTime(message, atMs, timeZone);
  return { message, resetsAtMs: secondsAt(quota, "resetsAt") ?? told };
}

/** The text of a prompt; null for tool results, the agent's own notes and the echo of its commands. */
function promptOf(line: JsonObject): string | null {
  if (line["type"] !== "user" || line["isMeta"] === true || line["isCompactSummary"] === true) return null;
  const message = objectAt(line, "message");
  if (objectsAt(message, "content").some((block) => block["type"] === "tool_result")) return null;
  const text = textsOf(line).join("\n").trimStart();
  return /^<(?:local-command-|command-name>|command-message>)/.test(text) ? null : text;
}

function textsOf(line: JsonObject): readonly string[] {
  const message = asObject(line["message"]);
  const whole = textAt(message, "content");
  if (whole !== null) return [whole];
  return objectsAt(message, "content").flatMap((block) => {
    const text = block["type"] === "text" ? textAt(block, "text") : null;
    return text === null ? [] : [text];
  });
}

/** Is this what was said, in this block or in all of its message so far? A message has one line for each block. */
function holdsText(line: JsonObject, wanted: string, said: Map<string, string>): boolean {
  const text = squeezed(textsOf(line).join(""));
  if (text === "") return false;
  const id = nameAt(objectAt(line, "message"), "id") ?? "";
  const whole = (said.get(id) ?? "") + text;
  said.set(id, whole);
  return text === wanted || whole === wanted;
}
