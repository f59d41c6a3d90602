/** Small rosters for tests. */
import { TIER_BUDGETS, type Member, type Roster, type SpendBudget } from "../../src/roster/roster.ts";

export const NO_BUDGET: SpendBudget = {
  tokens: { day: null, week: null, month: null },
  nanoUsd: { day: null, week: null, month: null },
};

export function memberLike(id: string, change: Partial<Member> = {}): Member {
  return {
    id,
    name: id,
    tier: "execution",
    departments: ["frontend"],
    model: null,
    agent: null,
    worker: null,
    types: null,
    words: [],
    preamble: null,
    reportsTo: null,
    maxTokens: null,
    retainedTokens: null,
    budget: NO_BUDGET,
    ...change,
  };
}

/** One department, frontend, that takes ui. */
export function rosterLike(change: Partial<Roster> = {}): Roster {
  return {
    tiers: {
      strategic: { ...TIER_BUDGETS.strategic, budget: NO_BUDGET },
      tactical: { ...TIER_BUDGETS.tactical, budget: NO_BUDGET },
      execution: { ...TIER_BUDGETS.execution, budget: NO_BUDGET },
    },
    departments: [departmentLike("frontend")],
    members: [],
    budget: NO_BUDGET,
    ...change,
  };
}

export function departmentLike(
  id: string,
  change: Partial<Roster["departments"][number]> = {},
): Roster["departments"][number] {
  return {
    id,
    name: id,
    types: ["ui"],
    words: [],
    coordinator: null,
    specialists: null,
    budget: NO_BUDGET,
    ...change,
  };
}
