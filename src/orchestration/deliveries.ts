/**
 * From a wake to a turn of its agent: one wake is one task with a key of its own, so that the same wake never becomes
 * two. It is delivered when the agent is seen to take it up; until then it is tried again, afterwards never.
 */
import { randomBytes } from "node:crypto";
import { retryDelayMs } from "../activation/gates.ts";
import { wakePrompt } from "../activation/prompt.ts";
import type { Trigger } from "../activation/trigger.ts";
import { isAtWork, type Wake } from "../activation/wake.ts";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import type { EventJournal } from "../ledger/event-journal.ts";
import type { KeptEvent } from "../ledger/event-rows.ts";
import type { AttemptRows } from "../ledger/attempt-rows.ts";
import { isFinal, type Task, type TaskDraft } from "../tasks/task.ts";
import { personsWords } from "./own-triggers.ts";

const DELIVER = faultPoint("wake.deliver");

/** Why we cancelled its task ourselves. */
const LATE = "its agent did not take it up in time";
/** Events of one wake that are read for its prompt. */
const promptEventsMax = 200;

/** What deliveries ask of the queue. */
export interface TaskDesk {
  submit(draft: TaskDraft): Task;
  retry(id: number, cause: string): Task;
  cancel(id: number): Promise<unknown>;
  task(id: number): Task;
}

export interface DeliveryParts {
  readonly journal: EventJournal;
  readonly attempts: AttemptRows;
  readonly tasks: TaskDesk;
  triggerOf(name: string): Trigger | null;
  /** Whom a wake goes to: the fields of a draft. CtmError `not-found` where nobody is so called. */
  address(target: string | null): Partial<TaskDraft>;
  readonly cwd: string;
  now(): number;
  /** 0 to 1. */
  chance(): number;
  /** What became of a wake is told. */
  moved(wakeId: number): void;
  /** It may go on by then. */
  wakeBy(atMs: number): void;
  trouble(error: unknown): void;
}

export class Deliveries {
  readonly #parts: DeliveryParts;
  /** Tasks of wakes that have not ended. */
  readonly #tasks = new Map<number, number>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Wakes that were on their way when the manager ended go on, or are looked at again. */
  takeUpAgain(): void {
    for (const wake of this.#parts.journal.wakes.open()) {
      if (wake.taskId !== null) this.#tasks.set(wake.taskId, wake.id);
      if (wake.state === "claimed") this.deliver(wake.id);
      else if (isAtWork(wake)) this.look(wake.id);
    }
  }

  /** Is this the task of a wake that has not ended? */
  concerns(taskId: number): boolean {
    return this.#tasks.has(taskId);
  }

  /** Makes a claimed wake a task, or its task queued again. */
  deliver(wakeId: number): void {
    const { journal, tasks, now, moved } = this.#parts;
    const wake = journal.wakes.byId(wakeId);
    if (wake?.state !== "claimed") return;
    try {
      const task = DELIVER.pass(() => this.#queued(wake));
      this.#tasks.set(task.id, wakeId);
      journal.submitted(wakeId, task.id, now());
      moved(wakeId);
      // It may have been taken up before, under the same key.
      if (tasks.task(task.id).state.name !== "queued" || task.draft.holdReason !== null) this.look(wakeId);
    } catch (error) {
      if (!(error instanceof CtmError) || error.code === "ledger") throw error;
      this.#failed(wake, error.message);
    }
  }

  #queued(wake: Wake): Task {
    const { tasks } = this.#parts;
    const before = wake.taskId === null ? null : tasks.task(wake.taskId);
    if (before === null) return tasks.submit(this.draftOf(wake));
    const { name } = before.state;
    if (!isFinal(name) || name === "completed") return before;
    return tasks.retry(before.id, `wake ${wake.id} is tried again`);
  }

  /** The task a wake becomes. CtmError `not-found` where nobody is called as its trigger says. */
  draftOf(wake: Wake): TaskDraft {
    const { journal, triggerOf } = this.#parts;
    const trigger = triggerOf(wake.trigger);
    if (trigger === null) throw new CtmError("not-found", `there is no trigger ${wake.trigger} any more`);
    return this.draftFor(wake, trigger, journal.events.ofWake(wake.id, promptEventsMax));
  }

