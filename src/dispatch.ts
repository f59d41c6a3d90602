/** reserve → dispatch: what was admitted is written down, then handed to its worker, and what came of that is taken. */
import type { Admissions, AdmittedOffer } from "./admissions.ts";
import { CtmError } from "./base/errors.ts";
import type { DispatchResult, Distributor } from "./distributor/distributor.ts";
import { atOnce, type After } from "./gathered-writes.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Intent } from "./ledger/attempt-rows.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import { attemptWorker, isCurrent } from "./task-in-hand.ts";
import type { TaskNews } from "./task-news.ts";
import type { Task } from "./tasks/task.ts";
import type { Throttle } from "./throttle/throttle.ts";
import type { WorkerReports } from "./worker-reports.ts";

export interface DispatchParts {
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly distributor: Distributor;
  readonly kept: KeptWrites;
  readonly admissions: Admissions;
  readonly reports: WorkerReports;
  readonly news: TaskNews;
  /** May what happens to every task share a commit? Not while a person waits for each step. */
  shares(): boolean;
  /** Has the engine stopped? Then nothing is written any more. */
  closed(): boolean;
  /** A task may go by then: a pass is due. */
  wakeBy(atMs: number): void;
  now(): number;
  newAttemptId(nowMs: number): string;
}

export class Dispatch {
  readonly #parts: DispatchParts;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
  }

  /** In auto mode it is on the disk with the intent, before anything is typed. Null: the disk does not take it. */
  reserve(task: Task, chosen: AdmittedOffer): Task | null {
    const { kept } = this.#parts;
    if (this.#parts.shares()) return kept.attemptEarly((after) => this.#write(task, chosen, after));
    return kept.attempt(() => this.#write(task, chosen, (effect) => effect()));
  }

  /** The attempt and its reservation: written first, then in the running sums. */
  #write(task: Task, chosen: AdmittedOffer, after: After): Task {
    const { ledger, throttle, now, newAttemptId } = this.#parts;
    const atMs = now();
    const attemptId = newAttemptId(atMs);
    const { spend } = chosen.admission.reservation;
    const held = { tokens: spend.tokens, nanoUsd: spend.nanoUsd, oversized: chosen.admission.oversized };
    this.#parts.admissions.went(task.id);
    const { worker, agent, model } = chosen.offer;
    const reserved = ledger.reserve(task, { id: attemptId, worker, agent, model }, held, atMs);
    after(() => throttle.reserve({ ...chosen.admission.reservation, attemptId, sinceMs: atMs }));
    this.#parts.news.movedAfter(after, task, reserved);
    return reserved;
  }

  /** Hands the task to its worker. What was typed is never taken back; what was not goes back to the queue. */
  async send(reserved: Task): Promise<void> {
    const result = await this.#deliver(reserved, attemptOf(reserved));
    if (this.#parts.closed()) return;
    const how = result.kind === "typed" && this.#parts.shares() ? "patient" : "alone";
    this.#parts.kept.happened(how, (after) => this.#delivered(reserved, result, after));
  }

  #delivered(reserved: Task, result: DispatchResult, after: After): void {
    const { ledger, now } = this.#parts;
    const attemptId = attemptOf(reserved);
    // A fast agent may have been heard already: the ledger knows where the task stands now.
    const current = ledger.task(reserved.id);
    if (!isCurrent(current, attemptId)) return;
    switch (result.kind) {
      case "typed":
        if (current.state.name === "dispatching")
          this.#parts.news.movedAfter(after, current, ledger.typed(current, now()));
        return;
      case "not-typed":
        this.notTyped(current, result.reason);
        return;
      case "uncertain":
        this.#parts.reports.needsInput(
          current,
          attemptWorker(current),
          `delivery uncertain: ${result.reason}`,
        );
        return;
      default:
        result satisfies never;
    }
  }

  /** A dispatch that breaks: before its durable intent nothing can have been typed, after it nobody can say. */
  async #deliver(reserved: Task, attemptId: string): Promise<DispatchResult> {
    const { distributor, ledger, now, kept } = this.#parts;
    const worker = attemptWorker(reserved);
    let intended = false;
    const write = (intent: Intent) => (after: After) => {
      const dispatching = ledger.intend(reserved, intent, now());
      after(() => (intended = true));
      this.#parts.news.movedAfter(after, reserved, dispatching);
    };
    const intend = (intent: Intent): void | Promise<void> => {
      if (this.#parts.shares()) return kept.gathered(write(intent)).catch(notWrittenDown);
      if (kept.attempt(() => atOnce(write(intent))) === null) notWrittenDown();
    };
    try {
      return await distributor.dispatch({ task: reserved, attemptId, worker, intend });
    } catch (error) {
      this.#parts.news.trouble(error);
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: intended ? "uncertain" : "not-typed", reason };
    }
  }

  /** Nothing was typed: back to the queue, unless a person asked for its end meanwhile. Nothing is owed. */
  notTyped(task: Task, reason: string): void {
    if (this.#parts.ledger.attempts.isCancelling(attemptOf(task)))
      atOnce((after) => this.#parts.reports.finish(task, { kind: "cancelled" }, [], after));
    else this.#unreserve(task, reason);
  }

  /** The reservation is released. Spaced, so a refusing pane is not hammered. */
  #unreserve(task: Task, reason: string): void {
    const { ledger, throttle, now } = this.#parts;
    const notBeforeMs = now() + retryDelayMs(task.attempts);
    const queued = ledger.unreserve(task, reason, notBeforeMs, now());
    throttle.release(attemptOf(task));
    this.#parts.news.moved(task, queued, reason);
    this.#parts.wakeBy(notBeforeMs);
  }
}

function notWrittenDown(cause?: unknown): never {
  if (cause instanceof CtmError && cause.code !== "ledger") throw cause;
  throw new CtmError("ledger", "its intent could not be written down", [], { cause });
}

/** 1 s, 2 s, 4 s, … at most a minute: how long a task waits after a pane refused it. */
function retryDelayMs(attempts: number): number {
  return Math.min(60_000, 1_000 * 2 ** Math.min(attempts - 1, 6));
}
