/** A wake on its way: one or more events of a trigger that will be one prompt. Each state carries what it needs. */
import type { Priority } from "../tasks/priority.ts";

/**
 * debounce, batch: it gathers events. ready: it waits at a gate. claimed: it is being made a task. submitted: its task
 * is queued, typed or held. delivered: its agent took it up. The rest are ends; merged: its events are another's.
 */
export const WAKE_STATES = [
  "debounce",
  "batch",
  "ready",
  "claimed",
  "submitted",
  "delivered",
  "done",
  "merged",
  "expired",
  "dead",
  "dropped",
] as const;
export type WakeState = (typeof WAKE_STATES)[number];

/** Where a wake that is ready waits. */
export const GATES = ["paused", "retry", "mode", "cooldown", "rate", "focus", "budget", "limit"] as const;
export type Gate = (typeof GATES)[number];

export interface Wake {
  readonly id: number;
  readonly trigger: string;
  /** Wakes of one lane take turns: what a batch goes by, and whom an event names. */
  readonly lane: string;
  readonly target: string | null;
  readonly priority: Priority;
  /** Does it carry text that comes from outside? */
  readonly foreign: boolean;
  /** Wakes before it in its chain. */
  readonly depth: number;
  readonly state: WakeState;
  /** How many events it carries. */
  readonly events: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Since when it is in its state. */
  readonly sinceMs: number;
  readonly gate: Gate | null;
  /** When what it waits for is over; null = nobody can say. */
  readonly untilMs: number | null;
  readonly reason: string | null;
  /** A failed delivery is tried again then. */
  readonly notBeforeMs: number | null;
  /** Deliveries that were begun. */
  readonly attempts: number;
  readonly taskId: number | null;
  readonly claimedMs: number | null;
  readonly ackedMs: number | null;
}

/** Does it still gather or wait? Then its events are held. */
export function isWaiting({ state }: Pick<Wake, "state">): boolean {
  return state === "debounce" || state === "batch" || state === "ready";
}

/** Is it being delivered, or is its agent at work on it? */
export function isAtWork({ state }: Pick<Wake, "state">): boolean {
  return state === "claimed" || state === "submitted" || state === "delivered";
}

/** The name of its chain, as its prompt says it: an event that carries it on was caused by this wake. */
export function chainName(wakeId: number): string {
  return `wake-${wakeId}`;
}

/** The wake a correlation names; null: it names none. */
export function wakeOfChain(correlation: string | null): number | null {
  const digits = /^wake-([1-9]\d{0,14})$/.exec(correlation ?? "")?.[1];
  return digits === undefined ? null : Number(digits);
}
