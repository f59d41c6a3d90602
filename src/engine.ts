/**
 * The whole story of a task, one call a stage:
 *
 *   submit → delegate → (pass) admit → reserve → dispatch → accepted → ended → meter → settle → record
 *
 * The passes stand here; the stages in `admissions.ts`, `dispatch.ts` and `worker-reports.ts`, and what a person asks
 * of one task in `task-orders.ts`.
 * The engine is the only caller of the ledger's moves. It keeps no task in memory: the ledger is the truth, the
 * throttle its running sums, the ready queue a window of ids. Facts are published after the commit.
 */
import { BudgetOverruns } from "./budget-overruns.ts";
import type { AccountBook } from "./account-book.ts";
import { Admissions, type Deferral } from "./admissions.ts";
import { redacted } from "./base/redact.ts";
import { Dispatch } from "./dispatch.ts";
import type { Distributor, WorkerOffer } from "./distributor/distributor.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { AddedTask, AlsoAdded } from "./ledger/likeness-rows.ts";
import type { ReadyTask } from "./ledger/task-rows.ts";
import { Meter, type MeterParts } from "./meter.ts";
import type { Roster } from "./roster/roster.ts";
import { Resumption } from "./resumption.ts";
import { RunningUsage } from "./running-usage.ts";
import { TaskCaps } from "./task-caps.ts";
import { TaskNews } from "./task-news.ts";
import { TaskOrders } from "./task-orders.ts";
import { ReadyQueue, type Begun } from "./tasks/ready-queue.ts";
import type { Assignment, Task, TaskDraft } from "./tasks/task.ts";
import { WakeTimer } from "./wake-timer.ts";
import { WorkerReports } from "./worker-reports.ts";

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
  /** Whose budgets are watched; left out = there is none. */
  readonly roster?: Roster | null;
  newAttemptId(nowMs: number): string;
}

/** Waiting tasks that a pass reads first. */
const firstPageSize = 4;

