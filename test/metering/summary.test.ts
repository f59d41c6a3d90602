import { expect, test } from "vitest";
import { averagePerTask, percentOf, summariseUsage } from "../../src/metering/summary.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";

test.each([
  [48_523, 12, 4043],
  [15_234, 4, 3808],
  [18_542, 5, 3708],
  [170_000, 42, 4047],
  [0, 3, 0],
  [100, 0, null],
])("%d tokens over %d tasks are %s a task, rounded down", (total, tasks, average) => {
  expect(averagePerTask(total, tasks)).toBe(average);
});

test("C-06 C-46: sources stay apart, cache reads count when asked for, a missing price is not a price of 0", () => {
  const booked = [
    {
      usage: { ...NO_USAGE, inputTokens: 10, cacheReadTokens: 1_000, outputTokens: 5 },
      source: "actual" as const,
      costNanoUsd: 500,
    },
    {
      usage: { ...NO_USAGE, cacheWrite5mTokens: 3, cacheWrite1hTokens: 4 },
      source: "actual" as const,
      costNanoUsd: null,
    },
    { usage: { ...NO_USAGE, inputTokens: 20 }, source: "estimated" as const, costNanoUsd: 70 },
  ];
  expect(summariseUsage(booked, false)).toEqual({
    usage: {
      ...NO_USAGE,
      inputTokens: 30,
      cacheReadTokens: 1_000,
      cacheWrite5mTokens: 3,
      cacheWrite1hTokens: 4,
      outputTokens: 5,
    },
    tokens: 42,
    nanoUsd: 570,
    unpricedTokens: 7,
    tokensBySource: { actual: 22, simulated: 0, estimated: 20, unknown: 0 },
  });
  expect(summariseUsage(booked, true).tokens).toBe(1_042);
});

test("a share of nothing is no share", () => {
  expect(percentOf(40, 42)).toBeCloseTo(95.238, 3);
  expect(percentOf(1, 0)).toBeNull();
});
