/** Totals and averages over what was booked. Actual, simulated, estimated and unknown stay apart in the counts. */
import { addUsage, limitTokens, NO_USAGE, type Usage, type UsageSource } from "./usage.ts";

/** One booking, or the sum of several of one source. */
export interface BookedUsage {
  readonly usage: Usage;
  readonly source: UsageSource;
  /** Null: the model has no price. */
  readonly costNanoUsd: number | null;
}

export interface UsageSummary {
  readonly usage: Usage;
  /** Tokens in the unit of the limits. */
  readonly tokens: number;
  /** Sum of the costs that are known. */
  readonly nanoUsd: number;
  /** Tokens whose cost is not known: a sum beside them is a lower bound. */
  readonly unpricedTokens: number;
  readonly tokensBySource: Readonly<Record<UsageSource, number>>;
}

/** Adds bookings up. Tokens are counted as for a limit: cache reads only when asked for. */
export function summariseUsage(booked: readonly BookedUsage[], countCacheReads: boolean): UsageSummary {
  let usage = NO_USAGE;
  let nanoUsd = 0;
  let unpricedTokens = 0;
  const tokensBySource: Record<UsageSource, number> = { actual: 0, simulated: 0, estimated: 0, unknown: 0 };
  for (const entry of booked) {
    const tokens = limitTokens(entry.usage, countCacheReads);
    usage = addUsage(usage, entry.usage);
    tokensBySource[entry.source] += tokens;
    if (entry.costNanoUsd === null) unpricedTokens += tokens;
    else nanoUsd += entry.costNanoUsd;
  }
  return { usage, tokens: limitTokens(usage, countCacheReads), nanoUsd, unpricedTokens, tokensBySource };
}

/** Whole tokens (or nano-dollars) a task, rounded down; null without a task, for then there is no average. */
export function averagePerTask(total: number, tasks: number): number | null {
  return tasks > 0 ? Math.floor(total / tasks) : null;
}

/** `part` of `whole` in percent, unrounded; null when the whole is nothing. */
export function percentOf(part: number, whole: number): number | null {
  return whole > 0 ? (part / whole) * 100 : null;
}
