/**
 * What workers report, and what follows from it: accepted → ended → meter → settle → record. Each report happens once;
 * what an attempt says that is not its task's current one moves nothing.
 */
import type { BudgetOverruns } from "./budget-overruns.ts";
import type { AccountBook } from "./account-book.ts";
import type { WorkerReport } from "./distributor/distributor.ts";
import type { FactBus } from "./events/bus.ts";
import { atOnce, type After } from "./gathered-writes.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { AttemptRow } from "./ledger/attempt-rows.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import type { Booked, UsageEntry } from "./ledger/spend-rows.ts";
import type { EntryOwner } from "./ledger/usage-entry.ts";
import type { UsageRecord } from "./metering/usage.ts";
import type { Meter } from "./meter.ts";
import type { RunningUsage } from "./running-usage.ts";
import { reportTested } from "./reporting.ts";
import type { TaskCaps } from "./task-caps.ts";
import { attemptWorker, isCurrent } from "./task-in-hand.ts";
import type { TaskNews } from "./task-news.ts";
import type { Outcome, Task } from "./tasks/task.ts";
import type { Throttle } from "./throttle/throttle.ts";

export interface WorkerReportParts {
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly bus: FactBus;
  readonly kept: KeptWrites;
  readonly accounts: AccountBook;
  readonly meter: Meter;
  readonly runningUsage: RunningUsage;
  readonly caps: TaskCaps;
  readonly overruns: BudgetOverruns;
  readonly news: TaskNews;
  /** The account a worker's agent runs with. */
  accountOf(worker: string): string;
  /** May what happens to every task share a commit? Not while a person waits for each step. */
  shares(): boolean;
  /** Another task may go now. */
  pump(): void;
  /** Puts an ended task back in the queue. */
  retry(id: number, cause: string): void;
  now(): number;
}

/** How an attempt's record is found, where a report says it. */
interface Session {
  readonly sessionId: string | null;
  readonly recordPath: string | null;
}

const NO_SESSION: Session = { sessionId: null, recordPath: null };

export class WorkerReports {
  readonly #parts: WorkerReportParts;
  readonly #news: TaskNews;

  constructor(parts: WorkerReportParts) {
    this.#parts = parts;
    this.#news = parts.news;
  }

  /** What a worker reports happens once: what follows from it is kept until the disk takes it. */
  hear(report: WorkerReport): void {
    if (report.kind === "free") return this.#parts.pump();
    try {
      this.#parts.kept.happened(this.#howToWrite(report), (after) => this.#take(report, after));
    } catch (error) {
      this.#news.trouble(error);
    }
  }

  /** What happens to every task shares its commit; behind an end the next task waits. */
  #howToWrite({ kind }: WorkerReport): "alone" | "shared" | "patient" {
    if (!this.#parts.shares()) return "alone";
    return kind === "ended" ? "shared" : kind === "accepted" ? "patient" : "alone";
  }

