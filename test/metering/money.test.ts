import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { formatCost, formatLimit, formatUsd, parseUsd, usdAmountMax } from "../../src/metering/money.ts";

describe("formatting", () => {
  test.each([
    [0, "$0.0000", "$0.00"],
    [1, "$0.0000", "$0.00"],
    [50_000, "$0.0001", "$0.00"],
    [145_569_000, "$0.1456", "$0.15"],
    [5_000_000, "$0.0050", "$0.01"],
    [4_999_999, "$0.0050", "$0.00"],
    [999_995_000_000, "$999.9950", "$1,000.00"],
    [5_000_000_000, "$5.0000", "$5.00"],
    [1_000_000_000_000, "$1,000.0000", "$1,000.00"],
    [-2_500_000_000, "-$2.5000", "-$2.50"],
    [-1, "$0.0000", "$0.00"],
  ])("%d nano-dollars read %s as a cost and %s as a limit", (nano, cost, limit) => {
    expect([formatCost(nano), formatLimit(nano)]).toEqual([cost, limit]);
  });
});

describe("parsing", () => {
  test.each([
    ["5", 5_000_000_000],
    ["$5", 5_000_000_000],
    [" $ 5.00 ", 5_000_000_000],
    ["0.50", 500_000_000],
    ["0", 0],
    ["0.1", 100_000_000],
    ["0.000000001", 1],
    ["1,000.50", 1_000_500_000_000],
    ["1000000", 1_000_000_000_000_000],
  ])("%j is %d nano-dollars", (text, nano) => {
    expect(parseUsd(text)).toBe(nano);
  });

  test.each([
    "",
    " ",
    "$",
    "-1",
    "$-1",
    "-0",
    "NaN",
    "Infinity",
    "1e3",
    "5e0",
    "0x10",
    "1.",
    ".5",
    "1,00",
    "1,0000",
    "5 USD",
    "5\u0000",
    "\u0665",
    "1000000.01",
    "1000001",
    "9".repeat(20),
    "9".repeat(5_000),
    "0.0000000001",
    "1_000",
    "5;",
    "[5]",
  ])("%j is refused with a sentence", (text) => {
    let thrown: unknown;
    try {
      parseUsd(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CtmError);
    expect((thrown as CtmError).code).toBe("usage");
    expect((thrown as CtmError).message.length).toBeLessThan(200);
  });

  test("what is written with nine decimals is read again, exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: usdAmountMax * 1_000_000_000 }), (nano) => {
        expect(parseUsd(formatUsd(nano, 9))).toBe(nano);
      }),
    );
  });

  test("any text is an amount or a CtmError", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseUsd(text)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(CtmError);
        }
      }),
    );
  });
});
