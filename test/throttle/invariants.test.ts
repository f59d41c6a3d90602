import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { History, policies, steps, type Variant } from "./history.ts";

const seed = Math.floor(Math.random() * 2 ** 31);
const histories = 20_000;

function firstFault(variant: Variant): string | null {
  const found = fc.check(
    fc.property(policies, steps, (policy, history) => {
      new History(policy, variant).play(history);
    }),
    { numRuns: histories, seed: 42 },
  );
  return found.errorInstance instanceof Error ? found.errorInstance.message : null;
}

describe("random histories with crashes", () => {
  it(`I1, I2, exact figures, settled once, deferrals that end when they say: ${histories} histories, seed ${seed}`, () => {
    const seen = { admitted: 0, oversized: 0, headroom: 0, deferred: 0, probed: 0, crashes: 0 };
    fc.assert(
      fc.property(policies, steps, (policy, steps) => {
        const history = new History(policy, "right");
        history.play(steps);
        for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += history.seen[key];
      }),
      { numRuns: histories, seed },
    );
    // A history in which nothing happens proves nothing.
    console.info(`seed ${seed}: ${JSON.stringify(seen)}`);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(histories / 100);
  }, 240_000);
});

describe("negative controls: the same properties catch each wrong way", () => {
  it.each([
    ["timed-holds", /^I[12]/],
    ["holds-in-memory", /^I[12]/],
    ["no-holds", /^I[12]/],
    ["double-count", /each response once/],
  ] as const)("%s fails", (variant, property) => {
    expect(firstFault(variant)).toMatch(property);
  });
});
