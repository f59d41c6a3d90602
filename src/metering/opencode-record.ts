/**
 * Usage from OpenCode's messages: rows of its database in newer versions, one small JSON file a message in older
 * ones. The same message is written again as it grows. Its title requests are recorded nowhere.
 *
 * OpenCode counts input without what was cached, and reasoning beside the output; here output includes it, as it is
 * billed. It states the cost of each message, by prices that only it knows.
 */
import { countAt, nameAt, nanoUsdAt, objectAt, parseLine, type JsonObject } from "./json-lines.ts";
import type { Usage, UsageRecord } from "./usage.ts";

/** One message as OpenCode stores it. */
export interface OpencodeMessage {
  readonly id: string;
  readonly sessionId: string | null;
  /** Version of the program that began the session. */
  readonly cliVersion: string | null;
  /** The message itself, as JSON. */
  readonly data: string;
}

/** The record of a message; null for one that used nothing or is not understood. Never throws. */
export function opencodeRecord(message: OpencodeMessage): UsageRecord | null {
  const data = parseLine(message.data);
  const usage = data === null || data["role"] !== "assistant" ? null : usageOf(objectAt(data, "tokens"));
  if (usage === null) return null;
  const statedNanoUsd = nanoUsdAt(data, "cost");
  return {
    key: message.id,
    model: nameAt(data, "modelID"),
    usage,
    atMs: countAtOrNull(objectAt(data, "time"), "created"),
    sessionId: message.sessionId ?? nameAt(data, "sessionID"),
    cliVersion: message.cliVersion,
    flags: [],
    // A cost of nothing says that it knows no price.
    ...(statedNanoUsd === null || statedNanoUsd === 0 ? {} : { statedNanoUsd }),
  };
}

/** The record of a message's own file, as older versions kept it. */
export function opencodeFileRecord(text: string): UsageRecord | null {
  const data = parseLine(text.trim());
  const id = nameAt(data, "id");
  return id === null ? null : opencodeRecord({ id, sessionId: null, cliVersion: null, data: text.trim() });
}

/** Null when it is no usage, or holds what cannot be counts of tokens. */
function usageOf(from: JsonObject | null): Usage | null {
  if (from === null) return null;
  const cache = objectAt(from, "cache");
  const reasoningTokens = countAt(from, "reasoning");
  const usage: Usage = {
    inputTokens: countAt(from, "input"),
    cacheReadTokens: countAt(cache, "read"),
    cacheWrite5mTokens: countAt(cache, "write"),
    cacheWrite1hTokens: 0,
    outputTokens: countAt(from, "output") + reasoningTokens,
    reasoningTokens,
  };
  const counts = Object.values(usage);
  return counts.some(Number.isNaN) || counts.every((count) => count === 0) ? null : usage;
}

function countAtOrNull(from: JsonObject | null, name: string): number | null {
  const value = from?.[name];
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;
}
