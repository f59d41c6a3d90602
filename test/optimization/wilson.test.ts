import fc from "fast-check";
import { expect, it, test } from "vitest";
import { wilson95 } from "../../src/optimization/wilson.ts";

test.each([
  [0, 0, 0, 1],
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
  [5, 10, 0.2366, 0.7634],
  [81, 263, 0.2553, 0.3662],
  [20, 20, 0.8389, 1],
  [22, 22, 0.8513, 1],
])("%i of %i", (successes, n, low, high) => {
  const interval = wilson95(successes, n);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

it("holds the measured rate, mirrors, and narrows as more is known", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, part) => {
      const successes = Math.round(n * part);
      const { low, high } = wilson95(successes, n);
      expect(low).toBeLessThanOrEqual(successes / n);
      expect(high).toBeGreaterThanOrEqual(successes / n);
      const mirrored = wilson95(n - successes, n);
      expect(mirrored.low).toBeCloseTo(1 - high, 12);
      const doubled = wilson95(2 * successes, 2 * n);
      expect(doubled.high - doubled.low).toBeLessThan(high - low);
    }),
    { numRuns: 200 },
  );
});
