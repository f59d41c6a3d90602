import { describe, expect, it } from "vitest";
import { burnPairs, burns, hourlyBoundNanoUsd, hourMs } from "../../src/alerts/burn-rate.ts";
import { formatLimit } from "../../src/metering/money.ts";

const MONTH = 720e9;
const [fast, slow] = burnPairs(3, 2);

it("a thousand dollars a month are $4.17/h at three times the even rate, and $2.78/h at two", () => {
  expect(formatLimit(hourlyBoundNanoUsd(1_000e9, 3))).toBe("$4.17");
  expect(formatLimit(hourlyBoundNanoUsd(1_000e9, 2))).toBe("$2.78");
});

describe("money burns too fast", () => {
  if (fast === undefined || slow === undefined) throw new Error("two pairs were asked for");
  /** $720 a month are $1 an hour: three times that in an hour, a twelfth of it in five minutes. */
  const spent = (long: number, short: number) => (windowMs: number) => (windowMs >= hourMs ? long : short);
  it.each([
    ["not at the bound", fast, 3e9, 0.25e9, false, false],
    ["a hair above it in both windows", fast, 3e9 + 1, 0.25e9 + 1, false, true],
    ["not when the short window says it is over", fast, 9e9, 0.25e9, false, false],
    ["not for one dear task", fast, 3e9, 3e9, false, false],
    ["by the slow pair: $12 in six hours, $1 in half an hour", slow, 12e9 + 1, 1e9 + 1, false, true],
    ["still, when it has begun and is not yet at nine tenths", fast, 2.7e9 + 1, 0.225e9 + 1, true, true],
    ["no longer at nine tenths", fast, 2.7e9, 0.25e9, true, false],
  ] as const)("%s", (_, pair, long, short, was, expected) => {
    expect(burns(pair, MONTH, spent(long, short), was)).toBe(expected);
  });

  it("by a month without money, with the first cent", () => {
    expect(burns(fast, 0, () => 1, false)).toBe(true);
    expect(burns(fast, 0, () => 0, false)).toBe(false);
  });

  it("by no pair that is turned off", () => {
    expect(burnPairs(null, null)).toEqual([]);
  });
});
