import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRIORITIES } from "../../src/tasks/priority.ts";
import {
  admits,
  admittedAt,
  highestAdmitting,
  highestBelow,
  levelIcon,
  levelOf,
  levelRank,
  LEVELS,
  percentOf,
  worstLevel,
} from "../../src/throttle/levels.ts";

const amount = fc.oneof(fc.nat(2_000), fc.maxSafeNat());

describe("levelOf", () => {
  it.each([
    [0, "NONE"],
    [79_999, "NONE"],
    [80_000, "WARNING"],
    [89_999, "WARNING"],
    [90_000, "SOFT"],
    [94_999, "SOFT"],
    [95_000, "HARD"],
    [98_999, "HARD"],
    [99_000, "HARD"],
    [99_001, "CRITICAL"],
    [100_000, "CRITICAL"],
    [1_000_000, "CRITICAL"],
  ] as const)("C-01: %i of 100,000 is %s", (used, level) => {
    expect(levelOf(used, 100_000)).toBe(level);
  });

  it.each([
    [0, null, "NONE"],
    [Number.MAX_SAFE_INTEGER, null, "NONE"],
    [0, 0, "CRITICAL"],
    [0, 1, "NONE"],
    [1, 1, "CRITICAL"],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, "CRITICAL"],
    [8_917_127_262_193_581, Number.MAX_SAFE_INTEGER, "HARD"],
    [8_917_127_262_193_582, Number.MAX_SAFE_INTEGER, "CRITICAL"],
  ] as const)("C-01: %i of %s is %s", (used, limit, level) => {
    expect(levelOf(used, limit)).toBe(level);
  });

  it("is what exact fractions say, up to 2^53", () => {
    fc.assert(
      fc.property(amount, amount, (used, limit) => {
        fc.pre(limit > 0);
        const [hundredfold, whole] = [BigInt(used) * 100n, BigInt(limit)];
        const expected =
          hundredfold > whole * 99n
            ? "CRITICAL"
            : hundredfold >= whole * 95n
              ? "HARD"
              : hundredfold >= whole * 90n
                ? "SOFT"
                : hundredfold >= whole * 80n
                  ? "WARNING"
                  : "NONE";
        expect(levelOf(used, limit)).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
  });

  it("never falls while usage rises", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(2_000), (limit, used) => {
        expect(levelRank(levelOf(used + 1, limit))).toBeGreaterThanOrEqual(levelRank(levelOf(used, limit)));
      }),
    );
  });
});

describe("the table", () => {
  it("S2-20 to S2-25: names, icons and what each level lets through", () => {
    expect(LEVELS.map(({ name, icon, admits: some }) => [name, icon, some.join(" ")])).toEqual([
      ["NONE", "🟢", "low normal high critical"],
      ["WARNING", "🟡", "low normal high critical"],
      ["SOFT", "🟠", "normal high critical"],
      ["HARD", "🔴", "high critical"],
      ["CRITICAL", "🚨", "critical"],
    ]);
  });

  it("answers by level", () => {
    expect(levelIcon("SOFT")).toBe("🟠");
    expect(admittedAt("HARD")).toEqual(["high", "critical"]);
    expect(admits("SOFT", "low")).toBe(false);
    expect(admits("SOFT", "normal")).toBe(true);
    expect(worstLevel("WARNING", "HARD")).toBe("HARD");
    expect(worstLevel("NONE", "NONE")).toBe("NONE");
  });
});

describe("the edges of levels", () => {
  it("highestBelow is the last number below a level", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.constantFrom(...LEVELS), (limit, { name }) => {
        const edge = highestBelow(name, limit);
        if (edge >= 0) expect(levelRank(levelOf(edge, limit))).toBeLessThan(levelRank(name));
        expect(levelRank(levelOf(edge + 1, limit))).toBeGreaterThanOrEqual(levelRank(name));
      }),
    );
  });

  it("highestAdmitting is the last standing that lets a priority through", () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.constantFrom(...PRIORITIES), (limit, priority) => {
        const edge = highestAdmitting(priority, limit);
        expect(edge === null).toBe(priority === "critical");
        if (edge === null) return;
        if (edge >= 0) expect(admits(levelOf(edge, limit), priority)).toBe(true);
        expect(admits(levelOf(edge + 1, limit), priority)).toBe(false);
      }),
    );
  });

  it("percentages stay exact where the product leaves 2^53", () => {
    expect(percentOf(Number.MAX_SAFE_INTEGER, 100, "down")).toBe(Number.MAX_SAFE_INTEGER);
    expect(percentOf(9_007_199_254_740_991, 99, "down")).toBe(8_917_127_262_193_581);
    expect(percentOf(9_007_199_254_740_991, 99, "up")).toBe(8_917_127_262_193_582);
  });
});
