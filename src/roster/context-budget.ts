/** How much one conversation of an agent of the roster may hold, and what is said when it comes near or over it. */
import { memberOf, superiorOf, type Member, type Roster, type TierBudget } from "./roster.ts";

/** From this part of the budget on it is warned of, in percent. */
const nearPercent = 80;

export type ContextLevel = "below" | "near" | "full";

/**
 * Where a conversation stands: warned of; to be compacted; told to compact; or to be left for a new one with the next
 * task, because its agent cannot compact it or did not.
 */
export const CONTEXT_STAGES = ["warned", "due", "asked", "fresh"] as const;
export type ContextStage = (typeof CONTEXT_STAGES)[number];

/** A conversation near or over its budget. */
export interface ContextStand {
  readonly worker: string;
  readonly sessionId: string;
  /** Agent of the roster, and the task that took it there. */
  readonly member: string;
  readonly name: string;
  readonly taskId: number;
  readonly tokens: number;
  readonly maxTokens: number;
  readonly stage: ContextStage;
  /** How long its record was: a compaction stands behind that. */
  readonly recordBytes: number;
  /** What stood on its pane before it was told to compact; null = it was not told. */
  readonly mark: string | null;
  readonly askedAtMs: number | null;
  /** A person wants it compacted, however full it is. */
  readonly wished: boolean;
}

/** An agent's own word goes over its tier's. */
export function contextBudget(roster: Roster, member: Member): TierBudget {
  const tier = roster.tiers[member.tier];
  return {
    maxTokens: member.maxTokens ?? tier.maxTokens,
    retainedTokens: member.retainedTokens ?? tier.retainedTokens,
  };
}

/** Exact: 25,599 of 32,000 is below, 25,600 near, 32,000 full. */
export function contextLevel(tokens: number, maxTokens: number): ContextLevel {
  if (tokens >= maxTokens) return "full";
  return tokens * 100 >= maxTokens * nearPercent ? "near" : "below";
}

/** Who is told of it at the limit: the roster's context manager where it has one, else whom its agent turns to. */
export function contextManagerOf(roster: Roster, member: Member): Member | null {
  const manager = memberOf(roster, "context-manager");
  return manager === null || manager.id === member.id ? superiorOf(roster, member) : manager;
}

/** The warning, word for word. */
export function nearWords(name: string): string {
  return `Agent ${name} approaching context limit`;
}

/** The warning or what becomes of it, with its figures. */
export function contextWords({ name, tokens, maxTokens, stage, wished }: ContextStand): string {
  const figures = `(${tokens.toLocaleString("en-US")} of ${maxTokens.toLocaleString("en-US")} tokens)`;
  if (stage === "warned") return `${nearWords(name)} ${figures}`;
  const next = {
    due: "it compacts its conversation before it takes a task",
    asked: "it compacts its conversation now",
    fresh: "its next task begins a new conversation",
  };
  const why = wished ? "is to sum its conversation up" : "reached its context limit";
  return `Agent ${name} ${why} ${figures}: ${next[stage]}`;
}
