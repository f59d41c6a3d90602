import fc from "fast-check";
import { expect, test } from "vitest";
import { reservationFor, type ReservationRequest } from "../../src/delegation/reservation.ts";
import { dearestCostNanoUsd, priceTable } from "../../src/metering/prices.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";

const request: ReservationRequest = {
  agent: "claude",
  floor: { spends: true, firstRequestTokens: 11_200 },
  model: "sonnet",
  estimateTokens: 1_008,
  samples: [],
  forecastP90: null,
  minSamples: 20,
  prices: priceTable("flat-2025"),
};
const history = (n: number, tokens: number) =>
  Array.from({ length: n }, () => ({ tokens, nanoUsd: tokens * 3_000 }));

test("the formula, where the agent has no floor above it", () => {
  const found = reservationFor({ ...request, floor: { spends: true, firstRequestTokens: 0 } });
  expect(found).toMatchObject({ tokens: 1_008, nanoUsd: 3_024_000, basis: "formula" });
});

test("never below what the agent spends on a first request", () => {
  const found = reservationFor(request);
  expect(found).toMatchObject({
    tokens: 11_200,
    nanoUsd: 33_600_000,
    basis: "first-request floor of claude",
  });
});

test("a prompt longer than the floor is reserved by the formula", () => {
  expect(reservationFor({ ...request, estimateTokens: 50_000 })).toMatchObject({
    tokens: 50_000,
    basis: "formula",
  });
});

test("p90 of the history once there is enough of it", () => {
  const found = reservationFor({ ...request, samples: history(34, 90_000) });
  expect(found).toMatchObject({ tokens: 90_000, nanoUsd: 270_000_000, basis: "p90 of 34 tasks" });
});

test("history drawn to the default while it is short, and it says so", () => {
  const found = reservationFor({ ...request, samples: history(5, 90_000) });
  expect(found.tokens).toBe(50_600);
  expect(found.basis).toBe("p90 of 5 tasks, drawn to the default");
  expect(reservationFor({ ...request, samples: history(1, 90_000) }).basis).toContain("1 task,");
});

test.each([
  ["the forecast counts", 70_000, 70_000],
  ["but never more than the largest of them", 900_000, 90_000],
  ["nor less than the floor", 5_000, 11_200],
])("with enough history %s", (_, p90, tokens) => {
  const forecastP90 = { tokens: p90, nanoUsd: p90 * 3_000 };
  const found = reservationFor({ ...request, samples: history(34, 90_000), forecastP90 });
  expect([found.tokens, found.nanoUsd]).toEqual([tokens, tokens * 3_000]);
  expect(found.basis).toBe(
    tokens === 11_200 ? "first-request floor of claude" : "p90 forecast from 34 tasks",
  );
  expect(reservationFor({ ...request, samples: history(5, 90_000), forecastP90 }).tokens).toBe(50_600);
});

test("history below the floor does not lower it", () => {
  expect(reservationFor({ ...request, samples: history(40, 500) })).toMatchObject({
    tokens: 11_200,
    basis: "first-request floor of claude",
  });
});

test("the assumed fifth of output is priced as output, the rest as cache writes", () => {
  const found = reservationFor({ ...request, prices: priceTable("anthropic-2024-11") });
  expect(found.nanoUsd).toBe(8_960 * 3_750 + 2_240 * 15_000);
});

test.each([["no-such-model"], [null]])("model %s: held to the dearest price, its cost unknown", (model) => {
  const prices = priceTable("list");
  const found = reservationFor({ ...request, model, prices });
  const usage = { ...NO_USAGE, cacheWrite5mTokens: 8_960, outputTokens: 2_240 };
  expect(found.nanoUsd).toBe(dearestCostNanoUsd(usage, prices));
  expect(found.nanoUsd).toBeGreaterThan(0);
  expect(found.expectedNanoUsd).toBeNull();
});

test("an agent that spends nothing holds nothing", () => {
  const shell = { agent: "shell", floor: { spends: false, firstRequestTokens: 0 }, model: null } as const;
  const found = reservationFor({ ...request, ...shell, samples: history(40, 90_000) });
  expect(found).toMatchObject({ tokens: 0, nanoUsd: 0, expectedNanoUsd: 0, basis: "shell spends no tokens" });
});

test("the expected cost is the usual one of settled tasks, not the cautious one", () => {
  const samples = [...history(18, 20_000), ...history(12, 400_000)];
  const found = reservationFor({ ...request, samples });
  expect(found.expectedNanoUsd).toBe(60_000_000);
  expect(found.nanoUsd).toBe(1_200_000_000);
});

test("whatever the history, at least formula and floor are held, in integers", () => {
  const sample = fc.record({ tokens: fc.nat(1e8), nanoUsd: fc.nat(1e12) });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), fc.nat(300_000), (samples, estimateTokens) => {
      const { tokens, nanoUsd } = reservationFor({ ...request, samples, estimateTokens });
      expect(tokens).toBeGreaterThanOrEqual(Math.max(estimateTokens, 11_200));
      expect(nanoUsd).toBeGreaterThanOrEqual(33_600_000);
      expect(Number.isInteger(tokens) && Number.isInteger(nanoUsd)).toBe(true);
    }),
  );
});
