/**
 * Durations counted so that a percentile is exact to what is shown. Shown are tenths of a second, and rounding keeps
 * the order, so counting rounded durations loses nothing of a nearest-rank percentile that is rounded anyway. A count
 * for each tenth and one for each 256 of them let it be found in a few hundred steps, whatever the number of tasks.
 */
const tenthMs = 100;
/** Tenths of a second that a coarse bucket holds. */
export const coarseTenths = 256;

/** A duration in tenths of a second, as it is shown. */
export function tenthsOf(durationMs: number): number {
  return Math.round(durationMs / tenthMs);
}

export interface Counted {
  readonly bucket: number;
  readonly n: number;
}

/**
 * The nearest-rank percentile in tenths of a second; null: nothing was counted. `coarse`: all coarse buckets, longest
 * first; `fineOf`: the fine ones inside a coarse one, longest first.
 */
export function percentileTenths(
  total: number,
  permille: number,
  coarse: Iterable<Counted>,
  fineOf: (coarse: number) => Iterable<Counted>,
): number | null {
  if (total === 0) return null;
  // So many are longer than the one looked for.
  let above = total - Math.ceil((total * permille) / 1_000);
  for (const { bucket, n } of coarse) {
    if (above >= n) {
      above -= n;
      continue;
    }
    for (const fine of fineOf(bucket)) {
      if (above < fine.n) return fine.bucket;
      above -= fine.n;
    }
  }
  return null;
}
