import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isInForce,
  parked,
  PARK_CAUSES,
  resumeAtMs,
  type AccountPark,
  type ParkReason,
} from "../../src/throttle/account-parking.ts";

const MINUTE = 60_000;
const reasonOf = (cause: ParkReason["cause"], resetsAtMs: number | null = null): ParkReason => ({
  cause,
  message: cause,
  resetsAtMs,
});
const next = (previous: AccountPark | null, reason: ParkReason, nowMs: number) =>
  parked(previous, reason, nowMs);

describe("an account is parked", () => {
  it.each([
    ["until the reset that was stated", reasonOf("quota-exhausted", 90 * MINUTE), 90 * MINUTE],
    ["for a quarter of an hour where a used-up quota names none", reasonOf("quota-exhausted"), 15 * MINUTE],
    ["for a minute after a rate limit", reasonOf("rate-limited"), MINUTE],
    ["for half a minute when the provider is overloaded", reasonOf("overloaded"), MINUTE / 2],
    ["until a person says so when there is no credit", reasonOf("out-of-credit"), null],
    ["until a person says so when nobody is logged in", reasonOf("not-logged-in"), null],
    ["as if no reset was named, when it has passed", reasonOf("rate-limited", -1), MINUTE],
    ["or lies further ahead than any plan's", reasonOf("rate-limited", 40 * 24 * 60 * MINUTE), MINUTE],
  ])("%s", (_what, reason, untilMs) => {
    expect(next(null, reason, 0)).toEqual({
      cause: reason.cause,
      message: reason.cause,
      sinceMs: 0,
      untilMs,
      inRow: 1,
    });
  });

  it("longer each time in a row, an hour at most; after eight times only a person can tell", () => {
    let park: AccountPark | null = null;
    let nowMs = 0;
    const pauses: (number | null)[] = [];
    for (let n = 0; n < 10; n += 1) {
      park = next(park, reasonOf("rate-limited"), nowMs);
      pauses.push(park.untilMs === null ? null : (park.untilMs - nowMs) / MINUTE);
      nowMs = (park.untilMs ?? nowMs) + 3 * MINUTE;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, null, null]);
  });

  it("once for several workers that meet the same limit, until the latest reset any of them was told", () => {
    const first = next(null, reasonOf("quota-exhausted", 60 * MINUTE), 0);
    const second = next(first, reasonOf("quota-exhausted", 61 * MINUTE), MINUTE);
    const third = next(second, reasonOf("quota-exhausted", 59 * MINUTE), 2 * MINUTE);
    expect(third).toEqual({ ...first, untilMs: 61 * MINUTE });
  });

  it("for another cause from the beginning", () => {
    const first = next(null, reasonOf("overloaded"), 0);
    expect(next(first, reasonOf("not-logged-in"), 1_000)).toMatchObject({ inRow: 1, untilMs: null });
  });

  it("never into the past, whatever was said", () => {
    const reason = fc.record({
      cause: fc.constantFrom(...PARK_CAUSES),
      message: fc.string(),
      resetsAtMs: fc.option(fc.integer({ min: -1e13, max: 1e13 })),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(reason, fc.nat(1e9)), { maxLength: 20 }), (failures) => {
        let park: AccountPark | null = null;
        let nowMs = 0;
        for (const [why, laterMs] of failures) {
          nowMs += laterMs;
          park = parked(park, why, nowMs);
          expect(isInForce(park, nowMs)).toBe(true);
          expect(park.inRow).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("attempts that waited", () => {
  it("go on in turn, some seconds apart, after the reset and never all at once", () => {
    const at = Array.from({ length: 20 }, (_, n) => resumeAtMs(1_000, n, `a${n}`));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at[0]).toBeGreaterThan(1_000);
    for (let n = 1; n < at.length; n += 1)
      expect((at[n] ?? 0) - (at[n - 1] ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect(resumeAtMs(1_000, 3, "a3")).toBe(at[3]);
  });
});
