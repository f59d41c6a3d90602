/** Counters of tokens as the columns of a row, whichever table they stand in. */
import type { Usage } from "../metering/usage.ts";

export interface StoredCounters {
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly output: number;
  readonly reasoning: number;
  /** Left out where a table does not keep them. */
  readonly web_searches?: number;
}

export function usageOfRow(row: StoredCounters): Usage {
  const webSearches = row.web_searches ?? 0;
  return {
    inputTokens: row.input,
    cacheReadTokens: row.cache_read,
    cacheWrite5mTokens: row.cache_write_5m,
    cacheWrite1hTokens: row.cache_write_1h,
    outputTokens: row.output,
    reasoningTokens: row.reasoning,
    ...(webSearches > 0 ? { webSearches } : {}),
  };
}
