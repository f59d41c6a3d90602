/**
 * The whole story of a task, one call a stage:
 *
 *   submit → delegate → (pass) admit → reserve → dispatch → accepted → ended → meter → settle → record
 *
 * The engine is the only caller of the ledger's moves. It keeps no task in memory: the ledger is the truth, the
 * throttle its running sums, the ready queue a window of ids. Facts are published after the commit.
 */
import type { AccountBook } from "./account-book.ts";
import { CtmError } from "./base/errors.ts";
import { redacted } from "./base/redact.ts";
import type { DispatchResult, Distributor, WorkerOffer, WorkerReport } from "./distributor/distributor.ts";
import type { AttemptRow, Intent } from "./ledger/attempt-rows.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import type { Booked, UsageEntry } from "./ledger/spend-rows.ts";
import type { ReadyTask } from "./ledger/task-rows.ts";
import type { EntryOwner } from "./ledger/usage-entry.ts";
import type { UsageRecord } from "./metering/usage.ts";
import type { After } from "./gathered-writes.ts";
import type { KeptWrites } from "./kept-writes.ts";
import { Meter, type MeterParts } from "./meter.ts";
import { Resumption } from "./resumption.ts";
import { RunningUsage } from "./running-usage.ts";
import { TaskCaps } from "./task-caps.ts";
import { ReadyQueue, type Begun } from "./tasks/ready-queue.ts";
import { isFinal, type Assignment, type Outcome, type Task, type TaskDraft } from "./tasks/task.ts";
import type { Admission } from "./throttle/throttle.ts";
import { WakeTimer } from "./wake-timer.ts";

export interface EngineParts extends MeterParts {
  readonly ledger: Ledger;
  readonly distributor: Distributor;
  /** The delegator with today's rules; throws CtmError usage for an unknown model, type or agent. */
  delegate(draft: TaskDraft): Assignment;
  /** What becomes of a task larger than a whole window. */
  readonly oversized: "run" | "ask" | "refuse";
  /** Every write goes through it, so that none is lost, and nothing dispatched, while the disk takes none. */
  readonly kept: KeptWrites;
  readonly accounts: AccountBook;
  /** The account a worker's agent runs with. */
  accountOf(worker: string): string;
  /** Do attempts whose account was parked go on by themselves when it is free again? */
  readonly autoResume: boolean;
  newAttemptId(nowMs: number): string;
}

/** So long an oversized task lets those behind it pass. */
const oversizedPatienceMs = 15 * 60_000;

/** Why a task does not go now. */
export interface Deferral {
  readonly reason: string;
  readonly untilMs: number | null;
  readonly limitId: string | null;
}

/** Waiting tasks that a pass reads first. */
const firstPageSize = 4;

