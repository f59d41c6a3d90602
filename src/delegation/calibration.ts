/**
 * What tasks of one class (agent, model, type) really cost, learnt from the settled ones. With few samples their
 * quantiles are pulled towards what is assumed without any; from `minSamples` on they stand alone.
 */

/** One settled task: tokens as the limits count them, and its cost. */
export interface Sample {
  readonly tokens: number;
  readonly nanoUsd: number;
}

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
}

export interface Calibration {
  readonly tokens: Quantiles;
  readonly nanoUsd: Quantiles;
  /** How many tasks were looked at. */
  readonly samples: number;
  readonly basis: "prior" | "shrunk" | "history";
}

/** Most recent tasks of a class that count; older ones are another time. */
export const samplesMax = 200;
export const defaultMinSamples = 20;
/** How many samples the assumption is worth: history has the weight n / (n + this). */
const priorWeight = 5;

/**
 * Quantiles of the samples (most recent first; those beyond the first 200 are passed over), by nearest rank.
 * `prior` is what one task is assumed to cost as long as nothing is known. Integers in, integers out.
 */
export function calibrate(
  samples: readonly Sample[],
  prior: Sample,
  minSamples = defaultMinSamples,
): Calibration {
  const recent = samples.slice(0, samplesMax);
  const n = recent.length;
  const isHistory = n > 0 && n >= minSamples;
  const weight = isHistory ? 1 : n / (n + priorWeight);
  return {
    tokens: quantiles(
      recent.map(({ tokens }) => tokens),
      prior.tokens,
      weight,
    ),
    nanoUsd: quantiles(
      recent.map(({ nanoUsd }) => nanoUsd),
      prior.nanoUsd,
      weight,
    ),
    samples: n,
    basis: isHistory ? "history" : n === 0 ? "prior" : "shrunk",
  };
}

function quantiles(values: readonly number[], prior: number, weight: number): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const shrunk = (share: number) => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    return value === undefined ? prior : Math.round(weight * value + (1 - weight) * prior);
  };
  return { p50: shrunk(0.5), p90: shrunk(0.9) };
}
