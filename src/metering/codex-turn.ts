/** What a Codex rollout says of its last turn, and which prompts it took in. */
import { squeezed } from "./answer-text.ts";
import {
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

/** Most prompts that are kept, the latest ones. */
const promptsMax = 100;

/** The last turn. `resetsAtMs` null: no limit ended it, or it is not said when that is over. */
export type CodexTurn =
  | { readonly state: "none" }
  | { readonly state: "running"; readonly turnId: string | null }
  | { readonly state: "completed"; readonly turnId: string | null; readonly answer: string | null }
  | {
      readonly state: "failed";
      readonly turnId: string | null;
      readonly message: string;
      /** Codex's own word for it, e.g. `usage_limit_exceeded`; null when it has none. */
      readonly code: string | null;
      readonly resetsAtMs: number | null;
    }
  | { readonly state: "aborted"; readonly turnId: string | null; readonly reason: string | null };

export interface CodexTurnState {
  readonly turn: CodexTurn;
  /** Prompts as they were taken in, oldest first; the last hundred. */
  readonly prompts: readonly string[];
}

interface Reading {
  turn: CodexTurn;
  error: JsonObject | null;
  limitResetsAtMs: number | null;
  /** Newer versions tell a prompt as an item, older ones as an event; some tell both. */
  readonly itemPrompts: string[];
  readonly eventPrompts: string[];
}

/** Reads the whole or the end of a rollout; a time without a zone is of `timeZone`. Never throws. */
export function codexTurnState(text: string, timeZone: string): CodexTurnState {
  const reading: Reading = {
    turn: { state: "none" },
    error: null,
    limitResetsAtMs: null,
    itemPrompts: [],
    eventPrompts: [],
  };
  for (const line of jsonLines(text, ['"event_msg"'])) {
    const payload = objectAt(line, "payload");
    if (line["type"] === "event_msg" && payload !== null) readEvent(reading, line, payload, timeZone);
  }
  const prompts = reading.itemPrompts.length > 0 ? reading.itemPrompts : reading.eventPrompts;
  return { turn: reading.turn, prompts: prompts.slice(-promptsMax) };
}

/**
 * Does the text hold the end of the last turn? With the answer that the agent's signal told: has it ended with that, white
 * space aside? Without one: has it ended in any way? The usage of a turn is written before its end.
 */
export function codexTurnEnded(text: string, answer: string | null): boolean {
  let ended = false;
  let told: string | null = null;
  for (const line of jsonLines(text, ['"task_', '"turn_'])) {
    const payload = line["type"] === "event_msg" ? objectAt(line, "payload") : null;
    const type = textAt(payload, "type") ?? "";
    if (!/^(?:task|turn)_(?:started|complete|aborted)$/.test(type)) continue;
    ended = !type.endsWith("_started");
    told = ended ? textAt(payload, "last_agent_message") : null;
  }
  if (answer === null) return ended;
  return told !== null && squeezed(told) === squeezed(answer);
}

/** Was the conversation compacted in this text? The line of it holds the summary, the event beside it nothing. */
export function codexCompacted(text: string): boolean {
  for (const line of jsonLines(text, ['compacted"'])) {
    if (line["type"] === "compacted") return true;
    if (line["type"] === "event_msg" && objectAt(line, "payload")?.["type"] === "context_compacted")
      return true;
  }
  return false;
}

/** When the text's last turn began, in milliseconds since 1970; null: it holds none. */
export function codexTurnBeganMs(text: string): number | null {
  let beganMs: number | null = null;
  for (const line of jsonLines(text, ['_started"'])) {
    const type = line["type"] === "event_msg" ? objectAt(line, "payload")?.["type"] : null;
    if (type === "task_started" || type === "turn_started") beganMs = timeAt(line, "timestamp");
  }
  return beganMs;
}

function readEvent(reading: Reading, line: JsonObject, payload: JsonObject, timeZone: string): void {
  const turnId = nameAt(payload, "turn_id");
  switch (payload["type"]) {
    case "task_started":
    case "turn_started":
      reading.turn = { state: "running", turnId };
      reading.error = null;
      reading.limitResetsAtMs = null;
      break;
    case "task_complete":
    case "turn_complete":
      reading.turn = endedTurn(reading, line, payload, timeZone);
      break;
    case "turn_aborted":
      reading.turn = { state: "aborted", turnId, reason: nameAt(payload, "reason") };
      break;
    case "error":
      reading.error = payload;
      break;
    case "token_count":
      reading.limitResetsAtMs = exhaustedUntil(objectAt(payload, "rate_limits")) ?? reading.limitResetsAtMs;
      break;
    case "item_completed":
      readItem(reading, objectAt(payload, "item"));
      break;
    case "user_message":
      reading.eventPrompts.push(textAt(payload, "message") ?? "");
      break;
    default:
  }
}

function endedTurn(reading: Reading, line: JsonObject, payload: JsonObject, timeZone: string): CodexTurn {
  const turnId = nameAt(payload, "turn_id");
  const answer = textAt(payload, "last_agent_message");
  // An error that was told on the way counts only when no answer came after all.
  const error = objectAt(payload, "error") ?? (answer === null ? reading.error : null);
  if (error === null) return { state: "completed", turnId, answer };
  const message = (textAt(error, "message") ?? "The turn failed and says no more.").slice(0, 2_000);
  const code = nameAt(error, "codex_error_info");
  const atMs = timeAt(line, "timestamp");
  const told = atMs === null ? null : resetTime(message, atMs, timeZone);
  return { state: "failed", turnId, message, code, resetsAtMs: reading.limitResetsAtMs ?? told };
}

/** When the last of the used-up windows begins anew; null when none is used up or it is not said. */
function exhaustedUntil(limits: JsonObject | null): number | null {
  const times = ["primary", "secondary"].flatMap((name) => {
    const window = objectAt(limits, name);
    const used = window?.["used_percent"];
    const resetsAtMs = secondsAt(window, "resets_at");
    return typeof used === "number" && used >= 100 && resetsAtMs !== null ? [resetsAtMs] : [];
  });
  return times.length === 0 ? null : Math.max(...times);
}

function readItem(reading: Reading, item: JsonObject | null): void {
  if (item?.["type"] !== "UserMessage") return;
  const texts = objectsAt(item, "content").map((part) => textAt(part, "text"));
  reading.itemPrompts.push(texts.filter((text) => text !== null).join("\n"));
}
