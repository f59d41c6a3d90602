/**
 * Usage from Codex's rollout files. Newer versions write one line for every response; older ones count: a running
 * total of the thread and the last response, said again whenever the screen is refreshed, and copied into forks
 * with the parent's total to start from. So a count is taken only when the total has moved, and it is identified
 * by its turn and total, which every copy shares.
 *
 * Codex counts cached tokens and tokens written to the cache as input; here they stand apart. Output includes reasoning.
 */
import {
  asObject,
  countAt,
  nameAt,
  objectAt,
  parseLine,
  textAt,
  timeAt,
  type JsonObject,
} from "./json-lines.ts";
import { readText, type RecordFormat, type RecordReading } from "./record-format.ts";
import { isCounted, NO_USAGE, totalTokens, type Usage, type UsageRecord } from "./usage.ts";

/** What is needed of a file that is read from its beginning. */
// They begin with a rare character, which is found several times faster than a quote.
const MARKS = ['_meta"', '_context"', '_started"', '_count"', '_usage_record"', '_settings_applied"'];
/** In the middle of one, the model's own words tell whether a count is the first of a response or a repetition. */
const MARKS_OF_A_PART = [...MARKS, '"response_item"'];

/** Codex begins its lines with their type: nearly all of a rollout are prompts and outputs, told by a glance. */
const HEAD =
  /^\{"timestamp":"[^"\\]*",(?:"ordinal":\d+,)?"type":"([a-z_]+)","payload":\{(?:"type":"([a-z_]+)")?/;
const LINES_READ: ReadonlySet<string> = new Set(["session_meta", "turn_context", "token_usage_record"]);
const EVENTS_READ: ReadonlySet<string> = new Set(["token_count", "task_started", "thread_settings_applied"]);

/** What was read so far of one file: who speaks, with which model, and how far the running total has come. */
interface Reading {
  readonly records: UsageRecord[];
  readonly modelOfTurn: Map<string, string>;
  model: string | null;
  threadId: string | null;
  cwd: string | null;
  turnId: string | null;
  cliVersion: string | null;
  /** Total of the last count that was new; null before the first. */
  total: Usage | null;
  /** Totals that were counted, or known to be told again. */
  readonly totals: Set<string>;
  /** Responses have lines of their own: the counts beside them say the same again. */
  itemised: boolean;
  /** The text starts with the thread's own start, or a response was seen: the first count is no repetition. */
  anchored: boolean;
}

/** The end of a rollout, from any line on. */
export const CODEX_PART: RecordFormat = {
  marks: MARKS_OF_A_PART,
  open: () => readingFrom(newReading(false)),
};

/** One record a response found in `text`, the whole or the end of a rollout. Never throws. */
export function parseCodexRecord(text: string): UsageRecord[] {
  return readText(CODEX_PART, text);
}

/** Whole rollouts, from their beginning on. */
export const CODEX_RECORD: RecordFormat = {
  marks: MARKS,
  head: {
    bytes: 160,
    tells: (head) => {
      const [, type = null, event = null] = HEAD.exec(head) ?? [];
      if (type === null || (type === "event_msg" && event === null)) return null;
      return type === "event_msg" ? EVENTS_READ.has(event ?? "") : LINES_READ.has(type);
    },
  },
  open: (state) => readingFrom(restored(state) ?? newReading(true)),
};

/** The session that started the agent of the rollout with this first line, at whatever depth; null: a person did. */
export function codexStarter(firstLine: string): string | null {
  const line = parseLine(firstLine);
  const meta = line?.["type"] === "session_meta" ? objectAt(line, "payload") : null;
  const sessionId = nameAt(meta, "session_id");
  // All threads of a session bear the id of the first one; a fork, which names its parent too, has a session of its own.
  return nameAt(meta, "parent_thread_id") === null || nameAt(meta, "id") === sessionId ? null : sessionId;
}

function newReading(anchored: boolean): Reading {
  return {
    records: [],
    modelOfTurn: new Map(),
    model: null,
    threadId: null,
    cwd: null,
    turnId: null,
    cliVersion: null,
    total: null,
    totals: new Set(),
    itemised: false,
    anchored,
  };
}

function readingFrom(reading: Reading): RecordReading {
  return {
    read: (line) => {
      readLine(reading, line);
      return reading.records.splice(0);
    },
    state: () => stateOf(reading),
    cwd: () => reading.cwd,
  };
}

/** The last turn alone can still be spoken of; totals are needed all, for any may be said again. */
function stateOf(reading: Reading): unknown {
  const { model, threadId, cwd, turnId, cliVersion, total, totals, itemised, anchored } = reading;
  return { model, threadId, cwd, turnId, cliVersion, total, totals: [...totals], itemised, anchored };
}

/** Null when it is no state of ours. */
function restored(state: unknown): Reading | null {
  const from = asObject(state);
  const totals = from?.["totals"];
  if (from === null || !Array.isArray(totals)) return null;
  const total = asObject(from["total"]);
  const reading: Reading = {
    ...newReading(from["anchored"] === true),
    model: nameAt(from, "model"),
    threadId: nameAt(from, "threadId"),
    cwd: textAt(from, "cwd"),
    turnId: nameAt(from, "turnId"),
    cliVersion: nameAt(from, "cliVersion"),
    total: total === null ? null : { ...NO_USAGE, ...total },
    totals: new Set(totals.filter((mark) => typeof mark === "string")),
    itemised: from["itemised"] === true,
  };
  if (reading.turnId !== null && reading.model !== null)
    reading.modelOfTurn.set(reading.turnId, reading.model);
  return reading;
}

