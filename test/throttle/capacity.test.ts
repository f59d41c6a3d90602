import { describe, expect, it } from "vitest";
import { hourlyCapacity, limitReaches } from "../../src/throttle/capacity.ts";
import { DEFAULT_LIMITS, type Limit } from "../../src/throttle/limits.ts";

const workers = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `concurrent_worker${i + 1}`);
const bindable = (limits: readonly Limit[], count: number, price: number | null): string[] =>
  limitReaches(limits, workers(count), price)
    .filter((row) => row.canBind)
    .map((row) => row.limitId);

describe("hourlyCapacity", () => {
  it.each([
    [2_000, 250, 150],
    [4_000, 125, 75],
    [8_000, 62, 37],
  ])("C-31: tasks of %i tokens: %i an hour globally, %i by three workers", (tokens, byGlobal, byWorkers) => {
    const capacity = hourlyCapacity(DEFAULT_LIMITS, workers(3), { tokens, nanoUsd: 0 });
    expect(capacity).toEqual({
      byGlobalTokens: byGlobal,
      byWorkerTokens: byWorkers,
      byGlobalCost: null,
      byWorkerCost: null,
      tasksPerHour: byWorkers,
    });
  });

  it("money bounds it where it is dearer than the tokens", () => {
    const capacity = hourlyCapacity(DEFAULT_LIMITS, workers(3), { tokens: 2_000, nanoUsd: 100_000_000 });
    expect(capacity.byGlobalCost).toBe(50);
    expect(capacity.tasksPerHour).toBe(50);
  });

  it("a worker of its own limit counts with that; one without any leaves the sum open", () => {
    const own = (amount: number | null): Limit[] => [
      ...DEFAULT_LIMITS,
      {
        scope: { kind: "worker", name: "concurrent_worker1" },
        unit: "tokens",
        window: "hour",
        form: "rolling",
        amount,
      },
    ];
    expect(hourlyCapacity(own(40_000), workers(3), { tokens: 2_000, nanoUsd: 0 }).byWorkerTokens).toBe(120);
    expect(hourlyCapacity(own(null), workers(3), { tokens: 2_000, nanoUsd: 0 }).byWorkerTokens).toBeNull();
    expect(hourlyCapacity([], [], { tokens: 2_000, nanoUsd: 1 }).tasksPerHour).toBeNull();
  });
});

describe("limitReaches", () => {
  it("C-24: three workers cannot reach the global token limits, five can", () => {
    const rows = limitReaches(DEFAULT_LIMITS, workers(3), null);
    expect(rows.find((row) => row.limitId === "global tokens/hour")).toEqual({
      limitId: "global tokens/hour",
      amount: 500_000,
      reach: 300_000,
      canBind: false,
      boundBy: "tokens/hour of 3 workers",
    });
    expect(rows.find((row) => row.limitId === "global tokens/day")).toMatchObject({
      reach: 3_000_000,
      canBind: false,
    });
    expect(bindable(DEFAULT_LIMITS, 4, null)).not.toContain("global tokens/hour");
    expect(bindable(DEFAULT_LIMITS, 5, null)).toContain("global tokens/hour");
    expect(bindable(DEFAULT_LIMITS, 5, null)).toContain("global tokens/day");
  });

  it("C-24: the day and month limits lie below what the hours let through", () => {
    expect(bindable(DEFAULT_LIMITS, 3, null)).toEqual([
      "global cost/hour",
      "global cost/day",
      "global cost/month",
      "worker * tokens/hour",
      "worker * tokens/day",
    ]);
  });

  it("C-24: at $0.003 a thousand tokens no cost limit can bind; at $15 a million they can", () => {
    const costs = (count: number, price: number): string[] =>
      bindable(DEFAULT_LIMITS, count, price).filter((id) => id.includes("cost"));
    expect(costs(5, 3_000)).toEqual([]);
    const hour = limitReaches(DEFAULT_LIMITS, workers(5), 3_000).find(
      (row) => row.limitId === "global cost/hour",
    );
    expect(hour).toMatchObject({ reach: 1_500_000_000, canBind: false });
    expect(costs(5, 15_000)).toEqual(["global cost/hour", "global cost/day", "global cost/month"]);
  });

  it("a worker's limit above the global one never binds", () => {
    const limits: Limit[] = [
      { scope: { kind: "global" }, unit: "tokens", window: "hour", form: "rolling", amount: 1_000 },
      {
        scope: { kind: "worker", name: "*" },
        unit: "tokens",
        window: "hour",
        form: "rolling",
        amount: 2_000,
      },
    ];
    expect(limitReaches(limits, workers(2), null)[1]).toMatchObject({
      reach: 1_000,
      canBind: false,
      boundBy: "tokens/hour",
    });
  });
});
