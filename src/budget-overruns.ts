/**
 * A task that has spent beyond a budget of the roster is handed up to level 3, once a budget and window (a
 * rolling one: once an attempt): booked, told, and left to its agent. Looked at whenever usage of it is booked, and
 * before its end is, so that the figures of the attempt know of it.
 */
import type { FactBus } from "./events/bus.ts";
import type { After } from "./gathered-writes.ts";
import type { AttemptRow } from "./ledger/attempt-rows.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Booked } from "./ledger/spend-rows.ts";
import { LEVEL_OF_TARGET } from "./roster/escalation.ts";
import { memberOf, superiorOf, type Roster } from "./roster/roster.ts";
import type { Task } from "./tasks/task.ts";
import type { LimitStanding, Throttle } from "./throttle/throttle.ts";
import { limitAmount, limitName } from "./throttle/wording.ts";

export interface BudgetOverrunParts {
  /** null = there is none, and nothing to look at. */
  readonly roster: Roster | null;
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly bus: FactBus;
  now(): number;
}

export class BudgetOverruns {
  readonly #parts: BudgetOverrunParts;

  constructor(parts: BudgetOverrunParts) {
    this.#parts = parts;
  }

  /** `booked`: what is booked of it already and not in the running sums yet. Inside the write that books it. */
  check(task: Task, attempt: AttemptRow, after: After, booked: readonly Booked[] = []): void {
    const { roster, throttle, now } = this.#parts;
    const { worker, agent, model, member } = attempt;
    if (roster === null || member === null) return;
    const more = booked.map(({ entry, addedTokens, addedNanoUsd }) => ({
      spend: { tokens: addedTokens, nanoUsd: addedNanoUsd },
      simulated: entry.source === "simulated",
    }));
    for (const budget of throttle.overrunBudgets({ worker, agent, model, member }, now(), more))
      this.#handUp(task, member, budget, roster, sinceMs(budget, attempt), after);
  }

  #handUp(
    task: Task,
    memberId: string,
    budget: LimitStanding,
    roster: Roster,
    fromMs: number,
    after: After,
  ): void {
    const { ledger, bus, now } = this.#parts;
    const over = `over ${limitName(budget)} (`;
    const known = ledger.escalations
      .ofTask(task.id)
      .some(({ reason, atMs }) => reason.startsWith(over) && atMs >= fromMs);
    if (known) return;
    const own = memberOf(roster, memberId);
    const member = own === null ? null : (superiorOf(roster, own)?.id ?? null);
    const level = LEVEL_OF_TARGET.coordinator;
    const reason = `${over}${limitAmount(budget.limit ?? 0, budget.unit)})`;
    const [atMs, by] = [now(), "budget" as const];
    ledger.escalate(task, level, member, reason, atMs);
    after(() => bus.publish({ kind: "task-escalated", atMs, taskId: task.id, level, member, reason, by }));
  }
}

/**
 * From when on having been handed up counts. A rolling window is never over while the task goes on spending: without the
 * attempt's own beginning a task would be handed up again each time the last one leaves the window.
 */
function sinceMs({ startMs, endMs }: LimitStanding, attempt: AttemptRow): number {
  return endMs === null ? Math.min(startMs, attempt.reserved_at_ms) : startMs;
}