function readLine(reading: Reading, line: JsonObject): void {
  const payload = objectAt(line, "payload");
  switch (line["type"]) {
    case "session_meta":
      // A fork that copies its parent's lines copies this one too: what follows belongs to the parent.
      reading.threadId = nameAt(payload, "id") ?? reading.threadId;
      reading.cliVersion = nameAt(payload, "cli_version") ?? reading.cliVersion;
      reading.cwd ??= textAt(payload, "cwd");
      reading.anchored = true;
      break;
    case "turn_context":
      startTurn(reading, payload);
      break;
    case "response_item":
      reading.anchored ||= isFromModel(payload);
      break;
    case "token_usage_record":
      readItem(reading, line, payload);
      break;
    case "event_msg":
      if (payload?.["type"] === "token_count") readCount(reading, line, payload);
      else if (payload?.["type"] === "task_started") startTurn(reading, payload);
      else if (payload?.["type"] === "thread_settings_applied") {
        reading.model = nameAt(objectAt(payload, "thread_settings"), "model") ?? reading.model;
      }
      break;
    default:
  }
}

function startTurn(reading: Reading, payload: JsonObject | null): void {
  reading.turnId = nameAt(payload, "turn_id") ?? reading.turnId;
  reading.model = nameAt(payload, "model") ?? reading.model;
  if (reading.turnId !== null && reading.model !== null)
    reading.modelOfTurn.set(reading.turnId, reading.model);
}

function isFromModel(payload: JsonObject | null): boolean {
  const type = payload?.["type"];
  if (type === "message") return payload?.["role"] === "assistant";
  return typeof type === "string" && !type.endsWith("_output");
}

function readItem(reading: Reading, line: JsonObject, payload: JsonObject | null): void {
  const responseId = nameAt(payload, "response_id");
  const usage = usageOf(objectAt(payload, "usage"));
  if (responseId === null || usage === null) return;
  reading.itemised = true;
  const threadId = nameAt(payload, "thread_id") ?? reading.threadId;
  const turnId = nameAt(payload, "turn_id") ?? reading.turnId;
  const model = turnId === null ? undefined : reading.modelOfTurn.get(turnId);
  reading.records.push({
    // With the turn's id, for servers that name their responses anew in every turn.
    key: `${turnId ?? threadId ?? "unknown"}/${responseId}`,
    model: model ?? reading.model,
    usage,
    atMs: timeAt(line, "timestamp"),
    sessionId: threadId,
    cliVersion: reading.cliVersion,
    flags: [],
  });
}

function readCount(reading: Reading, line: JsonObject, payload: JsonObject): void {
  const info = objectAt(payload, "info");
  const total = usageOf(objectAt(info, "total_token_usage"));
  if (reading.itemised || total === null) return;
  const before = reading.total;
  const mark = markOf(total);
  const repeated = reading.totals.has(mark) || (before === null && !reading.anchored);
  reading.totals.add(mark);
  reading.total = repeated && before !== null ? before : total;
  const usage = usageOf(objectAt(info, "last_token_usage")) ?? difference(total, before);
  if (repeated || totalTokens(usage) === 0) return;
  reading.records.push({
    key: `${reading.turnId ?? reading.threadId ?? "unknown"}/total ${mark}`,
    model: reading.model,
    usage,
    atMs: timeAt(line, "timestamp"),
    sessionId: reading.threadId,
    cliVersion: reading.cliVersion,
    flags: [],
  });
}

/** Null when it is no usage, or holds what cannot be counts of tokens. */
function usageOf(from: JsonObject | null): Usage | null {
  if (from === null) return null;
  const cacheReadTokens = countAt(from, "cached_input_tokens");
  const cacheWrite5mTokens = countAt(from, "cache_write_input_tokens");
  const usage: Usage = {
    inputTokens: Math.max(0, countAt(from, "input_tokens") - cacheReadTokens - cacheWrite5mTokens),
    cacheReadTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens: 0,
    outputTokens: countAt(from, "output_tokens"),
    reasoningTokens: countAt(from, "reasoning_output_tokens"),
  };
  return isCounted(usage) ? usage : null;
}

/** The counters of a total as a text. */
function markOf(total: Usage): string {
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = total;
  const { outputTokens, reasoningTokens } = total;
  return `${inputTokens} ${cacheReadTokens} ${cacheWrite5mTokens} ${cacheWrite1hTokens} ${outputTokens} ${reasoningTokens}`;
}

/** What a total without a last response has grown by. */
function difference(total: Usage, before: Usage | null): Usage {
  const grown = (now: number, then: number | undefined) => Math.max(0, now - (then ?? 0));
  return {
    inputTokens: grown(total.inputTokens, before?.inputTokens),
    cacheReadTokens: grown(total.cacheReadTokens, before?.cacheReadTokens),
    cacheWrite5mTokens: grown(total.cacheWrite5mTokens, before?.cacheWrite5mTokens),
    cacheWrite1hTokens: 0,
    outputTokens: grown(total.outputTokens, before?.outputTokens),
    reasoningTokens: grown(total.reasoningTokens, before?.reasoningTokens),
  };
}