  #take(report: Exclude<WorkerReport, { kind: "free" }>, after: After): void {
    switch (report.kind) {
      case "windows":
        for (const window of report.windows)
          this.#parts.accounts.sawWindow(this.#parts.accountOf(report.worker), window);
        return;
      case "foreign-usage":
        this.#bookForeign(report.worker, report.records);
        return;
      case "accepted":
        this.#withCurrent(report.attemptId, (task) => this.#accept(task, report, after));
        return;
      case "used":
        this.#withCurrent(report.attemptId, (task, attempt) => {
          this.#parts.runningUsage.book(report.records, ownerOf(task, attempt));
          this.#parts.overruns.check(task, attempt, after);
          this.#parts.caps.check(task);
        });
        return;
      case "tested":
        this.#withCurrent(report.attemptId, () =>
          reportTested(report, this.#parts.ledger, this.#parts.now()),
        );
        return;
      case "asks":
        this.#withCurrent(report.attemptId, (task) => this.needsInput(task, report.worker, report.question));
        return;
      case "answered":
        this.#withCurrent(report.attemptId, (task) => {
          if (task.state.name === "needs-input") this.#running(task, NO_SESSION, after);
        });
        return;
      case "limited":
        this.#limited(report);
        return;
      case "ended":
        this.#end(report, after);
        return;
      default:
        report satisfies never;
    }
  }

  #accept(task: Task, session: Session, after: After): void {
    if (task.state.name === "dispatching") {
      // The agent speaks before we committed `typed`: that it took the prompt proves that it was typed.
      const typed = this.#parts.ledger.typed(task, this.#parts.now());
      this.#news.movedAfter(after, task, typed);
      this.#running(typed, session, after);
    } else if (task.state.name !== "running") {
      this.#running(task, session, after);
    }
  }

  #running(
    task: Task,
    { sessionId, recordPath }: Session,
    after: After,
    because: string | null = null,
  ): void {
    const { ledger, now } = this.#parts;
    this.#news.movedAfter(after, task, ledger.run(task, { sessionId, recordPath }, now()), because);
  }

  /** A parked attempt works again; its agent may have said so first. */
  goesOn({ id, state }: Task, because: string): void {
    const { kept, ledger } = this.#parts;
    const attemptId = "attemptId" in state ? state.attemptId : null;
    kept.flush();
    kept.keep(() => {
      const task = ledger.task(id);
      if (task.state.name !== "parked" || task.state.attemptId !== attemptId) return;
      atOnce((after) => this.#running(task, NO_SESSION, after, because));
    });
  }

  /** The account is parked, not the task: the attempt keeps its worker, its reservation and its conversation. */
  #limited({ worker, attemptId, reason }: Extract<WorkerReport, { kind: "limited" }>): void {
    const { accounts, accountOf, ledger, bus, now } = this.#parts;
    const account = accountOf(worker);
    const attempt = attemptId === null ? null : ledger.attempts.byId(attemptId);
    const task = attempt === null ? null : ledger.task(attempt.task_id);
    if (attemptId !== null && task !== null && isCurrent(task, attemptId) && task.state.name !== "parked") {
      const park = accounts.parkedBy(account, reason);
      const typed = task.state.name === "dispatching" ? ledger.typed(task, now()) : task;
      const parkedTask = ledger.park(typed, account, park, now());
      accounts.took(account, park);
      this.#news.moved(task, parkedTask, reason.message);
    } else accounts.park(account, reason);
    const { cause, message, untilMs } = accounts.parkOf(account) ?? { ...reason, untilMs: null };
    bus.publish({ kind: "account-parked", atMs: now(), account, cause, message, untilMs });
  }

  needsInput(task: Task, worker: string, question: string): void {
    const { ledger, bus, now } = this.#parts;
    if (task.state.name !== "needs-input" && task.state.name !== "reserved") {
      this.#news.moved(task, ledger.ask(task, question, now()), question);
      bus.publish({ kind: "worker-asks", atMs: now(), worker, question });
    }
  }

  /** meter → settle → record, in one commit; an attempt that is no longer current only books what it spent. */
  #end(report: Extract<WorkerReport, { kind: "ended" }>, after: After): void {
    const { ledger, now } = this.#parts;
    const attempt = ledger.attempts.byId(report.attemptId);
    if (attempt === null)
      throw new Error(`worker ${report.worker} ended an attempt nobody knows: ${report.attemptId}`);
    const task = ledger.task(attempt.task_id);
    const owner = ownerOf(task, attempt);
    if (!isCurrent(task, attempt.id)) {
      const booked = ledger.bookUsage(this.#parts.meter.ofRecords(report.records ?? [], owner));
      after(() => this.#parts.meter.booked(booked));
      return;
    }
    const from =
      task.state.name === "dispatching" && report.outcome.kind === "completed"
        ? ledger.typed(task, now())
        : task;
    const isOthers = (key: string): boolean => ledger.spend.isOthers(key, attempt.id);
    const outcome = attempt.cancel_at_ms === null ? report.outcome : cancelledAs(report.outcome);
    const entries = this.#parts.meter.ofEnded({ ...report, outcome }, owner, isOthers);
    if (attempt.member === null) return this.finish(from, outcome, entries, after);
    // Booked first, so that its end knows of a budget it has overrun.
    const booked = ledger.bookUsage(entries);
    this.#parts.overruns.check(from, attempt, after, booked);
    this.finish(from, outcome, [], after, booked);
  }

  /** `before`: what was booked of it just now. */
  finish(
    task: Task,
    outcome: Outcome,
    entries: readonly UsageEntry[],
    after: After,
    before: readonly Booked[] = [],
  ): void {
    const { ledger, now } = this.#parts;
    const { task: ended, booked } = ledger.finish(task, outcome, entries, now());
    after(() => this.#finished(task, ended, outcome, [...before, ...booked]));
  }

  #finished(task: Task, ended: Task, outcome: Outcome, booked: readonly Booked[]): void {
    const { throttle, accounts, accountOf, kept } = this.#parts;
    this.#parts.meter.booked(booked);
    const attemptId = attemptOf(task);
    throttle.settle(attemptId);
    this.#parts.runningUsage.roomWasMade(attemptId);
    this.#news.moved(task, ended, reasonOf(outcome));
    if (outcome.kind === "completed") accounts.wentThrough(accountOf(attemptWorker(task)));
    if (outcome.kind === "lost" && ended.draft.retryLost)
      kept.keep(() => this.#parts.retry(ended.id, "retried after lost, as the task asks"));
    this.#parts.pump();
  }

  #bookForeign(worker: string, records: readonly UsageRecord[]): void {
    const { ledger } = this.#parts;
    const known = ledger.workers.all().find((row) => row.name === worker);
    if (known === undefined) return;
    const owner = {
      attemptId: null,
      taskId: null,
      worker,
      agent: known.agent,
      model: known.model,
      type: null,
    };
    this.#parts.meter.booked(ledger.bookUsage(this.#parts.meter.ofRecords(records, owner)));
  }

  /**
   * The witness says it was typed: the attempt goes on where the manager left it. `told`: one whose account was parked
   * was told to go on.
   */
  takeUpAgain(task: Task, told = false): void {
    const { ledger, now } = this.#parts;
    if (task.state.name === "dispatching")
      this.#news.moved(task, ledger.typed(task, now()), "found typed at start");
    else if (task.state.name === "parked" && told)
      atOnce((after) => this.#running(task, NO_SESSION, after, "found told to go on"));
  }

  /** Its agent is gone and nobody saw how it ended: settled with what was held, never typed again by itself. */
  declareLost(task: Task, reason: string): void {
    const worker = attemptWorker(task);
    const outcome = { kind: "lost", reason } as const;
    atOnce((after) =>
      this.#end({ kind: "ended", worker, attemptId: attemptOf(task), outcome, records: null }, after),
    );
  }

  #withCurrent(attemptId: string, act: (task: Task, attempt: AttemptRow) => void): void {
    const attempt = this.#parts.ledger.attempts.byId(attemptId);
    if (attempt === null) return;
    const task = this.#parts.ledger.task(attempt.task_id);
    if (isCurrent(task, attemptId)) act(task, attempt);
  }
}

function ownerOf(task: Task, attempt: AttemptRow): EntryOwner & { readonly attemptId: string } {
  return {
    attemptId: attempt.id,
    taskId: task.id,
    worker: attempt.worker,
    agent: attempt.agent,
    model: attempt.model,
    member: attempt.member,
    type: task.assignment.type,
  };
}

/** An end that came after its cancel was asked for: only a completed one is still its own. */
function cancelledAs(outcome: Outcome): Outcome {
  return outcome.kind === "completed" ? outcome : { kind: "cancelled" };
}

function reasonOf(outcome: Outcome): string | null {
  return outcome.kind === "failed" || outcome.kind === "lost" ? outcome.reason : null;
}
