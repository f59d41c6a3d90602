/** One invocation: an attempt of a task that has ended, as the hierarchy counts it. */
import type { EscalationLevel } from "../roster/escalation.ts";
import type { Tier } from "../roster/roster.ts";
import type { Outcome } from "../tasks/task.ts";

export interface Invocation {
  readonly attemptId: string;
  readonly taskId: number;
  /** Agent of the roster that had it; null = nobody of it. */
  readonly member: string | null;
  /** Where the agent stood when it ended. */
  readonly tier: Tier | null;
  readonly departments: readonly string[];
  readonly model: string | null;
  readonly outcome: Outcome["kind"];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Tokens as limits count them, without and with the output; null = nobody knows. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** null: a part has no price, or nobody knows what was used. */
  readonly costNanoUsd: number | null;
  /** null: it was never seen to start. */
  readonly durationMs: number | null;
  readonly escalation: EscalationLevel;
  /** Conversation it ran in. */
  readonly sessionId: string | null;
}

export const SUBJECT_KINDS = ["agent", "department", "tier", "system"] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** Whom figures are kept for. The system's id is empty. */
export interface Subject {
  readonly kind: SubjectKind;
  readonly id: string;
}

export const SYSTEM: Subject = Object.freeze({ kind: "system", id: "" });

/** All it counts for. The system counts each invocation once, in however many departments its agent stands. */
export function subjectsOf({
  member,
  tier,
  departments,
}: Pick<Invocation, "member" | "tier" | "departments">): Subject[] {
  return [
    ...(member === null ? [] : [{ kind: "agent", id: member } as const]),
    ...departments.map((id) => ({ kind: "department", id }) as const),
    ...(tier === null ? [] : [{ kind: "tier", id: tier } as const]),
    SYSTEM,
  ];
}
