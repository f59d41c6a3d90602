/** A number that says how it came to be. Unknown has no value, and is never taken for 0. */
import type { UsageSource } from "../metering/usage.ts";

export interface Figure {
  /** Tokens or nano-dollars; null only when unknown. */
  readonly value: number | null;
  readonly source: UsageSource;
}

/** A sum of figures: what is known, and how many parts were not. */
export interface FigureSum {
  readonly figure: Figure;
  readonly unknownCount: number;
}

export const UNKNOWN: Figure = Object.freeze({ value: null, source: "unknown" });

/** A figure of this value and source; without a value it is unknown whatever the source says. */
export function figureOf(value: number | null, source: UsageSource): Figure {
  return value === null || source === "unknown" ? UNKNOWN : { value, source };
}

/**
 * Sum of the known parts: estimated as soon as one part is, else simulated as soon as one part is. Nothing but
 * unknown parts is unknown; no part at all is an actual 0.
 */
export function sumFigures(figures: Iterable<Figure>): FigureSum {
  let value = 0;
  let known = 0;
  let unknownCount = 0;
  const sources = new Set<UsageSource>();
  for (const figure of figures) {
    if (figure.value === null) {
      unknownCount += 1;
      continue;
    }
    value += figure.value;
    known += 1;
    sources.add(figure.source);
  }
  if (known === 0 && unknownCount > 0) return { figure: UNKNOWN, unknownCount };
  const source = sources.has("estimated") ? "estimated" : sources.has("simulated") ? "simulated" : "actual";
  return { figure: { value, source }, unknownCount };
}
