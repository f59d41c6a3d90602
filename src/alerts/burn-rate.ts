/**
 * Is a month's money being spent too fast? Two windows must say so: the long one that it matters, the short one that
 * it still goes on, so that an alert neither comes for one dear task nor stays for hours after it is over.
 *
 * The even rate spreads a budget over 30 days (720 hours): $1,000 a month are $1.39 an hour. Spending at three times
 * that for an hour, or at two times for six, is an alert: $4.17 and $2.78 an hour.
 */

export const hourMs = 3_600_000;
const minuteMs = 60_000;
const monthHours = 720;

export interface BurnPair {
  /** How many times the even rate. */
  readonly times: number;
  readonly longMs: number;
  readonly shortMs: number;
}

/** The pairs of windows; `fast` and `slow` are how many times the even rate each allows, null = it is not looked at. */
export function burnPairs(fast: number | null, slow: number | null): readonly BurnPair[] {
  return [
    ...(fast === null ? [] : [{ times: fast, longMs: hourMs, shortMs: 5 * minuteMs }]),
    ...(slow === null ? [] : [{ times: slow, longMs: 6 * hourMs, shortMs: 30 * minuteMs }]),
  ];
}

/** What one hour may cost before a pair alerts, in nano-dollars. */
export function hourlyBoundNanoUsd(budgetNanoUsd: number, times: number): number {
  return Math.round((budgetNanoUsd / monthHours) * times);
}

/** Money per hour in a window, in nano-dollars. */
export function hourlyRateNanoUsd(spentNanoUsd: number, windowMs: number): number {
  return Math.round((spentNanoUsd / windowMs) * hourMs);
}

/**
 * Do both windows burn faster than the pair allows? Strictly, and exactly (in integers). `was`: it alerts already, and
 * is over when one of them is back at nine tenths of the bound.
 */
export function burns(
  pair: BurnPair,
  budgetNanoUsd: number,
  spentIn: (windowMs: number) => number,
  was: boolean,
): boolean {
  const thousandths = BigInt(Math.round(pair.times * (was ? 900 : 1_000)));
  return [pair.longMs, pair.shortMs].every(
    (windowMs) =>
      BigInt(spentIn(windowMs)) * BigInt(monthHours) * BigInt(hourMs) * 1_000n >
      BigInt(budgetNanoUsd) * BigInt(windowMs) * thousandths,
  );
}
