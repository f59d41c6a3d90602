import fc from "fast-check";
import { expect, it } from "vitest";
import { coarseTenths, percentileTenths, tenthsOf } from "../../src/hierarchy/duration-buckets.ts";

/** Counts by bucket, longest first. */
function counted(values: readonly number[]) {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([bucket, n]) => ({ bucket, n })).sort((a, b) => b.bucket - a.bucket);
}

it("a percentile is the nearest rank of the durations as they are shown, exactly", () => {
  const durations = fc.array(fc.oneof(fc.nat(2_000), fc.nat(90_000_000)), { maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.constantFrom(500, 950, 990, 1_000), (all, permille) => {
      const tenths = all.map(tenthsOf);
      const coarse = counted(tenths.map((tenth) => Math.floor(tenth / coarseTenths)));
      const fineOf = (bucket: number) =>
        counted(tenths.filter((tenth) => Math.floor(tenth / coarseTenths) === bucket));
      // The exact one of the unrounded durations, then rounded.
      const exact = all.toSorted((a, b) => a - b)[Math.ceil((all.length * permille) / 1_000) - 1];
      expect(percentileTenths(all.length, permille, coarse, fineOf)).toBe(
        exact === undefined ? null : tenthsOf(exact),
      );
    }),
  );
});
