/** How far up a task was handed: what an agent could not do alone. */

/** 0: nobody was needed. 1: it was tried again. 2: another agent. 3: a coordinator. 4: a person. */
export const ESCALATION_LEVELS = [0, 1, 2, 3, 4] as const;
export type EscalationLevel = (typeof ESCALATION_LEVELS)[number];

/** A retry is the first step up. */
export const retryLevel: EscalationLevel = 1;

/** Whom a task can be handed to. */
export const ESCALATION_TARGETS = ["agent", "coordinator", "human"] as const;
export type EscalationTarget = (typeof ESCALATION_TARGETS)[number];

export const LEVEL_OF_TARGET: Readonly<Record<EscalationTarget, EscalationLevel>> = Object.freeze({
  agent: 2,
  coordinator: 3,
  human: 4,
});

/** One step up, as it was booked. */
export interface Escalation {
  readonly atMs: number;
  readonly level: EscalationLevel;
  /** Agent of the roster it went to; null = nobody of it. */
  readonly member: string | null;
  readonly reason: string;
}

/** `2 (another agent)` */
export function levelWords(level: EscalationLevel): string {
  const words = ["nobody was needed", "tried again", "another agent", "coordinator", "a person"] as const;
  return `${level} (${words[level]})`;
}
