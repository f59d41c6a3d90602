import { describe, expect, it } from "vitest";
import { isCap, NO_CAP, parseCap } from "../../src/tasks/cap.ts";

describe("a cap as a person writes it", () => {
  it.each([
    ["50k", { tokens: 50_000, nanoUsd: null }],
    ["1.5M", { tokens: 1_500_000, nanoUsd: null }],
    [" 1,000 ", { tokens: 1_000, nanoUsd: null }],
    ["$1.50", { tokens: null, nanoUsd: 1_500_000_000 }],
    ["$0.000000001", { tokens: null, nanoUsd: 1 }],
    ["None", NO_CAP],
  ])("%s", (text, cap) => {
    expect(parseCap(text)).toEqual(cap);
  });

  it.each(["", "0", "$0", "$", "-5", "50 apples", "1.50$", "$-1", "NaN", "0.5", "$1e3", "9".repeat(30)])(
    "refuses %j in one sentence",
    (text) => {
      expect(() => parseCap(text)).toThrow(
        /^a cap is tokens \(50k, 1\.5M\), dollars \(\$1\.50\) or none, not "/,
      );
    },
  );

  it.each([
    [null, false],
    [NO_CAP, false],
    [{ tokens: 1, nanoUsd: null }, true],
    [{ tokens: null, nanoUsd: 1 }, true],
  ])("%j caps something: %s", (cap, expected) => {
    expect(isCap(cap)).toBe(expected);
  });
});
