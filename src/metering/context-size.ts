/** How much a conversation holds: what its last request was sent with. */
import type { UsageRecord } from "./usage.ts";

export interface ContextSize {
  /** Input, cache reads and cache writes of one request. */
  readonly tokens: number;
  /** The request it was read from. */
  readonly key: string;
}

/**
 * The context of a session by its latest request among these, in the order they were recorded; null: none is of it.
 * What subagents were sent is no part of it: their records name a session of their own, or a conversation beside.
 * Nor is what an agent states of a whole session beside its requests.
 */
export function contextSize(records: readonly UsageRecord[], sessionId: string | null): ContextSize | null {
  const last = records.findLast(
    ({ mayRepeat, flags, sessionId: of }) =>
      mayRepeat === undefined &&
      !flags.includes("beyond-record") &&
      (of === null || sessionId === null || of === sessionId),
  );
  if (last === undefined) return null;
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = last.usage;
  return { tokens: inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens, key: last.key };
}
