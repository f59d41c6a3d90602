/** The forecast of a task: its three sizes, from what was learnt and from what is known of such agents in general. */
import { dearestCostNanoUsd, costNanoUsd, type PriceTable } from "../metering/prices.ts";
import { NO_USAGE, type Usage } from "../metering/usage.ts";
import { predict, type Forecast, type Learnt, type Prior, type Size, type TaskClass } from "./forecast.ts";
import type { TaskHistory } from "./task-history.ts";

/** What a forecast is made with, beside the history. */
export interface ForecastGrounds {
  /** Least tokens of a first request; 0 = an agent that has no instructions of its own, as a rehearsal. */
  readonly firstRequestTokens: number;
  /** The plain estimate of the prompt. */
  readonly estimateTokens: number;
  readonly prices: PriceTable;
}

export interface SizeForecast extends Forecast {
  readonly learnt: Learnt;
}

export type TaskForecast = Readonly<Record<Size, SizeForecast>>;

/**
 * What sessions of coding agents are known to use: published figures lie between 0.4 and 1.5 million tokens, the same
 * task differing thirtyfold from run to run; all but a few percent of it is read from the cache.
 */
const generalTotalTokens = 750_000;
const generalSpread = 1.2;
const writtenPercent = 5;
const outputPercent = 1;

/** All three sizes of a task of this class. The model is null for the agent's own default. */
export function forecastTask(
  task: TaskClass,
  model: string | null,
  grounds: ForecastGrounds,
  history: TaskHistory,
): TaskForecast {
  const priors = priorsOf(model, grounds);
  const of = (size: Size): SizeForecast => {
    const learnt = history.learnt(task, size, priors[size]);
    return { ...predict(learnt, task.promptChars), learnt };
  };
  return { tokens: of("tokens"), totalTokens: of("totalTokens"), nanoUsd: of("nanoUsd") };
}

/** What is taken for true before the first task: of an agent without instructions of its own, the plain estimate. */
export function priorsOf(model: string | null, grounds: ForecastGrounds): Readonly<Record<Size, Prior>> {
  const { firstRequestTokens, estimateTokens, prices } = grounds;
  const total = firstRequestTokens > 0 ? generalTotalTokens : estimateTokens;
  const usage = firstRequestTokens > 0 ? generalUsage(total) : { ...NO_USAGE, inputTokens: total };
  const cost =
    (model === null ? null : costNanoUsd(usage, model, prices)) ?? dearestCostNanoUsd(usage, prices);
  const prior = (median: number): Prior => ({ median, spread: generalSpread });
  return {
    tokens: prior(total - usage.cacheReadTokens),
    totalTokens: prior(total),
    nanoUsd: prior(cost),
  };
}

function generalUsage(total: number): Usage {
  const cacheWrite5mTokens = Math.floor((total * writtenPercent) / 100);
  const outputTokens = Math.floor((total * outputPercent) / 100);
  return {
    ...NO_USAGE,
    cacheWrite5mTokens,
    outputTokens,
    cacheReadTokens: total - cacheWrite5mTokens - outputTokens,
  };
}
