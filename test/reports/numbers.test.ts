import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { figureOf, UNKNOWN } from "../../src/reports/figure.ts";
import {
  amountOf,
  burnRate,
  costOf,
  count,
  dollars,
  limitAmount,
  percent,
  roundCount,
  shortCount,
  tokensOf,
  unknownUsageWords,
} from "../../src/reports/numbers.ts";
import { levelOf } from "../../src/throttle/levels.ts";
import { nano } from "./models.ts";

describe("numbers", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [48_523, "48,523"],
    [1_902_114, "1,902,114"],
    [Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991"],
  ])("count %i", (value, expected) => {
    expect(count(value)).toBe(expected);
  });

  test.each([
    [500_000, "500K"],
    [5_000_000, "5M"],
    [1_000_000, "1M"],
    [1_500_000, "1.5M"],
    [1_550_000, "1,550,000"],
    [123_456, "123,456"],
    [999, "999"],
    [0, "0"],
    [2_000_000_000, "2,000M"],
  ])("a limit of %i", (value, expected) => {
    expect(roundCount(value)).toBe(expected);
  });

  test.each([
    [0, "0"],
    [950, "950"],
    [999, "999"],
    [1_000, "1.00K"],
    [9_999, "10.0K"],
    [69_319, "69.3K"],
    [99_960, "100K"],
    [999_499, "999K"],
    [999_500, "1.00M"],
    [12_345_678, "12.3M"],
    [999_999_999, "1G"],
  ])("a rate of %i", (value, expected) => {
    expect(shortCount(value)).toBe(expected);
  });

  test.each([
    [nano(0.145569), 4, "$0.1456"],
    [nano(0.145569), 2, "$0.15"],
    [nano(1000), 2, "$1,000.00"],
    [0, 4, "$0.0000"],
    [1, 4, "<$0.0001"],
    [nano(0.004), 2, "<$0.01"],
    [nano(-1.5), 2, "-$1.50"],
    [nano(0.99996), 4, "$1.0000"],
  ] as const)("%i nano-dollars with %i decimals", (value, decimals, expected) => {
    expect(dollars(value, decimals)).toBe(expected);
  });

  test("C-25: percent from unrounded values", () => {
    const cost = nano(0.145569);
    expect(percent(48_523, 500_000)).toBe("9.7%");
    expect(percent(48_523, 5_000_000)).toBe("0.97%");
    expect(percent(cost, nano(5))).toBe("2.9%");
    expect(percent(cost, nano(50))).toBe("0.29%");
    expect(percent(cost, nano(1000))).toBe("0.01%");
  });

  test.each([
    [0, 100, "0.0%"],
    [1, 1_000_000, "<0.01%"],
    [5, 100_000, "0.01%"],
    [20, 10_000, "0.20%"],
    [997, 100_000, "1.0%"],
    [100, 100, "100.0%"],
    [2_000, 100, ">999%"],
    [5, null, "-"],
    [5, 0, "100.0%"],
    [-25, 100, "-25.0%"],
  ])("%d of %s", (part, whole, expected) => {
    expect(percent(part, whole)).toBe(expected);
  });

  test.each([
    [79_999, "79.9%"],
    [80_000, "80.0%"],
    [89_960, "89.9%"],
    [94_999, "94.9%"],
    [99_000, "99.0%"],
    [99_001, "99.1%"],
    [99_999, "99.9%"],
  ])("C-01: %i of 100,000 prints in its own level", (used, expected) => {
    expect(percent(used, 100_000)).toBe(expected);
  });

  test("C-01: the printed percent never stands in another level than the unrounded one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 10_000_000 }),
        fc.double({ min: 0.7, max: 1.1, noNaN: true }),
        (limit, share) => {
          const used = Math.floor(limit * share);
          const printed = Math.round(Number.parseFloat(percent(used, limit)) * 10);
          expect(levelOf(printed, 1000)).toBe(levelOf(used, limit));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("a figure says how it came to be; unknown is never 0", () => {
    expect(tokensOf(figureOf(48_523, "actual"))).toBe("48,523");
    expect(tokensOf(figureOf(48_523, "estimated"))).toBe("~48,523");
    expect(tokensOf(UNKNOWN)).toBe("n/a");
    expect(tokensOf({ value: 0, source: "unknown" })).toBe("n/a");
    expect(costOf(figureOf(nano(0.5), "estimated"))).toBe("~$0.5000");
    expect(amountOf(figureOf(nano(0.5), "actual"), "cost")).toBe("$0.50");
  });

  test("rates and limits in their unit", () => {
    expect(burnRate(69_319, "tokens")).toBe("69.3K/h");
    expect(burnRate(nano(0.208), "cost")).toBe("$0.21/h");
    expect(burnRate(null, "cost")).toBe("n/a");
    expect(limitAmount(null, "tokens")).toBe("no limit");
    expect(limitAmount(nano(5), "cost")).toBe("$5.00");
  });

  test("unknown usage in words", () => {
    expect(unknownUsageWords(1)).toBe("1 task has a usage nobody knows");
    expect(unknownUsageWords(2)).toBe("2 tasks have a usage nobody knows");
  });
});
