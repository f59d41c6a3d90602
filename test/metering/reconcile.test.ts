import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNoDifference, usageDifference } from "../../src/metering/reconcile.ts";
import { NO_USAGE, addUsage, type Usage } from "../../src/metering/usage.ts";

const tokens = fc.nat(1_000_000);
const usages: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWrite5mTokens: tokens,
  cacheWrite1hTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
});

describe("what is told, held against what is recorded", () => {
  it("differs by just what is in one and not in the other", () => {
    fc.assert(
      fc.property(usages, usages, (recorded, unrecorded) => {
        const difference = usageDifference(addUsage(recorded, unrecorded), recorded);
        expect(difference).toEqual(usageDifference(unrecorded, NO_USAGE));
        expect(isNoDifference(usageDifference(recorded, recorded))).toBe(true);
      }),
    );
  });

  it("cache writes of either kind are one: who does not split them differs by nothing", () => {
    const split = { ...NO_USAGE, cacheWrite5mTokens: 3, cacheWrite1hTokens: 4 };
    expect(isNoDifference(usageDifference({ ...NO_USAGE, cacheWrite5mTokens: 7 }, split))).toBe(true);
    expect(usageDifference({ ...NO_USAGE, cacheWrite5mTokens: 5 }, split).cacheWriteTokens).toBe(-2);
  });
});
