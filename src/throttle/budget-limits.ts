/** What a roster's budgets are to the throttle: limits of their own beside the configured ones, by day, week and month. */
import { BUDGET_WINDOWS, TIERS, type Roster, type SpendBudget } from "../roster/roster.ts";
import { defaultForm, type Limit, type Scope } from "./limits.ts";

/** One limit for each amount that is named; a budget that names none binds nobody. */
export function budgetLimits(roster: Roster): Limit[] {
  return [
    ...limitsOf({ kind: "system" }, roster.budget),
    ...TIERS.flatMap((name) => limitsOf({ kind: "tier", name }, roster.tiers[name].budget)),
    ...roster.departments.flatMap(({ id, budget }) => limitsOf({ kind: "department", name: id }, budget)),
    ...roster.members.flatMap(({ id, budget }) => limitsOf({ kind: "member", name: id }, budget)),
  ];
}

function limitsOf(scope: Scope, { tokens, nanoUsd }: SpendBudget): Limit[] {
  return BUDGET_WINDOWS.flatMap((window) => {
    const form = defaultForm(window);
    return [
      ...(tokens[window] === null
        ? []
        : [{ scope, unit: "tokens" as const, window, form, amount: tokens[window] }]),
      ...(nanoUsd[window] === null
        ? []
        : [{ scope, unit: "cost" as const, window, form, amount: nanoUsd[window] }]),
    ];
  });
}
