/** What a model call really used, as five raw counters. Tokens are integers; money is derived elsewhere. */

/** Raw counters of one response or a sum of them. Input excludes everything that was cached. */
export interface Usage {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  /** Includes reasoning where the provider bills it as output. */
  readonly outputTokens: number;
  /** Part of `outputTokens`, shown beside it, never added. */
  readonly reasoningTokens: number;
  /** Searches the provider made on the web: requests, each with a fee, not tokens. Left out = none. */
  readonly webSearches?: number;
}

/**
 * How a figure came to be: `actual` = read from the agent's own record; `simulated` = a rehearsal's record
 * (nothing was spent); `estimated` = ours, because no record was found; `unknown` = shown as n/a, never as 0.
 */
export type UsageSource = "actual" | "simulated" | "estimated" | "unknown";

/** The same while it is still being made. */
export type Open<T> = { -readonly [Key in keyof T]: T[Key] };

/** One model response as an agent recorded it. `key` is the same for every copy of the same response. */
export interface UsageRecord {
  readonly key: string;
  readonly model: string | null;
  readonly usage: Usage;
  readonly atMs: number | null;
  readonly sessionId: string | null;
  readonly cliVersion: string | null;
  readonly flags: readonly CompletenessFlag[];
  /** Of a side conversation only: the message this may be a replay of, under another request (see `mergeRecords`). */
  readonly mayRepeat?: string;
  /** What the agent itself says the response cost, in nano-dollars, where it says so. */
  readonly statedNanoUsd?: number;
}

/** Why a record may say less than what was spent. */
export type CompletenessFlag =
  | "output-under-recorded"
  | "compaction-unseen"
  | "unpriced-model"
  /** In no line of the record: what the agent states of the whole less what it recorded. */
  | "beyond-record";

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
});

/** Is each counter of tokens a count? A sum with one that is none is none. */
export function isCounted(usage: Usage): boolean {
  return !Number.isNaN(totalTokens(usage) + usage.reasoningTokens);
}

/** Counter-wise sum. */
export function addUsage(a: Usage, b: Usage): Usage {
  return mapUsage(a, b, (x, y) => x + y);
}

/** Counter-wise maximum: how two sightings of the same response are merged (never summed). */
export function maxUsage(a: Usage, b: Usage): Usage {
  return mapUsage(a, b, Math.max);
}

export function isSameUsage(a: Usage, b: Usage): boolean {
  return (
    a.inputTokens === b.inputTokens &&
    a.cacheReadTokens === b.cacheReadTokens &&
    a.cacheWrite5mTokens === b.cacheWrite5mTokens &&
    a.cacheWrite1hTokens === b.cacheWrite1hTokens &&
    a.outputTokens === b.outputTokens &&
    a.reasoningTokens === b.reasoningTokens &&
    a.webSearches === b.webSearches
  );
}

/** Everything the provider moved, cache reads included. */
export function totalTokens(usage: Usage): number {
  return usage.cacheReadTokens + limitTokens(usage, false);
}

/** Tokens that count toward a token limit: input + output + cache writes, cache reads only when asked for. */
export function limitTokens(usage: Usage, countCacheReads: boolean): number {
  return (
    usage.inputTokens +
    usage.cacheWrite5mTokens +
    usage.cacheWrite1hTokens +
    usage.outputTokens +
    (countCacheReads ? usage.cacheReadTokens : 0)
  );
}

function mapUsage(a: Usage, b: Usage, merge: (x: number, y: number) => number): Usage {
  const webSearches = merge(a.webSearches ?? 0, b.webSearches ?? 0);
  return {
    ...(webSearches === 0 ? {} : { webSearches }),
    inputTokens: merge(a.inputTokens, b.inputTokens),
    cacheReadTokens: merge(a.cacheReadTokens, b.cacheReadTokens),
    cacheWrite5mTokens: merge(a.cacheWrite5mTokens, b.cacheWrite5mTokens),
    cacheWrite1hTokens: merge(a.cacheWrite1hTokens, b.cacheWrite1hTokens),
    outputTokens: merge(a.outputTokens, b.outputTokens),
    reasoningTokens: merge(a.reasoningTokens, b.reasoningTokens),
  };
}