  /** The same of these events. */
  draftFor(wake: Wake, trigger: Trigger, kept: readonly KeptEvent[]): TaskDraft {
    const { cwd, address } = this.#parts;
    const text =
      personsWords(trigger, kept) ??
      wakePrompt({
        wakeId: wake.id,
        template: trigger.prompt,
        events: kept.map(({ event }) => event),
        count: wake.events,
        foreign: wake.foreign,
        mark: randomBytes(8).toString("hex"),
        maxTokens: trigger.maxPromptTokens,
      });
    const held = wake.foreign && trigger.trust === "held";
    return {
      text,
      priority: wake.priority,
      cwd,
      ...{ type: null, model: null, agent: null, worker: null, as: null, cap: null },
      key: `wake ${wake.id}`,
      holdReason: held ? `text from outside (trigger ${trigger.name}): look at it, then release` : null,
      retryLost: false,
      origin: `trigger ${trigger.name}`,
      ...address(wake.target),
    };
  }

  /** The task of a wake has moved, or a start finds it: what that means for the wake. */
  look(wakeId: number): void {
    const { journal, tasks, now, moved } = this.#parts;
    const wake = journal.wakes.byId(wakeId);
    if (wake === null || wake.taskId === null || !isAtWork(wake)) return;
    const task = tasks.task(wake.taskId);
    if (wake.ackedMs === null && this.#isTakenUp(task)) {
      journal.acked(wakeId, now());
      moved(wakeId);
    }
    if (!isFinal(task.state.name)) return this.#lookWaiting(wake, task);
    this.#tasks.delete(task.id);
    const current = journal.wakes.byId(wakeId);
    if (current === null) return;
    if (current.ackedMs !== null) journal.done(wakeId, now());
    // A person's cancel is the last word; ours, of what nobody took up, is not.
    else if (task.state.name === "cancelled" && current.reason !== LATE)
      journal.failed(wakeId, reasonOf(task), null, now());
    else return this.#failed(current, current.reason === LATE ? LATE : reasonOf(task));
    moved(wakeId);
  }

  /** Did its agent begin the turn? What was typed and not seen to be taken up is not. */
  #isTakenUp({ state }: Task): boolean {
    switch (state.name) {
      case "running":
      case "completed":
        return true;
      case "needs-input":
      case "parked":
      case "failed":
      case "lost":
      case "cancelled": {
        const attempt = state.attemptId === null ? null : this.#parts.attempts.byId(state.attemptId);
        return attempt?.accepted_at_ms != null;
      }
      case "queued":
      case "reserved":
      case "dispatching":
      case "dispatched":
        return false;
      default:
        return state satisfies never;
    }
  }

  #lookWaiting(wake: Wake, { id, state }: Task): void {
    const { journal, now } = this.#parts;
    if (wake.ackedMs !== null || wake.reason === LATE) return;
    const held = state.name === "queued" && state.holdReason !== null;
    journal.waitsWith(
      wake.id,
      held ? `task ${id} is held: release ${id}` : `task ${id} is ${state.name}`,
      now(),
    );
    if (state.name === "dispatched" || state.name === "needs-input") this.#expectAck(wake, id);
  }

  /** What was typed must be seen to be taken up in time; else its task is cancelled, and the wake tried again. */
  #expectAck(wake: Wake, taskId: number): void {
    const { attempts, journal, tasks, now, triggerOf, trouble, wakeBy } = this.#parts;
    const attempt = attempts.ofTask(taskId).at(-1);
    const trigger = triggerOf(wake.trigger);
    if (attempt?.typed_at_ms == null || trigger === null) return;
    const dueMs = attempt.typed_at_ms + trigger.ackTimeoutMs;
    if (dueMs > now()) return wakeBy(dueMs);
    journal.waitsWith(wake.id, LATE, now());
    void tasks.cancel(taskId).catch(trouble);
  }

  /** Wakes whose tasks were typed: is one late? */
  lookLate(): void {
    for (const wakeId of this.#tasks.values()) {
      const wake = this.#parts.journal.wakes.byId(wakeId);
      if (wake?.state === "submitted") this.look(wakeId);
    }
  }

  #failed(wake: Wake, reason: string): void {
    const { journal, now, chance, triggerOf, moved, wakeBy } = this.#parts;
    const trigger = triggerOf(wake.trigger);
    const notBeforeMs =
      trigger === null || wake.attempts > trigger.retry.max
        ? null
        : now() + retryDelayMs(trigger, wake.attempts, chance());
    journal.failed(wake.id, reason, notBeforeMs === null ? null : { notBeforeMs }, now());
    if (notBeforeMs !== null) wakeBy(notBeforeMs);
    moved(wake.id);
  }
}

function reasonOf({ id, state }: Task): string {
  return "reason" in state ? `task ${id} ${state.name}: ${state.reason}` : `task ${id} was ${state.name}`;
}