export class Engine {
  readonly #parts: EngineParts;
  readonly #ready = new ReadyQueue();
  /** The last pass that was asked for. Passes follow one another: two at once could overtake each other's tasks. */
  #lastPass: Promise<unknown> = Promise.resolve();
  /** Caps on single tasks, and a person's word on them. */
  readonly caps: TaskCaps;
  readonly #news: TaskNews;
  readonly #admissions: Admissions;
  readonly #reports: WorkerReports;
  readonly #dispatch: Dispatch;
  readonly #orders: TaskOrders;
  readonly #wake: WakeTimer;
  readonly #resumption: Resumption;
  #pumpQueued = false;
  #auto = false;
  #closed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const news = new TaskNews(parts);
    const meter = new Meter(parts);
    const pump = (): void => this.pump();
    const wakeBy = (atMs: number): void => this.#wake.by(atMs);
    const shares = (): boolean => this.#auto;
    this.#news = news;
    this.#wake = new WakeTimer(parts.now, pump);
    this.caps = new TaskCaps({
      ...parts,
      moved: (from, to, reason) => news.moved(from, to, reason),
      mayGoOn: () => this.#resumption.plan(),
      trouble: (error) => news.trouble(error),
    });
    this.#orders = new TaskOrders({ ...parts, news, pump });
    const offers = (task: Task): readonly WorkerOffer[] => parts.distributor.offers(task);
    const admissions = new Admissions({ ...parts, offers, wakeBy });
    const runningUsage = new RunningUsage({ ...parts, meter });
    const retry = (id: number, cause: string): void => void this.retry(id, cause);
    const caps = this.caps;
    const overruns = new BudgetOverruns({ ...parts, roster: parts.roster ?? null });
    const watched = { meter, runningUsage, caps, overruns };
    const reports = new WorkerReports({ ...parts, ...watched, news, shares, pump, retry });
    const closed = (): boolean => this.#closed;
    this.#dispatch = new Dispatch({ ...parts, admissions, reports, news, shares, closed, wakeBy });
    [this.#admissions, this.#reports] = [admissions, reports];
    this.#resumption = new Resumption({
      ...parts,
      paused: () => this.#stopped,
      goesOn: (task, because) => reports.goesOn(task, because),
      trouble: (error) => news.trouble(error),
    });
    parts.distributor.onReport((report) => reports.hear(report));
  }

  // ── queue and delegate ──────────────────────────────────────────────────────────────────────────

  /** Queues tasks, all or none: delegated, then durable (with what else belongs to the new ones), then told. */
  submit(drafts: readonly TaskDraft[], also?: AlsoAdded): AddedTask[] {
    const { ledger, bus, kept } = this.#parts;
    const delegated = drafts.map((draft) => ({ draft, assignment: this.#parts.delegate(draft) }));
    const added = kept.orThrow(() => ledger.add(delegated, this.#parts.now(), also));
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
    await this.distribute().catch((error: unknown) => this.#news.trouble(error));
  }

  /** An account may be free again, or a pause has ended: attempts that wait for it go on, and the queue moves. */
  resumeParked(freedByPerson: string | null = null): void {
    if (freedByPerson === null) this.#resumption.plan();
    else this.#resumption.planNow(freedByPerson);
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
    this.#admissions.begin();
    let sent = 0;
    let after: ReadyTask | null = null;
    // Most passes have one free worker and the first task in line goes to it: a few are read, then ever more.
    let pageSize = firstPageSize;
    while (!this.#stopped && distributor.freeCount() > 0) {
      const count = Math.min(pageSize, this.#ready.room);
      const page: ReadyTask[] = ledger.tasks.ready(after, this.#admissions.blockedNeeds, count);
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
    if (!this.#admissions.mayBeOffered(ready)) return null;
    return this.#ready.offer(ready.id, ready.priority, () => this.#begin(ready));
  }

  /** admit → reserve, at once; then dispatch. Not sent: it stays in the queue, and why is known. */
  #begin(ready: ReadyTask): Begun {
    const stays = { sent: false, done: Promise.resolve() };
    if (!this.#auto) this.#parts.kept.flush();
    const task = this.#parts.ledger.task(ready.id);
    if (task.state.name !== "queued" || task.state.holdReason !== null || this.#stopped) return stays;
    const chosen = this.#admissions.admit(task, ready.needs);
    if (chosen === null) return stays;
    const reserved = this.#dispatch.reserve(task, chosen);
    if (reserved === null) return stays;
    const done = this.#dispatch.send(reserved).catch((error: unknown) => this.#news.trouble(error));
    return { sent: true, done };
  }

  // ── after a restart ─────────────────────────────────────────────────────────────────────────────

  /** The witness says it was typed: the attempt goes on where the manager left it, perhaps told to go on. */
  takeUpAgain(task: Task, told = false): void {
    this.#reports.takeUpAgain(task, told);
  }

  /** It was seen that nothing was typed: back to the queue. */
  notTyped(task: Task, reason: string): void {
    this.#dispatch.notTyped(task, reason);
  }

  /** Its agent is gone and nobody saw how it ended. */
  declareLost(task: Task, reason: string): void {
    this.#reports.declareLost(task, reason);
  }

  /** Its cancel was asked for before the manager ended. */
  cancelAgain(task: Task): Promise<void> {
    return this.#orders.cancelAgain(task);
  }

  // ── what a person asks of one task ──────────────────────────────────────────────────────────────

  /** Cancels a waiting task at once; a running one is interrupted, and ends when its agent is seen to stop. */
  cancel(id: number): Promise<Task> {
    return this.#orders.cancel(id);
  }

  /** Puts a failed, lost or cancelled task back in the queue as a new attempt. */
  retry(id: number, cause: string): Task {
    return this.#orders.retry(id, cause);
  }

  /** The person says yes to a task that is larger than a whole window. */
  approveOversized(id: number): void {
    this.#orders.approveOversized(id);
  }

  /** Why a waiting task does not go now: asks the throttle without reserving. Null: nothing of the throttle's. */
  whyDeferred(task: Task, offers: readonly WorkerOffer[]): Deferral | null {
    return this.#admissions.whyDeferred(task, offers);
  }

  /** Stops passes and timers. What runs goes on without us. */
  close(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#wake.cancel();
    this.#resumption.close();
  }
}
