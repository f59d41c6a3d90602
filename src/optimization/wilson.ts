/** How sure a measured rate is: Wilson's score interval, which also holds for few tasks and for rates near 0 and 1. */

/** Within this the true rate lies with 95 %, 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Standard deviations of a normal distribution that hold 95 % of it. */
const z = 1.959963984540054;

/** Of `successes` in `n`; with n = 0 nothing is known: 0 to 1. */
export function wilson95(successes: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const rate = successes / n;
  const zz = z * z;
  const centre = (rate + zz / (2 * n)) / (1 + zz / n);
  const half = (z * Math.sqrt((rate * (1 - rate)) / n + zz / (4 * n * n))) / (1 + zz / n);
  // At the ends the formula is exact; the machine's arithmetic is not.
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === n ? 1 : Math.min(1, centre + half),
  };
}
