/** A trigger: which events wake whom, and how many of them may. What the configuration says, checked. */
import type { Priority } from "../tasks/priority.ts";
import type { Filter } from "./filter.ts";

/** Wakes in a row, each caused by the one before, after which an event is put aside as a loop. */
export const chainDepthMax = 5;

export const MODES = ["queued", "single", "restart", "parallel"] as const;
/**
 * While a wake of the same lane is at work: queued = each waits for its turn, single = later ones become one, restart =
 * the later takes its place, parallel = several at once.
 */
export type Mode = (typeof MODES)[number];

export const CATCH_UP = ["once", "skip", "all"] as const;
export type CatchUp = (typeof CATCH_UP)[number];

export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  /** What becomes of moments that were missed. */
  readonly catchup: CatchUp;
}

export interface Trigger {
  readonly name: string;
  /** Types, exact or as `git.*`. */
  readonly on: readonly string[];
  readonly filter: Filter | null;
  /** Worker, agent of the roster or kind of agent; `target` = whom the event names; null = as for any task. */
  readonly wake: string | null;
  readonly prompt: string | null;
  /** Over that of the events; null = the highest of theirs. */
  readonly priority: Priority | null;
  readonly cooldownMs: number;
  readonly debounce: { readonly periodMs: number; readonly maxMs: number } | null;
  readonly batch: { readonly max: number; readonly timeoutMs: number; readonly by: string | null } | null;
  readonly mode: Mode;
  /** Wakes that may wait (queued) or be at work at once (parallel). */
  readonly depth: number;
  readonly rate: { readonly count: number; readonly perMs: number } | null;
  readonly ttlMs: number | null;
  readonly retry: { readonly max: number; readonly firstDelayMs: number };
  readonly ackTimeoutMs: number;
  /** Of one calendar day. */
  readonly budget: { readonly tokens: number | null; readonly nanoUsd: number | null };
  /** What wakes that carry foreign text become: tasks held for a person, or tasks that run. */
  readonly trust: "held" | "run";
  readonly schedule: Schedule | null;
  readonly maxPromptTokens: number;
}

/** What becomes of each event, for each trigger that looks at it. */
export const OUTCOMES = ["delivered", "merged", "filtered", "held", "expired", "dead"] as const;
export type Outcome = (typeof OUTCOMES)[number];
