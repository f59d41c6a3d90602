import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerClock } from "../../src/throttle/ledger-clock.ts";

const anchor = { wallMs: 1_000_000, monotonicMs: 500 };

describe("LedgerClock", () => {
  it("is the wall clock while that behaves", () => {
    const clock = new LedgerClock(anchor);
    expect(clock.read(1_000_000, 500)).toBe(1_000_000);
    expect(clock.read(1_060_000, 60_500)).toBe(1_060_000);
    expect(clock.read(1_121_500, 120_500)).toBe(1_121_500);
  });

  it("a jump forward opens windows only as time really passes", () => {
    const clock = new LedgerClock(anchor);
    expect(clock.read(1_000_000 + 86_400_000, 500)).toBe(1_002_000);
    expect(clock.read(1_000_000 + 86_460_000, 60_500)).toBe(1_062_000);
    expect(clock.driftMs(1_000_000 + 86_460_000, 60_500)).toBe(86_400_000);
  });

  it("is whole milliseconds, also where the time since boot rules", () => {
    expect(new LedgerClock(anchor).read(2_000_000, 500.75)).toBe(1_002_000);
  });

  it("a jump back stands still until the wall clock has caught up", () => {
    const clock = new LedgerClock(anchor);
    expect(clock.read(1_060_000, 60_500)).toBe(1_060_000);
    expect(clock.read(100_000, 70_500)).toBe(1_060_000);
    expect(clock.read(1_061_000, 1_000_500)).toBe(1_061_000);
  });

  it("begins no earlier than what the ledger holds", () => {
    expect(new LedgerClock(anchor, 2_000_000).read(1_000_000, 500)).toBe(2_000_000);
  });

  it("never goes back, and never gains more than 2 s on real time", () => {
    const reading = fc.record({ wallMs: fc.nat(10_000_000), passedMs: fc.nat(100_000) });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 50 }), (readings) => {
        const clock = new LedgerClock(anchor);
        let [lastMs, passedMs] = [0, 0];
        for (const step of readings) {
          passedMs += step.passedMs;
          const nowMs = clock.read(step.wallMs, anchor.monotonicMs + passedMs);
          expect(nowMs).toBeGreaterThanOrEqual(lastMs);
          expect(nowMs).toBeLessThanOrEqual(anchor.wallMs + passedMs + 2_000);
          lastMs = nowMs;
        }
      }),
    );
  });
});
