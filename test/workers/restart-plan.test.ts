import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { restartDelayMs, RestartPlan } from "../../src/workers/restart-plan.ts";

const RULES = { firstDelayMs: 1_000, maxDelayMs: 10_000, maxInRow: 6 };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("the delay before a restart", () => {
  it("doubles up to its bound, and ends", () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => restartDelayMs(n, RULES));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, null, null]);
  });

  it("never shrinks, and never exceeds its bound, whatever the rules", () => {
    const rules = fc.record({
      firstDelayMs: fc.nat(100_000),
      maxDelayMs: fc.nat(1_000_000),
      maxInRow: fc.nat(2_000),
    });
    fc.assert(
      fc.property(rules, fc.nat(2_000), (rules, n) => {
        const [now, next] = [restartDelayMs(n, rules), restartDelayMs(n + 1, rules)];
        if (now === null) expect(next).toBeNull();
        else expect(now <= rules.maxDelayMs && (next === null || next >= now)).toBe(true);
      }),
    );
  });
});

describe("a plan of restarts", () => {
  it("starts once a death, however often it is told", async () => {
    const plan = new RestartPlan(RULES);
    const start = vi.fn<() => Promise<void>>(async () => undefined);
    expect([plan.plan("w1", start), plan.deaths("w1")]).toEqual([1_000, 1]);
    plan.plan("w1", start);
    expect(plan.deaths("w1")).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(start).toHaveBeenCalledTimes(1);
  });

  it("counts a start that fails as a death, and gives up after the last of the row", async () => {
    const plan = new RestartPlan(RULES);
    const start = vi.fn<() => Promise<void>>(async () => {
      throw new Error("no such program");
    });
    plan.plan("w1", start);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(start).toHaveBeenCalledTimes(RULES.maxInRow);
    expect(plan.plan("w1", start)).toBeNull();
  });

  it("begins a new row after work that was done, and keeps workers apart", () => {
    const plan = new RestartPlan(RULES);
    plan.plan("w1", async () => undefined);
    vi.runAllTimers();
    expect(plan.plan("w1", async () => undefined)).toBe(2_000);
    expect(plan.plan("w2", async () => undefined)).toBe(1_000);
    plan.forget("w1");
    expect([plan.deaths("w1"), plan.plan("w1", async () => undefined)]).toEqual([0, 1_000]);
  });

  it("starts nothing any more that was forgotten or closed", () => {
    const plan = new RestartPlan(RULES);
    const start = vi.fn<() => Promise<void>>(async () => undefined);
    plan.plan("w1", start);
    plan.plan("w2", start);
    plan.forget("w1");
    plan.close();
    vi.runAllTimers();
    expect(start).not.toHaveBeenCalled();
  });
});
