/** Assembles what `estimate` shows, from a decision with its forecast. */
import { codePoints } from "../delegation/estimate.ts";
import type { Explanation } from "../delegation/delegate.ts";
import { promptNeeds } from "../delegation/forecast.ts";
import type { TaskForecast } from "../delegation/task-forecast.ts";
import type { EstimateForecast, EstimateModel, Quantiles } from "../reports/estimate.ts";

export interface EstimateAsked {
  readonly text: string;
  readonly type: string | null;
  readonly model: string | null;
  readonly agent: string | null;
  /** The folder it is about. */
  readonly cwd: string;
}

export function estimateModel(
  { text, cwd }: EstimateAsked,
  explained: Explanation,
  costKnown: boolean,
  priceTable: string,
): EstimateModel {
  const { type, confidence, complexity, agent, model, forecast } = explained;
  const { reserveTokens, reserveNanoUsd, reserveBasis } = explained;
  return {
    ...{
      type,
      confidence,
      complexity,
      agent,
      model,
      reserveTokens,
      reserveNanoUsd,
      reserveBasis,
      priceTable,
    },
    folder: cwd,
    promptChars: codePoints(text),
    promptTokens: explained.estimateTokens,
    forecast: forecast === null ? null : forecastFigures(forecast, costKnown),
  };
}

function forecastFigures(
  { tokens, totalTokens, nanoUsd }: TaskForecast,
  costKnown: boolean,
): EstimateForecast {
  const figures = ({ p50, p90 }: Quantiles): Quantiles => ({ p50, p90 });
  return {
    tokens: figures(tokens),
    totalTokens: figures(totalTokens),
    nanoUsd: costKnown ? figures(nanoUsd) : null,
    classes: tokens.learnt.classes,
    prompt: tokens.learnt.prompt,
    promptNeeds,
    priorTokens: tokens.learnt.prior.median,
  };
}
