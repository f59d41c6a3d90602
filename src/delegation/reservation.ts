/**
 * What is held against the limits before a task runs, in the limits' own unit: input, output and cache writes, cache
 * reads apart. Too little lets the hour overrun, too much fills it with air: so the formula, lifted to what the agent
 * is known to spend on a first request, and to what nine in ten such tasks needed once some have been settled.
 */
import type { AgentKind } from "../agents/adapter.ts";
import { costNanoUsd, dearestCostNanoUsd, type PriceTable } from "../metering/prices.ts";
import { NO_USAGE, type Usage } from "../metering/usage.ts";
import { calibrate, samplesMax, type Calibration, type Sample } from "./calibration.ts";

/** What a reservation needs to know of an agent kind. */
export interface AgentFloor {
  /** False: nothing it does costs tokens. */
  readonly spends: boolean;
  /** Least tokens one first request costs against a token limit. */
  readonly firstRequestTokens: number;
}

export interface ReservationRequest {
  readonly agent: AgentKind;
  readonly floor: AgentFloor;
  /** null = the agent's own default, which we do not know. */
  readonly model: string | null;
  /** The plain estimate of the prompt. */
  readonly estimateTokens: number;
  /** Nine in ten such tasks are forecast to use no more than this; null = nobody forecasts. */
  readonly forecastP90: Sample | null;
  /** Settled tasks of this class, most recent first. */
  readonly samples: readonly Sample[];
  readonly minSamples: number;
  readonly prices: PriceTable;
}

export interface Reservation {
  readonly tokens: number;
  readonly nanoUsd: number;
  /** Which rule gave the tokens, in words. */
  readonly basis: string;
  /** What a usual task of this class is expected to cost; null when its model has no price. */
  readonly expectedNanoUsd: number | null;
  readonly calibration: Calibration;
}

/**
 * Assumed share of output among the tokens a limit counts. Agents re-read most of their context from the cache, and
 * those reads do not count; of what is left, recorded sessions of coding agents show between a tenth and a fifth as
 * output. The upper end, because output is the dear part.
 */
export const assumedOutputPercent = 20;

const NOTHING: Sample = { tokens: 0, nanoUsd: 0 };

/** Tokens and nano-dollars to hold. An agent that spends nothing holds nothing; an unpriced model the dearest price. */
export function reservationFor(request: ReservationRequest): Reservation {
  const { agent, floor, estimateTokens, minSamples } = request;
  if (!floor.spends) {
    const calibration = calibrate([], NOTHING);
    return { ...NOTHING, basis: `${agent} spends no tokens`, expectedNanoUsd: 0, calibration };
  }
  const leastTokens = Math.max(estimateTokens, floor.firstRequestTokens);
  const least = {
    tokens: leastTokens,
    nanoUsd: priced(leastTokens, request) ?? dearest(leastTokens, request),
  };
  const calibration = calibrate(request.samples, least, minSamples);
  const p90 = p90Of(calibration, request);
  const isLearnt = calibration.samples > 0 && p90.tokens > leastTokens;
  return {
    tokens: Math.max(leastTokens, p90.tokens),
    nanoUsd: Math.max(least.nanoUsd, p90.nanoUsd),
    basis: isLearnt ? learntBasis(calibration, request) : plainBasis(request),
    expectedNanoUsd: expectedCost(calibration, leastTokens, request),
    calibration,
  };
}

/**
 * With few tasks their p90 as it stands, drawn to the default. With enough of them the forecast's, which knows the
 * folder and the prompt, but never more than the largest of them: a hold must not outgrow all that was ever seen.
 */
function p90Of(
  { basis, tokens, nanoUsd }: Calibration,
  { forecastP90, samples }: ReservationRequest,
): Sample {
  if (basis !== "history" || forecastP90 === null) return { tokens: tokens.p90, nanoUsd: nanoUsd.p90 };
  const recent = samples.slice(0, samplesMax);
  return {
    tokens: Math.min(forecastP90.tokens, Math.max(...recent.map((sample) => sample.tokens))),
    nanoUsd: Math.min(forecastP90.nanoUsd, Math.max(...recent.map((sample) => sample.nanoUsd))),
  };
}

/** The usual cost of settled tasks; before there is one, the price of the least. Unknown stays unknown. */
function expectedCost(
  calibration: Calibration,
  leastTokens: number,
  request: ReservationRequest,
): number | null {
  const cost = priced(leastTokens, request);
  return cost === null || calibration.samples === 0 ? cost : calibration.nanoUsd.p50;
}

/** What so many tokens cost with a model at the assumed mix of input and output; null = it has no price. */
export function mixCostNanoUsd(tokens: number, model: string | null, prices: PriceTable): number | null {
  return model === null ? null : costNanoUsd(assumedUsage(tokens), model, prices);
}

function priced(tokens: number, { model, prices }: ReservationRequest): number | null {
  return mixCostNanoUsd(tokens, model, prices);
}

function dearest(tokens: number, { prices }: ReservationRequest): number {
  return dearestCostNanoUsd(assumedUsage(tokens), prices);
}

/** Input is taken as written to the cache, which is what agents do with it and what costs more. */
function assumedUsage(tokens: number): Usage {
  const outputTokens = Math.floor((tokens * assumedOutputPercent) / 100);
  return { ...NO_USAGE, outputTokens, cacheWrite5mTokens: tokens - outputTokens };
}

function learntBasis({ samples, basis }: Calibration, { forecastP90 }: ReservationRequest): string {
  const tasks = samples === 1 ? "1 task" : `${samples} tasks`;
  if (basis !== "history") return `p90 of ${tasks}, drawn to the default`;
  return forecastP90 === null ? `p90 of ${tasks}` : `p90 forecast from ${tasks}`;
}

function plainBasis({ agent, floor, estimateTokens }: ReservationRequest): string {
  return floor.firstRequestTokens > estimateTokens ? `first-request floor of ${agent}` : "formula";
}
