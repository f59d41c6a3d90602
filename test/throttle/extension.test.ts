import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitting, wantedReservation } from "../../src/throttle/extension.ts";

const spend = (tokens: number, nanoUsd = 0) => ({ tokens, nanoUsd });

describe("when more is asked for", () => {
  it.each([
    [100, 80, null],
    [100, 81, 150],
    [100, 120, 150],
    [100, 121, 225],
    [100, 500, 761],
    [0, 0, null],
    [0, 1, 2],
  ])("of %i reserved %i are used: %s", (reserved, used, wanted) => {
    expect(wantedReservation(spend(reserved), spend(used))?.tokens ?? null).toBe(wanted);
  });

  it("tokens and money each by themselves", () => {
    expect(wantedReservation(spend(100, 1_000), spend(10, 900))).toEqual(spend(100, 1_500));
  });

  it("leaves a fifth unused, and is never more than half as much again as that needs", () => {
    const amount = fc.nat(10_000_000_000);
    fc.assert(
      fc.property(amount, amount, (reserved, used) => {
        const wanted = wantedReservation(spend(reserved), spend(used))?.tokens ?? reserved;
        expect(used * 100).toBeLessThanOrEqual(wanted * 80);
        if (wanted > reserved) expect(wanted).toBeLessThanOrEqual(Math.ceil(used * 1.25 * 1.5) + 2);
      }),
    );
  });
});

describe("how much of it fits", () => {
  it.each([
    // reserved, used, wanted, room → reserved, owed
    [100, 90, 150, 1_000, 150, 0],
    [100, 90, 150, 50, 150, 0],
    [100, 90, 150, 20, 120, 30],
    [100, 90, 150, 0, 100, 50],
    [100, 90, 150, -70, 100, 50],
    // What was overrun is used already: it takes no room, and it holds nothing.
    [100, 140, 225, 1_000, 225, 0],
    [100, 140, 225, 10, 150, 75],
    [100, 140, 225, 0, 140, 85],
    [100, 90, 150, Number.POSITIVE_INFINITY, 150, 0],
  ])("%i reserved, %i used, %i wanted, room for %i", (reserved, used, wanted, room, grown, owed) => {
    expect(fitting({ reserved, used }, wanted, room)).toEqual({ reserved: grown, owed });
  });

  it("never holds more than there is room for, never shrinks, and owes exactly the rest", () => {
    const amount = fc.nat(1_000);
    const room = fc.integer({ min: -500, max: 1_000 });
    fc.assert(
      fc.property(amount, amount, amount, room, (reserved, used, wanted, left) => {
        const plan = fitting({ reserved, used }, wanted, left);
        const heldBefore = Math.max(0, reserved - used);
        const held = Math.max(0, plan.reserved - used);
        expect(held - heldBefore).toBeLessThanOrEqual(Math.max(0, left));
        expect(plan.reserved).toBeGreaterThanOrEqual(reserved);
        expect(held + plan.owed).toBe(Math.max(heldBefore, wanted - used));
      }),
    );
  });
});
