/** What was spent, day by day, week by week or month by month: by model, and for each completed task. */
import type { ModelRow } from "../ledger/period-rows.ts";

export const TREND_STEPS = ["daily", "weekly", "monthly"] as const;
export type TrendStep = (typeof TREND_STEPS)[number];

/** What one model was used for. */
export interface ModelShare {
  readonly model: string;
  readonly tokens: number;
  /** What is known of its cost. */
  readonly nanoUsd: number;
  /** Tokens whose cost nobody knows. */
  readonly unpricedTokens: number;
  readonly simulated: boolean;
}

export interface TrendPoint {
  /** First local day, as 2026-11-23. */
  readonly day: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Dearest first. */
  readonly models: readonly ModelShare[];
  readonly nanoUsd: number;
  readonly tokens: number;
  /** Tasks completed in it. */
  readonly completed: number;
  /** Of what is known of the cost; null: no task was completed, or no cost is known. */
  readonly nanoUsdPerTask: number | null;
  /** Tokens whose cost nobody knows: where there are any, it was more. */
  readonly unpricedTokens: number;
}

export interface CostTrend {
  readonly step: TrendStep;
  readonly timeZone: string;
  /** Oldest first; the last one goes on. */
  readonly points: readonly TrendPoint[];
  /** Of all points, dearest first. */
  readonly models: readonly ModelShare[];
}

/** One span of time with what was booked and completed in it. */
export function trendPoint(
  span: { readonly day: string; readonly fromMs: number; readonly toMs: number },
  rows: readonly ModelRow[],
  completed: number,
): TrendPoint {
  const models = sharesOf(rows);
  const nanoUsd = models.reduce((sum, share) => sum + share.nanoUsd, 0);
  const tokens = models.reduce((sum, share) => sum + share.tokens, 0);
  const unpricedTokens = models.reduce((sum, share) => sum + share.unpricedTokens, 0);
  const isUnknown = unpricedTokens === tokens && tokens > 0;
  return {
    ...span,
    models,
    nanoUsd,
    tokens,
    unpricedTokens,
    completed,
    nanoUsdPerTask: completed === 0 || isUnknown ? null : Math.round(nanoUsd / completed),
  };
}

/** The shares of several points together. */
export function sharesTogether(points: readonly TrendPoint[]): ModelShare[] {
  return joined(points.flatMap(({ models }) => models));
}

function sharesOf(rows: readonly ModelRow[]): ModelShare[] {
  return joined(
    rows.map(({ model, tokens, nano, unpriced, source }) => ({
      model: model === "" ? "unknown" : model,
      tokens,
      nanoUsd: nano,
      unpricedTokens: unpriced,
      simulated: source === "simulated",
    })),
  );
}

function joined(shares: readonly ModelShare[]): ModelShare[] {
  const byModel = new Map<string, ModelShare>();
  for (const share of shares) {
    const before = byModel.get(share.model);
    byModel.set(
      share.model,
      before === undefined
        ? share
        : {
            model: share.model,
            tokens: before.tokens + share.tokens,
            nanoUsd: before.nanoUsd + share.nanoUsd,
            unpricedTokens: before.unpricedTokens + share.unpricedTokens,
            simulated: before.simulated || share.simulated,
          },
    );
  }
  return [...byModel.values()].sort((a, b) => b.nanoUsd - a.nanoUsd || b.tokens - a.tokens);
}
