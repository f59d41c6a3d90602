/** What an agent told of an attempt by telemetry beside what its record says: the difference, never a sum. */
import type { Usage } from "./usage.ts";

/** By how much was told more than is recorded; less is negative. Cache writes are compared as one. */
export interface UsageDifference {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
}

/** Told less recorded, counter by counter. */
export function usageDifference(told: Usage, recorded: Usage): UsageDifference {
  return {
    inputTokens: told.inputTokens - recorded.inputTokens,
    cacheReadTokens: told.cacheReadTokens - recorded.cacheReadTokens,
    cacheWriteTokens: writesOf(told) - writesOf(recorded),
    outputTokens: told.outputTokens - recorded.outputTokens,
  };
}

/** Do both say the same, to the token? */
export function isNoDifference(difference: UsageDifference): boolean {
  return Object.values(difference).every((tokens) => tokens === 0);
}

function writesOf({ cacheWrite5mTokens, cacheWrite1hTokens }: Usage): number {
  return cacheWrite5mTokens + cacheWrite1hTokens;
}
