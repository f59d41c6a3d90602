import { describe, expect, it } from "vitest";
import { UNKNOWN, type Figure } from "../../src/reports/figure.ts";
import { comparisons, costTrend, perCompleted, type PeriodSums } from "../../src/reports/period-report.ts";

const actual = (value: number): Figure => ({ value, source: "actual" });

function sums(change: Partial<PeriodSums> = {}): PeriodSums {
  return {
    ...{ name: "total", tokens: actual(1_000), cost: actual(200), completed: 4, failed: 1, cancelled: 0 },
    ...{ costPerCompleted: actual(50), successRate: 0.8, p95Ms: 10_000 },
    ...change,
  };
}

describe("a comparison", () => {
  const rows = (...of: Parameters<typeof comparisons>) =>
    Object.fromEntries(comparisons(...of).map((row) => [row.figure, row]));

  it("is absolute, and relative where there is something to relate it to", () => {
    const found = rows(
      { total: sums(), savedNanoUsd: 30 },
      { total: sums({ cost: actual(160), completed: 0, successRate: 0.9 }), savedNanoUsd: -10 },
    );
    expect(found["cost"]).toMatchObject({ now: 200, before: 160, change: 40, changePercent: 25 });
    expect(found["completed"]).toMatchObject({ change: 4, changePercent: null });
    expect(found["successRate"]?.change).toBeCloseTo(-0.1);
    expect(found["successRate"]).toMatchObject({ changePercent: null });
    expect(found["saved"]).toMatchObject({ change: 40, changePercent: null });
  });

  it("with nothing, or with what nobody knows, is none", () => {
    for (const row of comparisons({ total: sums(), savedNanoUsd: null }, null))
      expect(row).toMatchObject({ before: null, change: null, changePercent: null });
    const unknown = sums({ cost: UNKNOWN, costPerCompleted: UNKNOWN, p95Ms: null });
    const found = rows({ total: sums(), savedNanoUsd: 0 }, { total: unknown, savedNanoUsd: 0 });
    expect(found["cost"]).toMatchObject({ now: 200, before: null, change: null });
    expect(found["p95Ms"]).toMatchObject({ before: null, change: null });
  });

  it("is estimated as soon as one side is", () => {
    const guessed = sums({ cost: { value: 100, source: "estimated" } });
    const found = rows({ total: sums(), savedNanoUsd: 1 }, { total: guessed, savedNanoUsd: 1 });
    expect(["cost", "saved", "tokens"].map((figure) => found[figure]?.estimated)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("cost per completed task", () => {
  it("is unknown without a cost or a completed task", () => {
    expect(perCompleted(actual(9), 2)).toEqual(actual(5));
    expect(perCompleted(actual(9), 0)).toEqual(UNKNOWN);
    expect(perCompleted(UNKNOWN, 2)).toEqual(UNKNOWN);
  });

  it("has a trend from the first half of the days to the second", () => {
    const day = (cost: number, completed: number): PeriodSums => sums({ cost: actual(cost), completed });
    expect(costTrend([day(300, 2), day(100, 2), day(90, 3)])).toEqual({
      firstHalf: actual(100),
      secondHalf: actual(30),
      changePercent: -70,
    });
    expect(costTrend([day(300, 2), day(90, 0)])).toMatchObject({ secondHalf: UNKNOWN, changePercent: null });
    expect(costTrend([day(300, 2)])).toBeNull();
  });
});
