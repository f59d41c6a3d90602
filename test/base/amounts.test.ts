import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactDecimal, parseTokenAmount, tokenAmountMax } from "../../src/base/amounts.ts";

describe("exact decimals", () => {
  test.each([
    ["5", 9, 5_000_000_000],
    ["5.50", 9, 5_500_000_000],
    ["0.1", 9, 100_000_000],
    ["0.000000001", 9, 1],
    ["1e-7", 9, 100],
    ["1.5", 6, 1_500_000],
    ["0", 9, 0],
    [" 7 ", 0, 7],
  ])("%s times ten to the %i is %i", (text, scale, value) => {
    expect(exactDecimal(text, scale)).toBe(value);
  });

  test.each([
    "",
    "-1",
    "+1",
    "1,5",
    "0x10",
    "NaN",
    "Infinity",
    "1e99",
    "0.0000000001",
    "1.",
    ".5",
    "5 5",
    "١",
  ])("%j is refused", (text) => {
    expect(exactDecimal(text, 9)).toBeNull();
  });

  test("any number of nanos comes back as it was written", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (nano) => {
        const digits = String(nano).padStart(10, "0");
        return exactDecimal(`${digits.slice(0, -9)}.${digits.slice(-9)}`, 9) === nano;
      }),
    );
  });
});

describe("tokens", () => {
  test.each([
    ["100000", 100_000],
    ["100,000", 100_000],
    ["1_000_000", 1_000_000],
    ["100K", 100_000],
    ["100 k", 100_000],
    ["1.5M", 1_500_000],
    ["5m", 5_000_000],
    ["0", 0],
    ["1000G", tokenAmountMax],
  ])("%s is %i", (text, tokens) => {
    expect(parseTokenAmount(text)).toBe(tokens);
  });

  test.each(["", "K", "-5", "1.0001K", "10,00", "1,0000", "5B", "1001G", "NaN", "1e3", "5 5K", "five"])(
    "%j is refused",
    (text) => {
      expect(parseTokenAmount(text)).toBeNull();
    },
  );
});
