/** What a person asks of one task: its end, another try, a yes to its size. */
import { oversizedKey } from "./admissions.ts";
import { CtmError } from "./base/errors.ts";
import type { Distributor } from "./distributor/distributor.ts";
import type { KeptWrites } from "./kept-writes.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import { attemptWorker, isCurrent } from "./task-in-hand.ts";
import type { TaskNews } from "./task-news.ts";
import { isFinal, type Task } from "./tasks/task.ts";

export interface TaskOrderParts {
  readonly ledger: Ledger;
  readonly distributor: Distributor;
  readonly kept: KeptWrites;
  readonly news: TaskNews;
  /** Another task may go now. */
  pump(): void;
  now(): number;
}

export class TaskOrders {
  readonly #parts: TaskOrderParts;

  constructor(parts: TaskOrderParts) {
    this.#parts = parts;
  }

  /** Its cancel was asked for before the manager ended, and its agent may not have heard: it is interrupted again. */
  async cancelAgain(task: Task): Promise<void> {
    this.#parts.kept.flush();
    const current = this.#parts.ledger.task(task.id);
    if (isCurrent(current, attemptOf(task))) await this.cancel(task.id);
  }

  /**
   * Cancels a waiting task at once; a running one is interrupted and ends when its agent is seen to stop. The intent is
   * on disk before the interrupt, so whoever finds the attempt ended knows why. Asked again, it interrupts again.
   */
  async cancel(id: number): Promise<Task> {
    const { ledger, distributor, now, kept } = this.#parts;
    kept.flush();
    const task = ledger.task(id);
    const { state } = task;
    if (state.name === "queued") {
      const cancelled = this.#parts.kept.orThrow(() => ledger.cancelQueued(task, now()));
      this.#parts.news.moved(task, cancelled, "cancelled by a person");
      return cancelled;
    }
    if (isFinal(state.name))
      throw new CtmError("illegal-move", `task ${id} has ended already: ${state.name}`);
    const attemptId = attemptOf(task);
    ledger.attempts.intendCancel(attemptId, now());
    try {
      await distributor.interrupt(attemptWorker(task), attemptId);
    } catch (error) {
      // Anything else may have interrupted it all the same.
      if (error instanceof CtmError && error.code === "illegal-move")
        ledger.attempts.withdrawCancel(attemptId);
      throw error;
    }
    return ledger.task(id);
  }

  /** Puts a failed, lost or cancelled task back in the queue as a new attempt. */
  retry(id: number, cause: string): Task {
    const { ledger, now, kept } = this.#parts;
    kept.flush();
    const task = ledger.task(id);
    const queued = ledger.retry(task, cause, null, now());
    this.#parts.news.moved(task, queued, cause);
    this.#parts.pump();
    return queued;
  }

  /** The person says yes to a task that is larger than a whole window. */
  approveOversized(id: number): void {
    const { state } = this.#parts.ledger.task(id);
    if (state.name !== "queued" || state.holdReason?.startsWith("oversized: ") !== true) return;
    this.#parts.ledger.settings.set(oversizedKey(id), "yes");
  }
}
