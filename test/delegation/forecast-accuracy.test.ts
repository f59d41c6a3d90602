import { describe, expect, test } from "vitest";
import { forecastAccuracy, type ScoredTask } from "../../src/delegation/forecast-accuracy.ts";
import { heavyTailed } from "./workload.ts";

const prior = { median: 45_000, spread: 1.2 };
const task = (tokens: number, change: Partial<ScoredTask> = {}): ScoredTask => ({
  agent: "claude",
  model: "sonnet",
  type: "coding",
  folder: "/w",
  promptChars: 100,
  tokens,
  totalTokens: tokens,
  nanoUsd: tokens,
  priced: true,
  formulaTokens: 1_025,
  ...change,
});

describe("walking through history", () => {
  test("each task is forecast from those before it alone: the first by what is known in general", () => {
    const { all } = forecastAccuracy([task(450_000)], "tokens", () => prior);
    expect(all).toMatchObject({ tasks: 1, forecastError: 1 });
    expect(all.formulaError).toBeCloseTo(Math.log10(450_000 / 1_025), 9);
  });

  test("what comes later changes no score of what came before", () => {
    const history = heavyTailed(7, 5);
    const first = forecastAccuracy(history.slice(0, 40), "tokens", () => prior);
    const scored = forecastAccuracy(
      [...history.slice(0, 40), ...history.slice(40).map((one) => ({ ...one, type: "later" }))],
      "tokens",
      () => prior,
    );
    expect(scored.types.filter(({ type }) => type !== "later")).toEqual(first.types);
  });

  test("a history of nothing has no score, never a perfect one", () => {
    expect(forecastAccuracy([], "tokens", () => prior)).toEqual({
      all: { tasks: 0, formulaError: null, forecastError: null, coveredPercent: null },
      types: [],
    });
  });

  test("the warm-up of each class is learnt from and not scored", () => {
    const history = Array.from({ length: 60 }, (_, at) =>
      task(50_000, { type: at % 2 === 0 ? "ui" : "coding" }),
    );
    const { all, types } = forecastAccuracy(history, "tokens", () => prior, 20);
    expect([all.tasks, types.map(({ type, tasks }) => [type, tasks])]).toEqual([
      20,
      [
        ["coding", 10],
        ["ui", 10],
      ],
    ]);
  });
});

describe.each([11, 23, 47, 2_026])("a workload with heavy tails (seed %i)", (seed) => {
  const history = heavyTailed(seed, 100);
  test.each(["tokens", "nanoUsd"] as const)("%s: after 50 tasks a class p90 holds nine in ten", (size) => {
    const { all } = forecastAccuracy(history, size, () => prior, 50);
    expect(all.tasks).toBeGreaterThan(1_000);
    expect(all.coveredPercent).toBeGreaterThanOrEqual(85);
    expect(all.coveredPercent).toBeLessThanOrEqual(95);
  });

  test("the forecast is at most half as far off as the formula, of every type", () => {
    const { all, types } = forecastAccuracy(history, "tokens", () => prior, 50);
    expect(types).toHaveLength(4);
    for (const { formulaError, forecastError, coveredPercent } of [all, ...types]) {
      expect(forecastError ?? Number.NaN).toBeLessThanOrEqual((formulaError ?? Number.NaN) / 2);
      expect(coveredPercent).toBeGreaterThanOrEqual(85);
      expect(coveredPercent).toBeLessThanOrEqual(95);
    }
  });
});
