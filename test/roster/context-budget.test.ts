import { expect, test } from "vitest";
import {
  contextBudget,
  contextLevel,
  contextManagerOf,
  contextWords,
  type ContextStand,
} from "../../src/roster/context-budget.ts";
import { departmentLike, memberLike, rosterLike } from "../support/rosters.ts";

test.each([
  [128_000, 102_400],
  [64_000, 51_200],
  [32_000, 25_600],
  // Where 80 % is no whole number, the next token is near.
  [1_001, 801],
  [1, 1],
])("of %i tokens it is near from %i on and full at the last", (maxTokens, near) => {
  const levels = [near - 1, near, maxTokens - 1, maxTokens, maxTokens + 1].map((tokens) =>
    contextLevel(tokens, maxTokens),
  );
  const nearOnly = near < maxTokens ? "near" : "full";
  const belowFull = maxTokens - 1 < near ? "below" : "near";
  expect(levels).toEqual(["below", nearOnly, belowFull, "full", "full"]);
});

test("an agent's own budget goes over its tier's, figure by figure", () => {
  const roster = rosterLike();
  expect(contextBudget(roster, memberLike("a"))).toMatchObject({ maxTokens: 32_000, retainedTokens: 4_000 });
  const own = memberLike("a", { tier: "tactical", maxTokens: 50_000 });
  expect(contextBudget(roster, own)).toEqual({ maxTokens: 50_000, retainedTokens: 8_000 });
});

test("the context manager is told, else whom the agent turns to", () => {
  const [coder, boss, manager] = [memberLike("coder"), memberLike("boss"), memberLike("context-manager")];
  const departments = [departmentLike("frontend", { coordinator: "boss" })];
  const without = rosterLike({ departments, members: [coder, boss] });
  const withIt = rosterLike({ departments, members: [coder, boss, manager] });
  expect(contextManagerOf(without, coder)?.id).toBe("boss");
  expect(contextManagerOf(withIt, coder)?.id).toBe("context-manager");
  // It does not report to itself.
  expect(contextManagerOf(withIt, manager)?.id).toBe("boss");
});

test("a person reads how full it is and what comes next", () => {
  const stand = { name: "Coder", tokens: 32_100, maxTokens: 32_000 } as ContextStand;
  expect(
    (["warned", "due", "asked", "fresh"] as const).map((stage) => contextWords({ ...stand, stage })),
  ).toEqual([
    "Agent Coder approaching context limit (32,100 of 32,000 tokens)",
    "Agent Coder reached its context limit (32,100 of 32,000 tokens): it compacts its conversation before it takes a task",
    "Agent Coder reached its context limit (32,100 of 32,000 tokens): it compacts its conversation now",
    "Agent Coder reached its context limit (32,100 of 32,000 tokens): its next task begins a new conversation",
  ]);
});
