/**
 * The roster: who the agents of a hierarchy are, in which tier and departments they stand, and what each may spend.
 * An agent of the roster is called a member here, for `agent` is the kind of CLI that a worker runs. All counts are
 * computed from the members; a member of several departments counts once wherever departments are summed up.
 */
import type { TaskType } from "../tasks/task.ts";

/** From the top down. */
export const TIERS = ["strategic", "tactical", "execution"] as const;
export type Tier = (typeof TIERS)[number];

/** How much context one conversation of a tier may take in, and how much of it may be carried forward, in tokens. */
export interface TierBudget {
  readonly maxTokens: number;
  readonly retainedTokens: number;
}

export const BUDGET_WINDOWS = ["day", "week", "month"] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** What may be spent by day, week and month; null = no budget. */
export interface SpendBudget {
  readonly tokens: Readonly<Record<BudgetWindow, number | null>>;
  readonly nanoUsd: Readonly<Record<BudgetWindow, number | null>>;
}

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  /** Ids, at least one but for the strategic tier. */
  readonly departments: readonly string[];
  /** `cheap`, `premium`, or as its agent's CLI names it; null = by the route of the task's type. */
  readonly model: string | null;
  /** Kind of agent CLI; null = by the route. */
  readonly agent: string | null;
  /** The one worker its tasks go to; null = any that fits. */
  readonly worker: string | null;
  /** Types of tasks it takes; null = those of its departments. */
  readonly types: readonly TaskType[] | null;
  /** Words of a task that speak for it. */
  readonly words: readonly string[];
  /** Typed before the text of its tasks. */
  readonly preamble: string | null;
  /** Whom it turns to with what it cannot do; null = the coordinator of its department. */
  readonly reportsTo: string | null;
  /** Its own context budget; null = its tier's. */
  readonly maxTokens: number | null;
  readonly retainedTokens: number | null;
  readonly budget: SpendBudget;
}

export interface Department {
  readonly id: string;
  readonly name: string;
  /** Types of tasks its members take. */
  readonly types: readonly TaskType[];
  readonly words: readonly string[];
  /** Member that coordinates it; null = nobody. */
  readonly coordinator: string | null;
  /** How many specialists it is said to have; null = nothing is said. The doctor compares. */
  readonly specialists: number | null;
  readonly budget: SpendBudget;
}

export interface Roster {
  readonly tiers: Readonly<Record<Tier, TierBudget & { readonly budget: SpendBudget }>>;
  readonly departments: readonly Department[];
  readonly members: readonly Member[];
  /** Of all together. */
  readonly budget: SpendBudget;
}

/** The context budgets a tier has when the roster says nothing. */
export const TIER_BUDGETS: Readonly<Record<Tier, TierBudget>> = Object.freeze({
  strategic: { maxTokens: 128_000, retainedTokens: 16_000 },
  tactical: { maxTokens: 64_000, retainedTokens: 8_000 },
  execution: { maxTokens: 32_000, retainedTokens: 4_000 },
});

export function memberOf(roster: Roster, id: string): Member | null {
  return roster.members.find((member) => member.id === id) ?? null;
}

export function departmentOf(roster: Roster, id: string): Department | null {
  return roster.departments.find((department) => department.id === id) ?? null;
}

/** Everybody who stands in a department, its coordinator included where it says so of itself. */
export function membersIn(roster: Roster, department: string): Member[] {
  return roster.members.filter(({ departments }) => departments.includes(department));
}

/** Those of a department who carry tasks out. */
export function specialistsIn(roster: Roster, department: string): Member[] {
  return membersIn(roster, department).filter(({ tier }) => tier === "execution");
}

/** Whom a member's task is handed up to: the one it names, else the coordinator of its first department that has one. */
export function superiorOf(roster: Roster, member: Member): Member | null {
  const named =
    member.reportsTo ??
    member.departments
      .map((id) => departmentOf(roster, id)?.coordinator ?? null)
      .find((id) => id !== null && id !== member.id);
  return named === undefined || named === null ? null : memberOf(roster, named);
}

/** Task types a member takes: its own, else those of all its departments. */
export function typesOf(roster: Roster, member: Member): readonly TaskType[] {
  return member.types ?? member.departments.flatMap((id) => departmentOf(roster, id)?.types ?? []);
}
