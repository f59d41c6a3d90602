/**
 * What routing to cheaper models saved, measured on the tokens really used against one model for all of them, and
 * how much cheaper one model is than another. Computed from the active prices; no ratio is written down anywhere.
 */
import { costNanoUsd, priceInForce, resolveModel, type PriceTable } from "./prices.ts";
import { totalTokens, type Usage } from "./usage.ts";

/** Usage of one model, or of one response. */
export interface ModelUsage {
  readonly model: string | null;
  readonly usage: Usage;
}

export interface MeasuredSaving {
  readonly spentNanoUsd: number;
  /** What the same tokens would have cost with the one model. */
  readonly uniformNanoUsd: number;
  /** Negative when the routing was dearer. */
  readonly savedNanoUsd: number;
  /** Of the uniform cost, unrounded; null when that is nothing. */
  readonly savedPercent: number | null;
  /** Tokens left out on both sides, because their model has no price. */
  readonly unpricedTokens: number;
}

/** Compares with `uniformModel` for everything. Null when the table has no price for that model. */
export function measuredSaving(
  used: readonly ModelUsage[],
  uniformModel: string,
  table: PriceTable,
): MeasuredSaving | null {
  if (resolveModel(uniformModel, table) === null) return null;
  let spentNanoUsd = 0;
  let uniformNanoUsd = 0;
  let unpricedTokens = 0;
  for (const { model, usage } of used) {
    const spent = model === null ? null : costNanoUsd(usage, model, table);
    const uniform = costNanoUsd(usage, uniformModel, table);
    if (spent === null || uniform === null) {
      unpricedTokens += totalTokens(usage);
      continue;
    }
    spentNanoUsd += spent;
    uniformNanoUsd += uniform;
  }
  const savedNanoUsd = uniformNanoUsd - spentNanoUsd;
  const savedPercent = uniformNanoUsd === 0 ? null : (savedNanoUsd / uniformNanoUsd) * 100;
  return { spentNanoUsd, uniformNanoUsd, savedNanoUsd, savedPercent, unpricedTokens };
}

/** By how many percent `model` is cheaper than `other` on input and on output (negative: dearer); null = no price. */
export function cheaperPercent(
  model: string,
  other: string,
  table: PriceTable,
): { readonly input: number; readonly output: number } | null {
  const price = priceInForce(model, table, null)?.price;
  const against = priceInForce(other, table, null)?.price;
  if (price === undefined || against === undefined || against.inputNano === 0 || against.outputNano === 0)
    return null;
  return {
    input: (1 - price.inputNano / against.inputNano) * 100,
    output: (1 - price.outputNano / against.outputNano) * 100,
  };
}
