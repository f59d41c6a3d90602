import fc from "fast-check";
import { expect, test } from "vitest";
import { UnseenUsage } from "../../src/throttle/unseen-usage.ts";

const MINUTE = 60_000;
const spend = (tokens: number) => ({ tokens, nanoUsd: 10 * tokens });

/** So many tokens in so many of the minutes before the hundredth. */
function used(byMinute: Readonly<Record<number, number>>): UnseenUsage {
  const unseen = new UnseenUsage();
  for (const [minute, tokens] of Object.entries(byMinute))
    unseen.add("claude", Number(minute) * MINUTE + 5, spend(tokens));
  return unseen;
}

test.each([
  ["nothing was used", {}, 0],
  ["too seldom to be one of twenty", { 95: 500, 97: 500, 99: 500 }, 0],
  ["the fourth largest of sixty", { 90: 100, 92: 400, 94: 300, 96: 200, 98: 50 }, 100],
  ["several answers in one minute are one amount", { 90: 7, 92: 9, 94: 8, 96: 8 }, 7],
  ["more than an hour ago", { 30: 9, 31: 9, 32: 9, 33: 9, 34: 9 }, 0],
])("%s", (_what, byMinute, kept) => {
  expect(used(byMinute).keptFor("claude", 100 * MINUTE)).toEqual(spend(kept));
});

test("of another agent nothing is kept, and in an hour without use all is let go", () => {
  const unseen = used({ 90: 100, 92: 400, 94: 300, 96: 200 });
  expect(unseen.keptFor("codex", 100 * MINUTE)).toEqual(spend(0));
  expect(unseen.keptFor("claude", 100 * MINUTE)).toEqual(spend(100));
  expect(unseen.keptFor("claude", 151 * MINUTE)).toEqual(spend(0));
});

test("is at least what nineteen of twenty minutes used, and never more than the largest", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 60, maxLength: 60 }), (amounts) => {
      const unseen = new UnseenUsage();
      for (const [minute, tokens] of amounts.entries()) unseen.add("claude", minute * MINUTE, spend(tokens));
      const { tokens } = unseen.keptFor("claude", 59 * MINUTE);
      expect(amounts.filter((amount) => amount <= tokens).length).toBeGreaterThanOrEqual(57);
      expect(tokens).toBeLessThanOrEqual(Math.max(...amounts));
    }),
    { numRuns: 100 },
  );
});