export class Engine {
  readonly #parts: EngineParts;
  readonly #ready = new ReadyQueue();
  /** Limits a task ahead in line waits for: those behind it may not take its room in the same pass. */
  #blockedLimits = new Set<string>();
  /** Needs for which a task ahead found no worker or no room in this pass: those that share them are passed over. */
  #blockedNeeds = new Set<string>();
  /** Why waiting tasks were put off, as far as it was told: the same reason is told once. */
  readonly #toldReasons = new Map<number, string>();
  /** The last pass that was asked for. Passes follow one another: two at once could overtake each other's tasks. */
  #lastPass: Promise<unknown> = Promise.resolve();
  readonly #meter: Meter;
  readonly #runningUsage: RunningUsage;
  /** Caps on single tasks, and a person's word on them. */
  readonly caps: TaskCaps;
  readonly #wake: WakeTimer;
  readonly #resumption: Resumption;
  #pumpQueued = false;
  #auto = false;
  #closed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#meter = new Meter(parts);
    this.#runningUsage = new RunningUsage({ ...parts, meter: this.#meter });
    this.caps = new TaskCaps({
      ...parts,
      moved: (from, to, reason) => this.#told(from, to, reason),
      mayGoOn: () => this.#resumption.plan(),
      trouble: (error) => this.#trouble(error),
    });
    this.#wake = new WakeTimer(parts.now, () => this.pump());
    this.#resumption = new Resumption({
      ...parts,
      paused: () => this.#stopped,
      goesOn: (task, because) => this.#goesOn(task, because),
      trouble: (error) => this.#trouble(error),
    });
    parts.distributor.onReport((report) => this.#hear(report));
  }

  // ── queue and delegate ──────────────────────────────────────────────────────────────────────────

  /** Queues tasks, all or none: delegated, then durable, then told. */
  submit(drafts: readonly TaskDraft[]): { task: Task; created: boolean }[] {
    const { ledger, bus, kept } = this.#parts;
    const delegated = drafts.map((draft) => ({ draft, assignment: this.#parts.delegate(draft) }));
    const added = kept.orThrow(() => ledger.add(delegated, this.#parts.now()));
    for (const { task, created } of added) {
      if (created)
        bus.publish({
          kind: "task-added",
          atMs: task.createdAtMs,
          taskId: task.id,
          // Looked at before it is cut, so that no half of a key is left.
          text: redacted(task.draft.text.slice(0, 1_000)).slice(0, 200),
        });
    }
    this.pump();
    return added;
  }

  // ── passes ──────────────────────────────────────────────────────────────────────────────────────

  get auto(): boolean {
    return this.#auto;
  }

  /** A person, or a start after a crash, paused the dispatch: durable until resumed. */
  get paused(): boolean {
    return this.#parts.ledger.settings.get("paused") !== null;
  }

  /** May nothing go out now? A task goes only when what becomes of it can be written down. */
  get #stopped(): boolean {
    return this.#closed || this.#parts.kept.fault !== null || this.paused;
  }

  /** In auto mode every event that could let a task go starts a pass. */
  setAuto(on: boolean): void {
    this.#auto = on;
    this.pump();
  }

  /** Something changed that may let a task go: one pass soon, however many events ask for it. */
  pump(): void {
    if (!this.#auto || this.#pumpQueued || this.#closed) return;
    this.#pumpQueued = true;
    setImmediate(() => void this.#pumped());
  }

  async #pumped(): Promise<void> {
    await this.#lastPass;
    this.#pumpQueued = false;
    if (!this.#auto || this.#closed) return;
    await this.distribute().catch((error: unknown) => this.#trouble(error));
  }

  /** An account may be free again, or a pause has ended: attempts that wait for it go on, and the queue moves. */
  resumeParked(): void {
    this.#resumption.plan();
    this.pump();
  }

  /** One pass: offers the waiting tasks in order until no worker is free. Returns how many went to a worker. */
  distribute(): Promise<number> {
    const pass = this.#lastPass.then(() => this.#pass());
    this.#lastPass = pass.catch(() => undefined);
    return pass;
  }

  async #pass(): Promise<number> {
    const { distributor, ledger } = this.#parts;
    this.#blockedLimits = new Set();
    this.#blockedNeeds = new Set();
    let sent = 0;
    let after: ReadyTask | null = null;
    // Most passes have one free worker and the first task in line goes to it: a few are read, then ever more.
    let pageSize = firstPageSize;
    while (!this.#stopped && distributor.freeCount() > 0) {
      const count = Math.min(pageSize, this.#ready.room);
      const page: ReadyTask[] = ledger.tasks.ready(after, this.#blockedNeeds, count);
      pageSize *= 2;
      if (page.length === 0) break;
      after = page.at(-1) ?? null;
      const decisions = page.flatMap((ready) => this.#offer(ready) ?? []);
      this.#ready.allow(distributor.freeCount());
      sent += (await Promise.all(decisions)).filter(Boolean).length;
    }
    return sent;
  }

  #offer(ready: ReadyTask): Promise<boolean> | null {
    if (this.#blockedNeeds.has(ready.needs)) return null;
    if (ready.notBeforeMs !== null && ready.notBeforeMs > this.#parts.now()) {
      this.#wake.by(ready.notBeforeMs);
      return null;
    }
    return this.#ready.offer(ready.id, ready.priority, () => this.#begin(ready));
  }

  /** admit → reserve, at once; then dispatch. Not sent: it stays in the queue, and why is known. */
  #begin(ready: ReadyTask): Begun {
    const stays = { sent: false, done: Promise.resolve() };
    if (!this.#auto) this.#parts.kept.flush();
    const task = this.#parts.ledger.task(ready.id);
    if (task.state.name !== "queued" || task.state.holdReason !== null || this.#stopped) return stays;
    const chosen = this.#admit(task, ready.needs);
    if (chosen === null) return stays;
    const reserved = this.#reserved(task, chosen);
    if (reserved === null) return stays;
    const done = this.#dispatch(reserved).catch((error: unknown) => this.#trouble(error));
    return { sent: true, done };
  }

  /** Asks the throttle, worker by worker, best first. Null: no worker is free for it, or it was deferred. */
  #admit(task: Task, needs: string): AdmittedOffer | null {
    let deferral: Extract<Admission, { kind: "deferred" }> | null = null;
    let blocksAlike = true;
    for (const offer of this.#parts.distributor.offers(task)) {
      const back = this.#heldBack(task, offer.worker);
      if (back !== null) {
        if (deferral === null || sooner(back.untilMs, deferral.untilMs)) deferral = back;
        continue;
      }
      const admission = this.#ask(task, offer, this.#blockedLimits);
      if (admission.kind === "admitted") return { offer, admission };
      if (admission.kind === "refused") {
        this.#hold(task, admission.reason);
        return null;
      }
      // A task too large for a whole window waits for its own moment, and at first blocks nobody behind it.
      if (admission.oversized) blocksAlike = false;
      else this.#blockedLimits.add(admission.limitId);
      if (deferral === null || sooner(admission.untilMs, deferral.untilMs)) deferral = admission;
    }
    if (blocksAlike) this.#blockedNeeds.add(needs);
    if (deferral === null) return null;
    // Its moment may never come while others keep the window filled: then the window that will be ready first is kept.
    const waitedMs = this.#parts.now() - task.createdAtMs;
    if (deferral.oversized && waitedMs >= oversizedPatienceMs) this.#blockedLimits.add(deferral.limitId);
    // Nothing but a person's yes lets it go: it is held by name, and `release` is that yes.
    if (deferral.oversized && deferral.untilMs === null && this.#parts.oversized === "ask") {
      this.#hold(task, `oversized: ${deferral.reason}`);
    } else {
      this.#defer(task, deferral);
    }
    return null;
  }

  /** Given up when the disk does not take it: the next pass comes to the same end. */
  #hold(task: Task, reason: string): void {
    this.#parts.kept.attempt(() => this.#parts.ledger.setHold(task.id, reason));
  }

  /** An account whose provider lets nothing through holds back its own workers and no others. */
  #heldBack(task: Task, worker: string): Extract<Admission, { kind: "deferred" }> | null {
    const { accounts, accountOf } = this.#parts;
    const back = accounts.heldBack(accountOf(worker), task.draft.priority);
    return back === null ? null : { kind: "deferred", ...back, level: "CRITICAL", oversized: false };
  }

  #ask(task: Task, offer: WorkerOffer, blockedLimits: ReadonlySet<string>): Admission {
    const { kept } = this.#parts;
    const admission = this.#admission(task, offer, blockedLimits);
    if (admission.kind === "admitted" || kept.idle) return admission;
    // What ended in this moment holds no room any more.
    kept.flush();
    return this.#admission(task, offer, blockedLimits);
  }

  #admission(task: Task, offer: WorkerOffer, blockedLimits: ReadonlySet<string>): Admission {
    const { throttle, now } = this.#parts;
    return throttle.admit(
      {
        attemptId: "",
        subject: { worker: offer.worker, agent: offer.agent, model: offer.model },
        priority: task.draft.priority,
        spend: { tokens: task.assignment.reserveTokens, nanoUsd: task.assignment.reserveNanoUsd },
        simulated: this.#parts.traits(offer.agent).simulated,
        oversizedApproved: this.#parts.ledger.settings.get(oversizedKey(task.id)) !== null,
        blockedLimits,
      },
      now(),
    );
  }

  #defer(task: Task, deferral: Deferral): void {
    const { bus, now } = this.#parts;
    if (deferral.untilMs !== null) this.#wake.by(deferral.untilMs);
    if (this.#toldReasons.get(task.id) === deferral.reason) return;
    this.#toldReasons.set(task.id, deferral.reason);
    bus.publish({
      kind: "task-deferred",
      atMs: now(),
      taskId: task.id,
      reason: deferral.reason,
      untilMs: deferral.untilMs,
    });
  }

  /** In auto mode it is on the disk with the intent, before anything is typed. Null: the disk does not take it. */
  #reserved(task: Task, chosen: AdmittedOffer): Task | null {
    const { kept } = this.#parts;
    if (this.#auto) return kept.attemptEarly((after) => this.#reserve(task, chosen, after));
    return kept.attempt(() => this.#reserve(task, chosen, (effect) => effect()));
  }

  /** The attempt and its reservation: written first, then in the running sums. */
  #reserve(task: Task, chosen: AdmittedOffer, after: After): Task {
    const { ledger, throttle, now, newAttemptId } = this.#parts;
    const atMs = now();
    const attemptId = newAttemptId(atMs);
    const { spend } = chosen.admission.reservation;
    const held = { tokens: spend.tokens, nanoUsd: spend.nanoUsd, oversized: chosen.admission.oversized };
    this.#toldReasons.delete(task.id);
    const { worker, agent, model } = chosen.offer;
    const reserved = ledger.reserve(task, { id: attemptId, worker, agent, model }, held, atMs);
    after(() => throttle.reserve({ ...chosen.admission.reservation, attemptId, sinceMs: atMs }));
    this.#tell(after, task, reserved);
    return reserved;
  }

  /** Hands the task to its worker. What was typed is never taken back; what was not goes back to the queue. */
  async #dispatch(reserved: Task): Promise<void> {
    const result = await this.#deliver(reserved, attemptOf(reserved));
    if (this.#closed) return;
    this.#happened(result.kind === "typed", (after) => this.#delivered(reserved, result, after));
  }

  #delivered(reserved: Task, result: DispatchResult, after: After): void {
    const { ledger, now } = this.#parts;
    const attemptId = attemptOf(reserved);
    // A fast agent may have been heard already: the ledger knows where the task stands now.
    const current = ledger.task(reserved.id);
    if (!isCurrent(current, attemptId)) return;
    switch (result.kind) {
      case "typed":
        if (current.state.name === "dispatching") this.#tell(after, current, ledger.typed(current, now()));
        return;
      case "not-typed":
        this.notTyped(current, result.reason);
        return;
      case "uncertain":
        this.#needsInput(current, attemptWorker(current), `delivery uncertain: ${result.reason}`);
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
      this.#tell(after, reserved, dispatching);
    };
    const intend = (intent: Intent): void | Promise<void> => {
      if (this.#auto) return kept.gathered(write(intent)).catch(notWrittenDown);
      if (kept.attempt(() => this.#atOnce(write(intent))) === null) notWrittenDown();
    };
    try {
      return await distributor.dispatch({ task: reserved, attemptId, worker, intend });
    } catch (error) {
      this.#trouble(error);
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: intended ? "uncertain" : "not-typed", reason };
    }
  }

  /** Nothing was typed: back to the queue, unless a person asked for its end meanwhile. Nothing is owed. */
  notTyped(task: Task, reason: string): void {
    if (this.#parts.ledger.attempts.isCancelling(attemptOf(task)))
      this.#atOnce((after) => this.#finish(task, { kind: "cancelled" }, [], after));
    else this.#unreserve(task, reason);
  }

  /** The reservation is released. Spaced, so a refusing pane is not hammered. */
  #unreserve(task: Task, reason: string): void {
    const { ledger, throttle, now } = this.#parts;
    const notBeforeMs = now() + retryDelayMs(task.attempts);
    const queued = ledger.unreserve(task, reason, notBeforeMs, now());
    throttle.release(attemptOf(task));
    this.#told(task, queued, reason);
    this.#wake.by(notBeforeMs);
  }

  // ── what workers report ─────────────────────────────────────────────────────────────────────────

  /** What a worker reports happens once: what follows from it is kept until the disk takes it. */
  #hear(report: WorkerReport): void {
    if (report.kind === "free") return this.pump();
    try {
      const often = report.kind === "accepted" || report.kind === "ended";
      this.#happened(often, (after) => this.#take(report, after));
    } catch (error) {
      this.#trouble(error);
    }
  }

  /**
   * Written down and never lost. In auto mode what happens to every task shares one commit with all else of this turn;
   * what is rare, or asked for by a person who waits, has its own.
   */
  #happened(often: boolean, write: (after: After) => void): void {
    if (often && this.#auto) this.#parts.kept.gather(write);
    else this.#parts.kept.keep(() => this.#atOnce(write));
  }

  /** Each of its commits is one by itself, and what follows from it happens behind it. */
  #atOnce(write: (after: After) => void): true {
    write((effect) => effect());
    return true;
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
          this.#runningUsage.book(report.records, ownerOf(task, attempt));
          this.caps.check(task);
        });
        return;
      case "asks":
        this.#withCurrent(report.attemptId, (task) => this.#needsInput(task, report.worker, report.question));
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
      this.#tell(after, task, typed);
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
    this.#tell(after, task, ledger.run(task, { sessionId, recordPath }, now()), because);
  }

  /** A parked attempt works again; its agent may have said so first. */
  #goesOn({ id, state }: Task, because: string): void {
    const { kept, ledger } = this.#parts;
    const attemptId = "attemptId" in state ? state.attemptId : null;
    kept.flush();
    kept.keep(() => {
      const task = ledger.task(id);
      if (task.state.name !== "parked" || task.state.attemptId !== attemptId) return;
      this.#atOnce((after) => this.#running(task, NO_SESSION, after, because));
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
      this.#told(task, parkedTask, reason.message);
    } else accounts.park(account, reason);
    const { cause, message, untilMs } = accounts.parkOf(account) ?? { ...reason, untilMs: null };
    bus.publish({ kind: "account-parked", atMs: now(), account, cause, message, untilMs });
  }

  #needsInput(task: Task, worker: string, question: string): void {
    const { ledger, bus, now } = this.#parts;
    if (task.state.name !== "needs-input" && task.state.name !== "reserved") {
      this.#told(task, ledger.ask(task, question, now()), question);
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
      const booked = ledger.bookUsage(this.#meter.ofRecords(report.records ?? [], owner));
      after(() => this.#meter.booked(booked));
      return;
    }
    const from =
      task.state.name === "dispatching" && report.outcome.kind === "completed"
        ? ledger.typed(task, now())
        : task;
    const isOthers = (key: string): boolean => ledger.spend.isOthers(key, attempt.id);
    const outcome = attempt.cancel_at_ms === null ? report.outcome : cancelledAs(report.outcome);
    const entries = this.#meter.ofEnded({ ...report, outcome }, owner, isOthers);
    this.#finish(from, outcome, entries, after);
  }

  #finish(task: Task, outcome: Outcome, entries: readonly UsageEntry[], after: After): void {
    const { ledger, now } = this.#parts;
    const { task: ended, booked } = ledger.finish(task, outcome, entries, now());
    after(() => this.#finished(task, ended, outcome, booked));
  }

  #finished(task: Task, ended: Task, outcome: Outcome, booked: readonly Booked[]): void {
    const { throttle, accounts, accountOf, kept } = this.#parts;
    this.#meter.booked(booked);
    const attemptId = attemptOf(task);
    throttle.settle(attemptId);
    this.#runningUsage.roomWasMade(attemptId);
    this.#told(task, ended, reasonOf(outcome));
    if (outcome.kind === "completed") accounts.wentThrough(accountOf(attemptWorker(task)));
    if (outcome.kind === "lost" && ended.draft.retryLost)
      kept.keep(() => void this.retry(ended.id, "retried after lost, as the task asks"));
    this.pump();
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
    this.#meter.booked(ledger.bookUsage(this.#meter.ofRecords(records, owner)));
  }

  // ── after a restart ─────────────────────────────────────────────────────────────────────────────

  /**
   * The witness says it was typed: the attempt goes on where the manager left it. `told`: one whose account was parked
   * was told to go on.
   */
  takeUpAgain(task: Task, told = false): void {
    const { ledger, now } = this.#parts;
    if (task.state.name === "dispatching")
      this.#told(task, ledger.typed(task, now()), "found typed at start");
    else if (task.state.name === "parked" && told)
      this.#atOnce((after) => this.#running(task, NO_SESSION, after, "found told to go on"));
  }

  /** Its cancel was asked for before the manager ended, and its agent may not have heard: it is interrupted again. */
  async cancelAgain(task: Task): Promise<void> {
    this.#parts.kept.flush();
    const current = this.#parts.ledger.task(task.id);
    if (isCurrent(current, attemptOf(task))) await this.cancel(task.id);
  }

  /** Its agent is gone and nobody saw how it ended: settled with what was held, never typed again by itself. */
  declareLost(task: Task, reason: string): void {
    const worker = attemptWorker(task);
    const outcome = { kind: "lost", reason } as const;
    this.#atOnce((after) =>
      this.#end({ kind: "ended", worker, attemptId: attemptOf(task), outcome, records: null }, after),
    );
  }

  // ── what a person asks of one task ──────────────────────────────────────────────────────────────

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
      this.#told(task, cancelled, "cancelled by a person");
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
    this.#told(task, queued, cause);
    this.pump();
    return queued;
  }

  /** The person says yes to a task that is larger than a whole window. */
  approveOversized(id: number): void {
    const { state } = this.#parts.ledger.task(id);
    if (state.name !== "queued" || state.holdReason?.startsWith("oversized: ") !== true) return;
    this.#parts.ledger.settings.set(oversizedKey(id), "yes");
  }

  /** Why a waiting task does not go now: asks the throttle without reserving. Null: nothing of the throttle's. */
  whyDeferred(task: Task, offers: readonly WorkerOffer[]): Deferral | null {
    let deferral: Deferral | null = null;
    for (const offer of offers) {
      const admission = this.#heldBack(task, offer.worker) ?? this.#ask(task, offer, new Set());
      if (admission.kind === "admitted") return null;
      const found =
        admission.kind === "refused" ? { reason: admission.reason, untilMs: null, limitId: null } : admission;
      if (deferral === null || sooner(found.untilMs, deferral.untilMs)) deferral = found;
    }
    return deferral;
  }

  /** Stops passes and timers. What runs goes on without us. */
  close(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#wake.cancel();
    this.#resumption.close();
  }

  // ── below: the one timer, fences, facts ─────────────────────────────────────────────────────────

  #withCurrent(attemptId: string, act: (task: Task, attempt: AttemptRow) => void): void {
    const attempt = this.#parts.ledger.attempts.byId(attemptId);
    if (attempt === null) return;
    const task = this.#parts.ledger.task(attempt.task_id);
    if (isCurrent(task, attemptId)) act(task, attempt);
  }

  #tell(after: After, from: Task, to: Task, reason: string | null = null): void {
    after(() => this.#told(from, to, reason));
  }

  #told(from: Task, to: Task, reason: string | null): void {
    if (from.state.name === to.state.name) return;
    const worker = "worker" in to.state ? to.state.worker : "worker" in from.state ? from.state.worker : null;
    this.#parts.bus.publish({
      kind: "task-moved",
      atMs: this.#parts.now(),
      taskId: to.id,
      from: from.state.name,
      to: to.state.name,
      worker,
      reason,
    });
  }

  #trouble(error: unknown): void {
    if (this.#parts.kept.noticed(error)) return;
    const message =
      error instanceof CtmError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    this.#parts.bus.publish({ kind: "trouble", atMs: this.#parts.now(), message });
  }
}

