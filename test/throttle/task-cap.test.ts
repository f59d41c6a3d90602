import { describe, expect, it } from "vitest";
import { NO_CAP } from "../../src/tasks/cap.ts";
import { capQuestion, capWords, reachesCap } from "../../src/throttle/task-cap.ts";

const used = (tokens: number, nanoUsd = 0) => ({ tokens, nanoUsd });

describe("a cap is reached", () => {
  it.each([
    [used(49_999), { tokens: 50_000, nanoUsd: null }, false],
    [used(50_000), { tokens: 50_000, nanoUsd: null }, true],
    [used(0, 2), { tokens: null, nanoUsd: 3 }, false],
    [used(0, 3), { tokens: null, nanoUsd: 3 }, true],
    [used(1_000_000, 2), { tokens: null, nanoUsd: 3 }, false],
    [used(5, 1), { tokens: 5, nanoUsd: 3 }, true],
    [used(1e9, 1e15), NO_CAP, false],
    [used(1e9, 1e15), null, false],
  ])("%j of %j: %s", (spend, cap, expected) => {
    expect(reachesCap(spend, cap)).toBe(expected);
  });
});

it("is told with what was used, and with what a person may say", () => {
  expect(capWords({ tokens: 50_000, nanoUsd: null })).toBe("50K tokens");
  expect(capWords({ tokens: null, nanoUsd: 1_500_000_000 })).toBe("$1.50");
  expect(capWords(NO_CAP)).toBe("none");
  expect(capQuestion(7, used(51_200, 9), { tokens: 50_000, nanoUsd: null })).toBe(
    "over its cap of 50K tokens with 51,200 tokens: `release 7` lets it go on without a cap, `cap 7 AMOUNT` under another, `cancel 7` ends it",
  );
});
