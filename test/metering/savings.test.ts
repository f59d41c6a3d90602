import { describe, expect, test } from "vitest";
import { priceTable } from "../../src/metering/prices.ts";
import { cheaperPercent, measuredSaving } from "../../src/metering/savings.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";

/** A day of a hundred tasks, 40 of documentation, 40 of coding, 20 of analysis, 73.5 % of their tokens input. */
const day = [
  { model: "haiku", usage: { ...NO_USAGE, inputTokens: 58_800, outputTokens: 21_200 } },
  { model: "sonnet", usage: { ...NO_USAGE, inputTokens: 117_600, outputTokens: 42_400 } },
  { model: "sonnet", usage: { ...NO_USAGE, inputTokens: 117_600, outputTokens: 42_400 } },
];

describe("measured saving", () => {
  test.each([
    ["flat-2025", 980_000_000, 1_200_000_000, 18.33],
    ["anthropic-2024-11", 2_109_440_000, 2_472_000_000, 14.67],
  ])("C-23: the documents' day under %s", (profile, spent, uniform, percent) => {
    const saving = measuredSaving(day, "sonnet", priceTable(profile));
    if (profile === "flat-2025")
      expect([saving?.spentNanoUsd, saving?.uniformNanoUsd]).toEqual([spent, uniform]);
    expect(saving?.savedPercent).toBeCloseTo(percent, 2);
    expect(saving?.savedNanoUsd).toBe((saving?.uniformNanoUsd ?? 0) - (saving?.spentNanoUsd ?? 0));
  });

  test("C-32: at the prices of November 2024 that day costs $2.11, 2.15 times the flat figure", () => {
    const spent = measuredSaving(day, "sonnet", priceTable("anthropic-2024-11"))?.spentNanoUsd ?? 0;
    expect(spent / 1e9).toBeCloseTo(2.11, 2);
    expect(spent / 980_000_000).toBeCloseTo(2.15, 2);
  });

  test("C-23: when everything ran on the one model nothing is saved", () => {
    const used = [{ model: "claude-sonnet-4-5", usage: { ...NO_USAGE, inputTokens: 48_523 } }];
    expect(measuredSaving(used, "sonnet", priceTable("flat-2025"))).toEqual({
      spentNanoUsd: 145_569_000,
      uniformNanoUsd: 145_569_000,
      savedNanoUsd: 0,
      savedPercent: 0,
      unpricedTokens: 0,
    });
  });

  test("a dearer choice shows as a negative saving", () => {
    const used = [{ model: "opus", usage: { ...NO_USAGE, outputTokens: 1_000 } }];
    expect(measuredSaving(used, "sonnet", priceTable("list"))?.savedPercent).toBe(-100);
  });

  test("tokens without a price are left out on both sides and counted", () => {
    const used = [
      ...day,
      { model: "no-such", usage: { ...NO_USAGE, inputTokens: 7 } },
      { model: null, usage: { ...NO_USAGE, outputTokens: 5 } },
    ];
    const saving = measuredSaving(used, "sonnet", priceTable("flat-2025"));
    expect([saving?.uniformNanoUsd, saving?.unpricedTokens]).toEqual([1_200_000_000, 12]);
  });

  test("there is no percentage of nothing, and no comparison with a model without a price", () => {
    expect(measuredSaving([], "sonnet", priceTable("list"))?.savedPercent).toBeNull();
    expect(measuredSaving(day, "no-such", priceTable("list"))).toBeNull();
  });
});

describe("how much cheaper a model is", () => {
  test.each([
    ["flat-2025", "haiku", "sonnet", 91.67, 91.67],
    ["anthropic-2024-11", "haiku", "sonnet", 73.33, 73.33],
    ["list", "claude-haiku-4-5", "claude-sonnet-4-5", 66.67, 66.67],
    ["list", "claude-haiku-4-5", "claude-sonnet-5", 50, 50],
    ["list", "haiku", "sonnet", 95, 95],
    ["list", "sonnet", "claude-haiku-4-5", -100, -100],
    ["list", "gpt-5-mini", "gpt-5", 80, 80],
    ["list", "gpt-5.2", "gpt-5", -40, -40],
  ])(
    "C-04: %s: %s against %s is computed, %d %% on input and %d %% on output",
    (profile, model, other, input, output) => {
      const percent = cheaperPercent(model, other, priceTable(profile));
      expect(percent?.input).toBeCloseTo(input, 2);
      expect(percent?.output).toBeCloseTo(output, 2);
    },
  );

  test("is not known of a model without a price", () => {
    expect(cheaperPercent("no-such", "sonnet", priceTable("list"))).toBeNull();
    expect(cheaperPercent("sonnet", "no-such", priceTable("list"))).toBeNull();
  });
});