/** How an attempt's record is found, where a report says it. */
interface Session {
  readonly sessionId: string | null;
  readonly recordPath: string | null;
}

const NO_SESSION: Session = { sessionId: null, recordPath: null };

function notWrittenDown(cause?: unknown): never {
  if (cause instanceof CtmError && cause.code !== "ledger") throw cause;
  throw new CtmError("ledger", "its intent could not be written down", [], { cause });
}

function oversizedKey(taskId: number): string {
  return `oversized:${taskId}`;
}

interface AdmittedOffer {
  readonly offer: WorkerOffer;
  readonly admission: Extract<Admission, { kind: "admitted" }>;
}

/** 1 s, 2 s, 4 s, … at most a minute: how long a task waits after a pane refused it. */
function retryDelayMs(attempts: number): number {
  return Math.min(60_000, 1_000 * 2 ** Math.min(attempts - 1, 6));
}

/** null = nobody can say when, which is later than any time. */
function sooner(aMs: number | null, bMs: number | null): boolean {
  return aMs !== null && (bMs === null || aMs < bMs);
}

function ownerOf(task: Task, attempt: AttemptRow): EntryOwner & { readonly attemptId: string } {
  return {
    attemptId: attempt.id,
    taskId: task.id,
    worker: attempt.worker,
    agent: attempt.agent,
    model: attempt.model,
    type: task.assignment.type,
  };
}

function isCurrent(task: Task, attemptId: string): boolean {
  const { state } = task;
  return !isFinal(state.name) && state.name !== "queued" && attemptOf(task) === attemptId;
}

function attemptWorker(task: Task): string {
  return "worker" in task.state ? task.state.worker : "";
}

/** An end that came after its cancel was asked for: only a completed one is still its own. */
function cancelledAs(outcome: Outcome): Outcome {
  return outcome.kind === "completed" ? outcome : { kind: "cancelled" };
}

function reasonOf(outcome: Outcome): string | null {
  return outcome.kind === "failed" || outcome.kind === "lost" ? outcome.reason : null;
}
