/** What all together may spend in a month. */
import type { Roster } from "./roster/roster.ts";
import type { Limit } from "./throttle/limits.ts";

/** The roster's own budget, else the limit on everything by month, in nano-dollars; null = neither is set. */
export function monthBudgetNanoUsd(roster: Roster | null, limits: readonly Limit[]): number | null {
  const monthly = limits.find(
    ({ scope, unit, window }) => scope.kind === "global" && unit === "cost" && window === "month",
  );
  return roster?.budget.nanoUsd.month ?? monthly?.amount ?? null;
}
