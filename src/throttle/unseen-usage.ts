/**
 * What of limits on an agent is kept for a person's own use of it that nobody has seen yet: an answer stands in a record
 * when it has ended, so what was seen lags behind what is spent. Kept is the 95th percentile of what was used in a lag,
 * over the lags of the last hour: nothing when the person is away, and soon enough when they are at work.
 */
import type { Spend } from "./limits.ts";

/** From the beginning of an answer to the record that tells it. */
const lagMs = 60_000;
const lagsLookedAt = 60;
const keptShare = 0.95;

const NOTHING: Spend = Object.freeze({ tokens: 0, nanoUsd: 0 });

export class UnseenUsage {
  /** By agent, what was used in each lag, by its number. */
  readonly #seen = new Map<string, Map<number, Spend>>();
  /** What was found last, by agent: it holds until the next lag or the next usage. */
  readonly #kept = new Map<string, { readonly last: number; readonly kept: Spend }>();

  add(agent: string, atMs: number, { tokens, nanoUsd }: Spend): void {
    const lags = this.#seen.get(agent) ?? new Map<number, Spend>();
    this.#seen.set(agent, lags);
    this.#kept.delete(agent);
    const lag = Math.floor(atMs / lagMs);
    const known = lags.get(lag) ?? NOTHING;
    lags.set(lag, { tokens: known.tokens + tokens, nanoUsd: known.nanoUsd + nanoUsd });
    if (lags.size > 2 * lagsLookedAt) forgetBefore(lags, Math.max(...lags.keys()) - lagsLookedAt);
  }

  /** What is to be left free at this moment. */
  keptFor(agent: string, nowMs: number): Spend {
    const lags = this.#seen.get(agent);
    if (lags === undefined) return NOTHING;
    const last = Math.floor(nowMs / lagMs);
    const known = this.#kept.get(agent);
    if (known?.last === last) return known.kept;
    const spends = Array.from({ length: lagsLookedAt }, (_, back) => lags.get(last - back) ?? NOTHING);
    const kept = {
      tokens: percentile(spends.map(({ tokens }) => tokens)),
      nanoUsd: percentile(spends.map(({ nanoUsd }) => nanoUsd)),
    };
    this.#kept.set(agent, { last, kept });
    return kept;
  }
}

function forgetBefore(lags: Map<number, Spend>, first: number): void {
  for (const lag of lags.keys()) if (lag < first) lags.delete(lag);
}

/** Nearest rank. */
function percentile(amounts: readonly number[]): number {
  return amounts.toSorted((a, b) => a - b)[Math.ceil(keptShare * amounts.length) - 1] ?? 0;
}
