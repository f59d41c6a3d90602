/**
 * Usage from Claude Code's own transcripts, main and subagent files alike. The format is internal to it and changes:
 * only what is needed is read, and what is not understood is passed over.
 *
 * A response is identified by its message and request id; one written by a gateway without request ids by its
 * session and message id; else by the line's own id. It is written once for every block of its answer, again in
 * forks and resumed copies, and grows while it streams, so sightings are merged by their maximum.
 *
 * What stands in no line of its own: requests of a compaction (the next record is flagged) and of helpers in between.
 * They are in the totals that newer versions write when they end or clear a session; these start from the parent's in a
 * fork. `claude-beyond.ts` has what can be told from them.
 */
import {
  asObject,
  countAt,
  nameAt,
  nanoUsdAt,
  objectAt,
  textAt,
  timeAt,
  type JsonObject,
} from "./json-lines.ts";
import { readText, type RecordFormat } from "./record-format.ts";
import { isCounted, type CompletenessFlag, type Open, type Usage, type UsageRecord } from "./usage.ts";

/** Before this version a line kept the count of output tokens with which the stream had begun. */
const OUTPUT_FINAL_SINCE = [2, 1, 97] as const;
/** Like marks, they are found faster when they begin with a rare character. */
const DIFFER_BY_BLOCK = ['"parentUuid":', 'BlockIndex":', '"uuid":', '"timestamp":'] as const;
/** A line begins with short members; the first of these two tells what it is: its type, or a message that has an id. */
const HEAD = /^\{(?:"[A-Za-z]+":(?:null|true|false|"[^"\\]*"),)*?"(?:type":"([a-z-]+)"|message":\{"id":")/;
/** Lines that hold most of a transcript: what a person or a tool wrote, and notes of the program's own. */
const SAY_NOTHING: ReadonlySet<unknown> = new Set([
  "user",
  "attachment",
  "file-history-snapshot",
  "last-prompt",
  "queue-operation",
]);
const TELL: ReadonlySet<string> = new Set(["assistant", "cost-state"]);
const SYNTHETIC = "<synthetic>";

/** One record a response found in `text`, the whole or the end of a transcript. Never throws. */
export function parseClaudeRecord(text: string): UsageRecord[] {
  return readText(CLAUDE_RECORD, text);
}

/** The same without what a fork has copied: that was spent where it comes from, and only there. Never throws. */
export function parseOwnClaudeRecord(text: string): UsageRecord[] {
  return readText(OWN_CLAUDE_RECORD, text);
}

export const CLAUDE_RECORD: RecordFormat = {
  // Of every count of tokens. A mark that begins with a rare character is found several times faster than a quote.
  marks: ['_tokens"', '_boundary"'],
  head: {
    bytes: 320,
    tells: (head) => {
      const found = HEAD.exec(head);
      if (found === null) return null;
      const type = found[1];
      return type === undefined || TELL.has(type) || (SAY_NOTHING.has(type) ? false : null);
    },
  },
  // The second is sought from the end of a line, and so found faster when it ends with a rare character.
  bulk: { from: '"content":[', to: '],"stop_' },
  // A line whose message has no id is told from others by its own.
  alike: { butFor: DIFFER_BY_BLOCK, which: (line) => nameAt(objectAt(line, "message"), "id") !== null },
  open: (state) => {
    const from = asObject(state);
    let compacted = from?.["compacted"] === true;
    let cwd = textAt(from, "cwd");
    const stated = new Map<string, number>();
    return {
      read: (line) => {
        if (line["subtype"] === "compact_boundary") {
          compacted = true;
          return [];
        }
        if (line["type"] === "cost-state") {
          const session = nameAt(line, "sessionId");
          const tokens = statedTokens(objectAt(line, "modelUsage"));
          if (session !== null && tokens !== null) stated.set(session, tokens);
          return [];
        }
        const record = recordOf(line, compacted);
        if (record === null) return [];
        compacted = false;
        cwd ??= textAt(line, "cwd");
        return [record];
      },
      state: () => ({ compacted, cwd }),
      stated: () => Object.fromEntries(stated),
      cwd: () => cwd,
    };
  },
};

export const OWN_CLAUDE_RECORD: RecordFormat = {
  ...CLAUDE_RECORD,
  open: (state) => {
    const reading = CLAUDE_RECORD.open(state);
    return { ...reading, read: (line) => (isCopy(line) ? [] : reading.read(line)) };
  },
};

/** A fork names the session that asked for what it has copied. */
export function isCopy(line: JsonObject): boolean {
  const asker = nameAt(line, "requestSessionId");
  return asker !== null && asker !== nameAt(line, "sessionId");
}

function recordOf(line: JsonObject, compacted: boolean): UsageRecord | null {
  const source = messageLine(line);
  if (SAY_NOTHING.has(source["type"])) return null;
  const message = objectAt(source, "message");
  const model = nameAt(message, "model");
  const usage = message === null || model === SYNTHETIC ? null : usageOf(objectAt(message, "usage"));
  if (usage === null) return null;
  const sessionId = nameAt(line, "sessionId");
  const cliVersion = nameAt(line, "version");
  const messageId = nameAt(message, "id");
  const record: Open<UsageRecord> = {
    key: keyOf(source, messageId, sessionId, usage),
    model: model === null ? null : model + priceMark(objectAt(message, "usage")),
    usage,
    atMs: timeAt(source, "timestamp"),
    sessionId,
    cliVersion,
    flags: flagsOf(cliVersion, compacted, objectAt(message, "usage")?.["output_tokens"] === undefined),
  };
  // Versions up to 1.0 stated what a response cost.
  const statedNanoUsd = nanoUsdAt(line, "costUSD");
  if (statedNanoUsd !== null) record.statedNanoUsd = statedNanoUsd;
  if (line["isSidechain"] === true && messageId !== null) record.mayRepeat = messageId;
  return record;
}

/** Of all models together; null when a count is none. */
function statedTokens(byModel: JsonObject | null): number | null {
  if (byModel === null) return null;
  const counters = ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"];
  const tokens = Object.values(byModel)
    .map(asObject)
    .flatMap((model) => counters.map((name) => (model === null ? Number.NaN : countAt(model, name))))
    .reduce((sum, count) => sum + count, 0);
  return Number.isSafeInteger(tokens) ? tokens : null;
}

/** A fast or batched response has a price of its own, and is told from others by its model's name. */
function priceMark(usage: JsonObject | null): string {
  if (usage?.["speed"] === "fast") return "-fast";
  return usage?.["service_tier"] === "batch" ? "-batch" : "";
}

/** Older versions reported a subagent's lines within lines of progress. */
function messageLine(line: JsonObject): JsonObject {
  if (line["type"] !== "progress") return line;
  return objectAt(objectAt(line, "data"), "message") ?? line;
}

/** Null when it is no usage, or holds what cannot be counts of tokens. */
function usageOf(from: JsonObject | null): Usage | null {
  if (from === null || (from["input_tokens"] === undefined && from["output_tokens"] === undefined))
    return null;
  const [cacheWrite5mTokens, cacheWrite1hTokens] = cacheWritesOf(from);
  const usage: Open<Usage> = {
    inputTokens: countAt(from, "input_tokens"),
    cacheReadTokens: countAt(from, "cache_read_input_tokens"),
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    outputTokens: countAt(from, "output_tokens"),
    reasoningTokens: countAt(asObject(from["output_tokens_details"]), "thinking_tokens"),
  };
  // A count that is none costs nothing, and takes nothing from the tokens beside it.
  const webSearches = countAt(asObject(from["server_tool_use"]), "web_search_requests");
  if (webSearches > 0) usage.webSearches = webSearches;
  return isCounted(usage) ? usage : null;
}

/**
 * Tokens written to the 5-minute and to the 1-hour cache. Where the split and the total differ, the split is
 * believed unless it is empty; a total without a split is of the default, five minutes.
 */
function cacheWritesOf(from: JsonObject): readonly [number, number] {
  const split = objectAt(from, "cache_creation");
  const fiveMinutes = countAt(split, "ephemeral_5m_input_tokens");
  const oneHour = countAt(split, "ephemeral_1h_input_tokens");
  return fiveMinutes + oneHour === 0
    ? [countAt(from, "cache_creation_input_tokens"), 0]
    : [fiveMinutes, oneHour];
}

function keyOf(line: JsonObject, messageId: string | null, sessionId: string | null, usage: Usage): string {
  const requestId = nameAt(line, "requestId");
  if (messageId !== null && requestId !== null) return `${messageId}/${requestId}`;
  if (messageId !== null) return `${messageId}/session ${sessionId ?? "unknown"}`;
  const lineId = nameAt(line, "uuid");
  if (lineId !== null) return `line ${lineId}`;
  return `at ${nameAt(line, "timestamp") ?? "unknown"} ${Object.values(usage).join(" ")}`;
}

function flagsOf(
  cliVersion: string | null,
  compacted: boolean,
  outputMissing: boolean,
): readonly CompletenessFlag[] {
  const flags: CompletenessFlag[] = [];
  if (compacted) flags.push("compaction-unseen");
  if (outputMissing || (cliVersion !== null && isEarly(cliVersion))) flags.push("output-under-recorded");
  return flags;
}

/** A file has one version on all its lines, or few. */
const earlyVersions = new Map<string, boolean>();
const versionsKeptMax = 1_000;

function isEarly(version: string): boolean {
  const known = earlyVersions.get(version);
  if (known !== undefined) return known;
  if (earlyVersions.size >= versionsKeptMax) earlyVersions.clear();
  const early = isBefore(version, OUTPUT_FINAL_SINCE);
  earlyVersions.set(version, early);
  return early;
}

function isBefore(version: string, since: readonly [number, number, number]): boolean {
  const parts = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return false;
  for (const [i, least] of since.entries()) {
    const part = parts[i] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}
