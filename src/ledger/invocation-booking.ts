/**
 * What ended attempts and their usage are in the figures of the hierarchy. All of it happens inside the transaction that
 * ends the attempt or books the usage. Without a roster nothing is counted.
 */
import type { Invocation } from "../hierarchy/invocation.ts";
import type { Tier } from "../roster/roster.ts";
import type { Outcome, Task } from "../tasks/task.ts";
import type { AttemptRow } from "./attempt-rows.ts";
import type { EscalationRows } from "./escalation-rows.ts";
import type { HierarchyRows, InvocationUsage } from "./hierarchy-rows.ts";
import type { ReportRows } from "./report-rows.ts";
import type { Booked, SpendRows } from "./spend-rows.ts";

/** Where an agent of the roster stands. */
export interface MemberPlace {
  readonly tier: Tier;
  readonly departments: readonly string[];
}

export interface InvocationBookingParts {
  readonly hierarchy: HierarchyRows;
  readonly reports: ReportRows;
  readonly escalations: EscalationRows;
  readonly spend: SpendRows;
}

export class InvocationBooking {
  readonly #parts: InvocationBookingParts;
  /** Null: there is no roster. */
  #placeOf: ((member: string) => MemberPlace | null) | null = null;

  constructor(parts: InvocationBookingParts) {
    this.#parts = parts;
  }

  /** From now on ended attempts are counted for agents, departments and tiers of a roster. */
  countBy(placeOf: (member: string) => MemberPlace | null): void {
    this.#placeOf = placeOf;
  }

  /** Counts an attempt that has just ended, its usage booked. */
  ended(task: Task, attempt: AttemptRow, outcome: Outcome, atMs: number): void {
    const { hierarchy, reports, escalations } = this.#parts;
    const { typed_at_ms: typedAtMs } = attempt;
    if (this.#placeOf === null) return;
    // Nothing was typed and nobody wanted it any more: nobody was invoked.
    if (outcome.kind === "cancelled" && typedAtMs === null) return;
    const invocation: Invocation = {
      attemptId: attempt.id,
      taskId: task.id,
      ...placedAs(task.assignment.member?.id ?? null, this.#placeOf),
      model: attempt.model,
      outcome: outcome.kind,
      startedAtMs: typedAtMs ?? attempt.reserved_at_ms,
      endedAtMs: atMs,
      ...this.#usageOf(attempt.id),
      durationMs: typedAtMs === null ? null : Math.max(0, atMs - typedAtMs),
      escalation: escalations.levelOf(task.id),
      sessionId: attempt.session_id,
    };
    hierarchy.book(invocation, reports.countedFor(attempt.id));
  }

  /** Usage came in: of attempts that have been counted the figures change with it. */
  correct(booked: readonly Booked[]): void {
    const { hierarchy } = this.#parts;
    if (!hierarchy.any) return;
    for (const attemptId of new Set(booked.flatMap(({ entry }) => entry.attemptId ?? [])))
      hierarchy.correct(attemptId, this.#usageOf(attemptId));
  }

  /** Something else is known of an agent of the roster, and of those it counts for. */
  touched(member: string): void {
    if (this.#placeOf !== null) this.#parts.hierarchy.touched(placedAs(member, this.#placeOf));
  }

  /** All bookings have other costs. */
  reprice(): void {
    const { hierarchy, reports } = this.#parts;
    if (hierarchy.any) hierarchy.rebuild(reports.counted(), (attemptId) => this.#usageOf(attemptId));
  }

  /** An attempt that booked nothing is known exactly: it spent nothing. */
  #usageOf(attemptId: string): InvocationUsage {
    const { spend } = this.#parts;
    const spent = spend.ofAttempt(attemptId);
    if (spent.rows === 0) return { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 };
    if (spent.source === "unknown") return { inputTokens: null, outputTokens: null, costNanoUsd: null };
    const { outputTokens } = spend.usageOfAttempt(attemptId);
    return { inputTokens: spent.tokens - outputTokens, outputTokens, costNanoUsd: spent.cost };
  }
}

function placedAs(
  member: string | null,
  placeOf: (member: string) => MemberPlace | null,
): Pick<Invocation, "member" | "tier" | "departments"> {
  const place = member === null ? null : placeOf(member);
  return place === null ? { member, tier: null, departments: [] } : { member, ...place };
}
