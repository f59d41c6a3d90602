import fc from "fast-check";
import { expect, it } from "vitest";
import { NO_AGGREGATE, recentMax, withCorrection, withInvocation } from "../../src/hierarchy/aggregate.ts";
import { subjectsOf } from "../../src/hierarchy/invocation.ts";
import { invocationLike, invocationNumber } from "../support/invocations.ts";
import { generator } from "../support/random.ts";

it("sums up what summing up all at once comes to", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(80), (seed, many) => {
      const random = generator(seed);
      const all = Array.from({ length: many }, (_, n) => invocationNumber(n, random));
      const sums = all.reduce((sum, one, n) => withInvocation(sum, one, n + 1), NO_AGGREGATE);
      const known = all.filter(({ inputTokens }) => inputTokens !== null);
      const durations = all.flatMap(({ durationMs }) => durationMs ?? []);
      const count = (...outcomes: string[]) => all.filter(({ outcome }) => outcomes.includes(outcome)).length;
      expect(sums).toMatchObject({
        invocations: many,
        succeeded: count("completed"),
        failed: count("failed", "lost"),
        tokensKnown: known.length,
        inputTokens: known.reduce((sum, one) => sum + (one.inputTokens ?? 0), 0),
        costNanoUsd: all.reduce((sum, one) => sum + (one.costNanoUsd ?? 0), 0),
        costKnown: all.filter((one) => one.costNanoUsd !== null).length,
        durations: durations.length,
        durationMs: durations.reduce((sum, ms) => sum + ms, 0),
        shortestMs: durations.length === 0 ? null : Math.min(...durations),
        longestMs: durations.length === 0 ? null : Math.max(...durations),
        levels: [1, 2, 3, 4].map((level) => all.filter((one) => one.escalation === level).length),
        recent: all.map((_, n) => n + 1).slice(-recentMax),
      });
    }),
    { numRuns: 60 },
  );
});

it("corrected, is what it had been with the right figures from the beginning", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, many) => {
      const random = generator(seed);
      // Conversations come back, as where two workers take turns.
      const all = Array.from({ length: many }, (_, n) => ({
        ...invocationNumber(n, random),
        sessionId: random() < 0.2 ? null : `s${Math.floor(random() * 2)}`,
      }));
      const at = Math.floor(random() * many);
      const wrong = all[at] ?? invocationLike();
      const right = { ...wrong, inputTokens: 7, outputTokens: 8, costNanoUsd: random() < 0.5 ? null : 9 };
      const sumOf = (list: readonly (typeof wrong)[]) =>
        list.reduce((sum, one, n) => withInvocation(sum, one, n + 1), NO_AGGREGATE);
      const before = sumOf(all);
      const corrected = withCorrection(before, wrong, right, at + 1);
      const wanted = sumOf(all.with(at, right));
      // A conversation nobody knows has no tokens that go on.
      if (wrong.sessionId === null)
        expect({ ...corrected, sessionTokens: 0 }).toEqual({ ...wanted, sessionTokens: 0 });
      else expect(corrected).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

it("keeps tokens of the newest conversation alone", () => {
  const session = (sessionId: string | null) =>
    invocationLike({ sessionId, inputTokens: 10, outputTokens: 1 });
  const tokens = (...ids: (string | null)[]) =>
    ids.reduce((sum, id, n) => withInvocation(sum, session(id), n), NO_AGGREGATE).sessionTokens;
  expect([tokens("a", "a"), tokens("a", "b"), tokens("a", "b", "a"), tokens(null, null)]).toEqual([
    22, 11, 11, 11,
  ]);
});

it("counts for the agent, each of its departments, its tier, and once for all together", () => {
  expect(
    subjectsOf(invocationLike({ departments: ["a", "b"] })).map(({ kind, id }) => `${kind} ${id}`),
  ).toEqual(["agent react-expert", "department a", "department b", "tier execution", "system "]);
  expect(subjectsOf(invocationLike({ member: null, tier: null, departments: [] }))).toHaveLength(1);
});
