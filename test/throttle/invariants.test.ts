import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Throttle } from "../../src/throttle/throttle.ts";
import { History, policies, steps, type Variant } from "./history.ts";

const seed = Number(process.env["CTM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const histories = process.env["CTM_TEST_LONG"] === "1" ? 100_000 : 2_000;

function firstFault(variant: Variant): string | null {
  const found = fc.check(
    fc.property(policies, steps, (policy, history) => {
      new History(policy, variant).play(history);
    }),
    // The first fault is enough: making it smaller takes most of the time.
    { numRuns: 2_000, seed: 42, endOnFailure: true },
  );
  return found.errorInstance instanceof Error ? found.errorInstance.message : null;
}

describe("random histories with crashes", () => {
  it(`P1 to P6 and P8 hold in ${histories} histories (seed ${seed})`, () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(policies, steps, (policy, taken) => {
        const history = new History(policy, "right");
        history.play(taken);
        for (const [what, count] of Object.entries(history.seen)) seen[what] = (seen[what] ?? 0) + count;
      }),
      { numRuns: histories, seed },
    );
    // A history in which nothing happens proves nothing.
    console.info(`seed ${seed}: ${JSON.stringify(seen)}`);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(histories / 100);
  }, 240_000);

  it(`P7: a crash at any moment changes no later decision (seed ${seed})`, () => {
    fc.assert(
      fc.property(policies, steps, (policy, taken) => {
        const [crashed, whole] = [new History(policy, "right"), new History(policy, "right")];
        crashed.play(taken.flatMap((one) => [one, { do: "crash" }]));
        whole.play(taken.filter((one) => one.do !== "crash"));
        expect(crashed.decisions).toEqual(whole.decisions);
      }),
      { numRuns: Math.ceil(histories / 10), seed },
    );
  }, 240_000);
});

describe("negative controls: the same properties catch each wrong way", () => {
  it.each([
    ["check-then-insert", /^I1/],
    ["timed-holds", /^I[12]/],
    ["holds-in-memory", /^I[12]/],
    ["no-holds", /^I[12]/],
    ["double-count", /each response once/],
    ["summed-usage", /each response once/],
  ] as const)("%s fails", (variant, property) => {
    expect(firstFault(variant)).toMatch(property);
  });

  it("money that is not whole is refused before it can be summed", () => {
    // As dollars three times 0.1 are more than a limit of 0.3, and a task that fits would wait for ever.
    expect(0.1 + 0.1 + 0.1 <= 0.3).toBe(false);
    const policy = fc.sample(policies, { numRuns: 1, seed: 1 })[0];
    if (policy === undefined) throw new Error("no policy");
    const throttle = new Throttle(policy);
    const subject = { worker: "w1", agent: "claude", model: null };
    const spend = { tokens: 0, nanoUsd: 0.1 };
    expect(() => throttle.admit({ attemptId: "a", subject, priority: "low", spend }, 0)).toThrow(RangeError);
    const booking = { atMs: 0, subject, spend, attemptId: null, simulated: false };
    expect(() => throttle.book(booking)).toThrow(RangeError);
  });
});
