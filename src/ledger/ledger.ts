/**
 * The ledger: the one truth on disk. A handful of verbs, each one transaction over the rows that it concerns; the
 * statements stand in the row files beside it, which write nothing by themselves. A move of a task (`move-rows.ts`) is
 * fenced by its attempt number: what an old attempt says cannot move a task that has a new one.
 */
import { dirname, join } from "node:path";
import { CtmError } from "../base/errors.ts";
import { redactedOrNull } from "../base/redact.ts";
import { queuedTasksMax } from "../base/limits.ts";
import type { FaultPoint } from "../faults/fault-point.ts";
import { NO_CAP, type TaskCap } from "../tasks/cap.ts";
import type { Priority } from "../tasks/priority.ts";
import {
  isFinal,
  type Assignment,
  type Outcome,
  type Task,
  type TaskDraft,
  type TaskStateName,
} from "../tasks/task.ts";
import type { Report } from "../hierarchy/reports.ts";
import type { Extension } from "../throttle/extension.ts";
import type { Finding } from "../optimization/rules.ts";
import { retryLevel, type EscalationLevel } from "../roster/escalation.ts";
import type { AccountPark } from "../throttle/account-parking.ts";
import { AccountRows } from "./account-rows.ts";
import { AlertRows } from "./alert-rows.ts";
import { AttemptRows, type Intent } from "./attempt-rows.ts";
import { backUpBeforeMigration } from "./backup-folder.ts";
import { ContextRows, type ContextChange } from "./context-rows.ts";
import { openDatabase, type Db, type Transaction } from "./database.ts";
import { EventJournal } from "./event-journal.ts";
import { EscalationRows } from "./escalation-rows.ts";
import { ExternalRows } from "./external-rows.ts";
import { FindingRows } from "./finding-rows.ts";
import { HierarchyRows } from "./hierarchy-rows.ts";
import { InvocationBooking, type MemberPlace } from "./invocation-booking.ts";
import { LikenessRows, type AddedTask, type AlsoAdded } from "./likeness-rows.ts";
import { LOCK_FILE, managerRuns } from "./manager-lock.ts";
import { LEDGER_VERSION, migrate, versionOf } from "./migrations.ts";
import { MoveRows, type Move, type MoveDetails } from "./move-rows.ts";
import { OutcomeRows } from "./outcome-rows.ts";
import { PeriodRows } from "./period-rows.ts";
import { ChildRows, type ChildPlace } from "./child-rows.ts";
import { CoordinatorRows } from "./coordinator-rows.ts";
import { DraftRows } from "./draft-rows.ts";
import { ReportRows } from "./report-rows.ts";
import { ReservationRows, type AttemptDraft, type ReservationDraft } from "./reservation-rows.ts";
import { repriceAll, type Repriced, type RepriceRules } from "./repricing.ts";
import { RoundRows } from "./round-rows.ts";
import { SampleRows } from "./sample-rows.ts";
import { seal } from "./seal.ts";
import { SettingRows } from "./setting-rows.ts";
import { SpendRows, type Booked, type UsageEntry } from "./spend-rows.ts";
import { commitPoint, named, written } from "./storage-fault.ts";
import { TaskRows } from "./task-rows.ts";
import { TelemetryRows } from "./telemetry-rows.ts";
import { isMarked, unmark } from "./use-mark.ts";
import { WalSync } from "./wal-sync.ts";
import { WorkerRows } from "./worker-rows.ts";

/** Every change of the ledger is one of these commits. */
const COMMITS = {
  submit: commitPoint("submit.commit"),
  change: commitPoint("change.commit"),
  clear: commitPoint("clear.commit"),
  admit: commitPoint("admit.commit"),
  unreserve: commitPoint("unreserve.commit"),
  intent: commitPoint("intent.commit"),
  typed: commitPoint("typed.commit"),
  accept: commitPoint("accept.commit"),
  question: commitPoint("question.commit"),
  park: commitPoint("park.commit"),
  cap: commitPoint("cap.commit"),
  settle: commitPoint("settle.commit"),
  cancel: commitPoint("cancel.commit"),
  retry: commitPoint("retry.commit"),
  extend: commitPoint("extend.commit"),
  usage: commitPoint("usage.commit"),
  secondEnter: commitPoint("enter-again.commit"),
  together: commitPoint("together.commit"),
  reprice: commitPoint("reprice.commit"),
  escalate: commitPoint("escalate.commit"),
  report: commitPoint("report.commit"),
  child: commitPoint("child.commit"),
  context: commitPoint("context.commit"),
  findings: commitPoint("findings.commit"),
  rebuild: commitPoint("rebuild-hierarchy.commit"),
};

export class Ledger {
  readonly tasks: TaskRows;
  readonly attempts: AttemptRows;
  readonly spend: SpendRows;
  readonly workers: WorkerRows;
  readonly settings: SettingRows;
  readonly accounts: AccountRows;
  readonly samples: SampleRows;
  readonly external: ExternalRows;
  readonly telemetry: TelemetryRows;
  readonly escalations: EscalationRows;
  readonly contexts: ContextRows;
  readonly hierarchy: HierarchyRows;
  readonly reports: ReportRows;
  readonly findings: FindingRows;
  readonly journal: EventJournal;
  readonly periods: PeriodRows;
  readonly outcomes: OutcomeRows;
  readonly alerts: AlertRows;
  readonly rounds: RoundRows;
  readonly coordinators: CoordinatorRows;
  readonly children: ChildRows;
  readonly likeness: LikenessRows;
  readonly #db: Db;
  readonly #file: string;
  readonly #log: WalSync;
  readonly #drafts: DraftRows;
  readonly #moves: MoveRows;
  readonly #reservations: ReservationRows;
  readonly #invocations: InvocationBooking;
  #inTransaction: Transaction<(act: () => unknown) => unknown> | null = null;

  private constructor(db: Db, file: string) {
    this.#db = db;
    this.#file = file;
    this.#log = new WalSync(file);
    this.tasks = new TaskRows(db);
    this.attempts = new AttemptRows(db);
    this.spend = new SpendRows(db);
    this.workers = new WorkerRows(db);
    this.settings = new SettingRows(db);
    this.accounts = new AccountRows(db);
    this.samples = new SampleRows(db);
    this.external = new ExternalRows(db);
    this.telemetry = new TelemetryRows(db);
    this.escalations = new EscalationRows(db);
    this.contexts = new ContextRows(db);
    this.hierarchy = new HierarchyRows(db);
    this.reports = new ReportRows(db);
    this.findings = new FindingRows(db);
    this.journal = new EventJournal(db, this.settings);
    this.periods = new PeriodRows(db);
    this.outcomes = new OutcomeRows(db);
    this.alerts = new AlertRows(db);
    this.rounds = new RoundRows(db);
    this.coordinators = new CoordinatorRows(db);
    this.children = new ChildRows(db);
    this.likeness = new LikenessRows(db, this.tasks);
    this.#drafts = new DraftRows(db);
    this.#moves = new MoveRows(db);
    this.#reservations = new ReservationRows(db);
    this.#invocations = new InvocationBooking(this);
  }

  /** Opens or creates the ledger at `file` (":memory:" in tests). Throws CtmError `ledger`. */
  static open(file: string): Ledger {
    const db = openDatabase(file);
    try {
      const version = versionOf(db);
      // Kept as it was before its shape is changed: a step back must be possible.
      if (file !== ":memory:" && version > 0 && version < LEDGER_VERSION)
        backUpBeforeMigration(db, file, LEDGER_VERSION);
      migrate(db);
      return Ledger.of(db, file);
    } catch (error) {
      db.close();
      throw named(error);
    }
  }

  /** The ledger in a database that has its tables; `file`: where it lies. */
  static of(db: Db, file = ":memory:"): Ledger {
    return new Ledger(db, file);
  }

  /** The last to close it brings everything into the one file: a mark that a dead manager left has no meaning then. */
  close(): void {
    if (isMarked(this.#file) && !managerRuns(join(dirname(this.#file), LOCK_FILE))) unmark(this.#file);
    this.#log.close();
    this.#db.close();
    if (this.#file !== ":memory:") seal(this.#file);
  }

  /** The connection, for checks that only read (doctor). */
  get database(): Db {
    return this.#db;
  }

  /** The latest time anything in it was written at; 0 = it is empty. */
  lastMs(): number {
    const sql = `SELECT max(coalesce((SELECT at_ms FROM move ORDER BY seq DESC LIMIT 1), 0),
      coalesce((SELECT max(at_ms) FROM usage), 0),
      coalesce((SELECT created_at_ms FROM task ORDER BY id DESC LIMIT 1), 0)) AS at`;
    return this.#db.prepare<[], { at: number }>(sql).get()?.at ?? 0;
  }

  // ── queue ───────────────────────────────────────────────────────────────────────────────────────

  /**
   * Queues tasks, all or none. One whose key is known already is answered with the task it names; each other one comes
   * with the task of before that it is like. `also` is done in the same commit; what it throws undoes all.
   */
  add(
    drafts: readonly { draft: TaskDraft; assignment: Assignment }[],
    atMs: number,
    also: AlsoAdded = () => undefined,
  ): AddedTask[] {
    return this.#transaction(COMMITS.submit, () => {
      const queued = this.tasks.counts().get("queued") ?? 0;
      if (queued + drafts.length > queuedTasksMax) {
        throw new CtmError(
          "refused",
          `the queue holds ${queued} tasks; more than ${queuedTasksMax} are not kept`,
        );
      }
      const added = drafts.map(({ draft, assignment }) => {
        const known = draft.key === null ? null : this.tasks.byKey(draft.key);
        if (known !== null) return { task: known, created: false, like: null };
        const { like, keys } = this.likeness.seek(draft, atMs);
        const id = this.#drafts.insert(draft, assignment, atMs);
        this.likeness.add(id, keys);
        return { task: this.task(id), created: true, like };
      });
      also(
        added.flatMap(({ task, created }) => (created ? [task.id] : [])),
        added,
      );
      return added;
    });
  }

  /** The task, or CtmError `not-found`. */
  task(id: number): Task {
    const task = this.tasks.byId(id);
    if (task === null) throw new CtmError("not-found", `there is no task ${id}`);
    return task;
  }

  setPriority(id: number, priority: Priority): Task {
    return this.#transaction(COMMITS.change, () =>
      this.#changeQueued(id, () => this.#drafts.prioritize(id, priority)),
    );
  }

  edit(id: number, draft: TaskDraft, assignment: Assignment): Task {
    return this.#transaction(COMMITS.change, () =>
      this.#changeQueued(id, () => this.#drafts.edit(id, draft, assignment)),
    );
  }

  /** reason null releases. */
  setHold(id: number, reason: string | null): Task {
    return this.#transaction(COMMITS.change, () =>
      this.#changeQueued(id, () => this.#drafts.hold(id, reason)),
    );
  }

  /** Takes ended tasks out of the lists. Their usage, attempts and keys stay. Returns how many. */
  clear(states: readonly TaskStateName[]): number {
    const ended = states.filter(isFinal);
    return ended.length === 0 ? 0 : written(COMMITS.clear, () => this.#drafts.clear(ended));
  }

  // ── the way of a task ───────────────────────────────────────────────────────────────────────────

  /** queued → reserved: the attempt, its reservation over all windows and the move are one commit. */
  reserve(task: Task, attempt: AttemptDraft, held: ReservationDraft, atMs: number): Task {
    return this.#transaction(COMMITS.admit, () => {
      const { id, worker, agent, model } = attempt;
      const n = task.attempts + 1;
      const moved = this.#moves.move(task, "reserved", { attemptId: id, worker, newAttempt: true }, atMs);
      const member = task.assignment.member?.id ?? null;
      this.attempts.insert({ id, taskId: task.id, n, worker, agent, model, member, atMs });
      this.#reservations.open(attempt, held, atMs);
      return moved;
    });
  }

  /** reserved → queued, or dispatching → queued on the tmux server's word that nothing was typed. */
  unreserve(task: Task, cause: string, notBeforeMs: number | null, atMs: number): Task {
    return this.#transaction(COMMITS.unreserve, () => {
      const attemptId = attemptOf(task);
      this.#moves.move(task, "queued", { notBeforeMs, cause }, atMs);
      this.#reservations.close(attemptId, atMs);
      this.attempts.end(attemptId, "not typed", null, atMs);
      return this.task(task.id);
    });
  }

  /** reserved → dispatching: what will be typed and where, durable before the first key. */
  intend(task: Task, intent: Intent, atMs: number): Task {
    return this.#transaction(COMMITS.intent, () => {
      const moved = this.#moves.move(task, "dispatching", inHand(task), atMs);
      this.attempts.writeIntent(intent, atMs);
      return moved;
    });
  }

  /** dispatching → dispatched: the tmux server said the text is in. */
  typed(task: Task, atMs: number): Task {
    return this.#transaction(COMMITS.typed, () => {
      const moved = this.#moves.move(task, "dispatched", inHand(task), atMs);
      this.attempts.stamp(attemptOf(task), "typed_at_ms", atMs);
      return moved;
    });
  }

  /** dispatched or needs-input → running: the agent was seen to take it up. */
  run(task: Task, session: { sessionId: string | null; recordPath: string | null }, atMs: number): Task {
    return this.#transaction(COMMITS.accept, () => {
      const moved = this.#moves.move(task, "running", inHand(task), atMs);
      this.attempts.stamp(attemptOf(task), "accepted_at_ms", atMs);
      this.attempts.writeSession(attemptOf(task), session.sessionId, session.recordPath);
      if (task.state.name === "parked") this.#wentOn(task);
      return moved;
    });
  }

  /** → needs-input: a person must answer. */
  ask(task: Task, question: string, atMs: number): Task {
    return this.#transaction(COMMITS.question, () => {
      const moved = this.#moves.move(task, "needs-input", { ...inHand(task), question }, atMs);
      return moved;
    });
  }

  /** → parked: its account lets nothing through; the reservation stays. The account's row is in the same commit. */
  park(task: Task, account: string, park: AccountPark, atMs: number): Task {
    return this.#transaction(COMMITS.park, () => {
      this.accounts.save(account, park);
      this.attempts.intendResume(attemptOf(task), null);
      this.#moves.move(task, "parked", { ...inHand(task), reason: park.message }, atMs);
      return this.task(task.id);
    });
  }

  /** running → parked: it reached its cap, and waits for a person; the reservation stays. */
  holdAtCap(task: Task, question: string, atMs: number): Task {
    return this.#transaction(COMMITS.cap, () => {
      this.attempts.setCapState(attemptOf(task), "held");
      this.#moves.move(task, "parked", { ...inHand(task), reason: question }, atMs);
      return this.task(task.id);
    });
  }

  /** Another cap for a task that has not ended; one that waits at its cap may go on. */
  setCap(task: Task, cap: TaskCap): Task {
    return this.#transaction(COMMITS.cap, () => {
      this.#drafts.cap(task.id, cap);
      const attemptId = task.state.name === "parked" ? attemptOf(task) : null;
      if (attemptId !== null && this.attempts.capState(attemptId) === "held")
        this.attempts.setCapState(attemptId, "released");
      return this.task(task.id);
    });
  }

  /** It works again. Was it still to wait at its cap, a person went on in its pane: that is their yes. */
  #wentOn(task: Task): void {
    if (this.attempts.capState(attemptOf(task)) === "held") this.#drafts.cap(task.id, NO_CAP);
    this.attempts.setCapState(attemptOf(task), null);
  }

  /**
   * → completed, failed, cancelled or lost, with its usage booked and its reservation closed in the same commit.
   * Returns the ended task and what the booking added.
   */
  finish(
    task: Task,
    outcome: Outcome,
    entries: readonly UsageEntry[],
    atMs: number,
  ): { task: Task; booked: Booked[] } {
    return this.#transaction(COMMITS.settle, () => {
      const attemptId = attemptOf(task);
      const details = { attemptId, worker: workerOf(task) };
      const moved = this.#moves.move(task, outcome.kind, { ...details, ...endDetails(outcome) }, atMs);
      const booked = this.#bookAll(entries);
      this.#reservations.close(attemptId, atMs);
      const answer = outcome.kind === "completed" ? redactedOrNull(outcome.answer) : null;
      this.attempts.end(attemptId, outcome.kind, answer, atMs);
      this.#countOutcome(task, outcome, attemptId, atMs);
      return { task: moved, booked };
    });
  }

  /** queued → cancelled: nothing was typed, nothing is owed. */
  cancelQueued(task: Task, atMs: number): Task {
    if (task.state.name !== "queued") throw notThere(task, "only a waiting task is cancelled at once");
    return this.#transaction(COMMITS.cancel, () => {
      this.#moves.move(task, "cancelled", {}, atMs);
      return this.task(task.id);
    });
  }

  /** failed, lost or cancelled → queued, as a new attempt of the same task. */
  retry(task: Task, cause: string, notBeforeMs: number | null, atMs: number): Task {
    // A reserved task may go back to the queue too, but not by this way: its reservation would stay open.
    if (!isFinal(task.state.name))
      throw notThere(task, "only a failed, lost or cancelled one can be retried");
    return this.#transaction(COMMITS.retry, () => {
      this.#moves.move(task, "queued", { notBeforeMs, cause }, atMs);
      this.escalations.note(task.id, null, { atMs, level: retryLevel, member: null, reason: cause });
      return this.task(task.id);
    });
  }

  /** From now on ended attempts are counted for agents, departments and tiers of a roster. */
  countBy(placeOf: (member: string) => MemberPlace | null): void {
    this.#invocations.countBy(placeOf);
  }

  /** Makes all sums of the hierarchy anew from its invocations, in one commit. */
  rebuildHierarchy(): void {
    this.#transaction(COMMITS.rebuild, () => this.hierarchy.rebuild(this.reports.counted()));
  }

  /** What is said of an attempt, in the sums of the hierarchy too if it has ended. */
  report(attemptId: string, report: Report): void {
    this.#transaction(COMMITS.report, () => {
      const before = this.reports.countedFor(attemptId).find(({ kind }) => kind === report.kind) ?? null;
      this.reports.add(attemptId, report);
      this.hierarchy.reported(attemptId, before, report);
    });
  }

  /** A task that was submitted from inside another. */
  addChild(taskId: number, parentId: number, place: ChildPlace): void {
    this.#transaction(COMMITS.child, () => this.children.add(taskId, parentId, place));
  }

  /** What was found now: new ones are open, those that are gone are over. Nothing is written where nothing changed. */
  saveFindings(found: readonly Finding[], atMs: number): void {
    const change = this.findings.changeTo(found);
    if (change !== null) this.#transaction(COMMITS.findings, () => this.findings.apply(change, atMs));
  }

  acknowledgeFinding(id: number): void {
    this.#transaction(COMMITS.findings, () => this.findings.acknowledge(id));
  }

  /** What happened to the context of a conversation. */
  bookContext(change: ContextChange): void {
    this.#transaction(COMMITS.context, () => {
      this.contexts.apply(change);
      if (change.event !== null) this.#invocations.touched(change.stand.member);
    });
  }

  /** Notes were typed before the text of an attempt. */
  notesTold(member: string, lastId: number, attemptId: string): void {
    this.#transaction(COMMITS.context, () => this.contexts.told(member, lastId, attemptId));
  }

  /** How far up a task is handed, and to whom of the roster. */
  escalate(task: Task, level: EscalationLevel, member: string | null, reason: string, atMs: number): void {
    const attemptId = "attemptId" in task.state ? task.state.attemptId : null;
    this.#transaction(COMMITS.escalate, () =>
      this.escalations.note(task.id, attemptId, {
        atMs,
        level,
        member,
        reason: redactedOrNull(reason) ?? "",
      }),
    );
  }

  /** A running attempt reserves more, or is owed what did not fit. CtmError `illegal-move` when it holds nothing. */
  extend(attemptId: string, extension: Extension): void {
    this.#transaction(COMMITS.extend, () => this.#reservations.extend(attemptId, extension));
  }

  /** Usage outside a move: of an attempt that goes on or has ended, or a person's own use of a worker. */
  bookUsage(entries: readonly UsageEntry[]): Booked[] {
    return this.#transaction(COMMITS.usage, () => this.#bookAll(entries));
  }

  /** Costs of all bookings by other prices; with `write` they are booked with their sums, in one commit. */
  reprice(rules: RepriceRules, write: boolean): Repriced {
    return this.#transaction(COMMITS.reprice, () => {
      const repriced = repriceAll(this.#db, rules, write);
      if (write) this.samples.reprice();
      if (write) this.#invocations.reprice();
      return repriced;
    });
  }

  /** A guarded second Enter is about to be pressed; once per attempt. False: it was pressed before. */
  claimSecondEnter(attemptId: string, atMs: number): boolean {
    return written(COMMITS.secondEnter, () => this.attempts.enterAgain(attemptId, atMs));
  }

  /**
   * Several of these verbs as one commit: all of it is written, or nothing. A kill does not undo it, a cut of the power
   * may until it is synced, or anything else is committed.
   */
  commit<T>(act: () => T): T {
    this.#db.pragma("synchronous = NORMAL");
    try {
      return this.#transaction(COMMITS.together, act);
    } finally {
      this.#db.pragma("synchronous = FULL");
    }
  }

  /** Every commit made before stands on the disk when it resolves. Rejects with CtmError `ledger`: nobody knows. */
  sync(): Promise<void> {
    return this.#log.sync();
  }

  /** The same at once. */
  syncNow(): void {
    this.#log.syncNow();
  }

  /** A harmless write that proves that the disk takes one. Throws CtmError `ledger` when it does not. */
  probe(atMs: number): void {
    this.settings.set("probe", String(atMs));
  }

  /** When anything last became of a task; null = never. */
  lastMoveMs(): number | null {
    return this.#moves.lastMs();
  }

  /** The moves of one task, oldest first. */
  moves(taskId: number): Move[] {
    return this.#moves.ofTask(taskId);
  }

  // ── below: how the verbs are done ───────────────────────────────────────────────────────────────

  #transaction<T>(commit: FaultPoint, body: () => T): T {
    return written(commit, () => {
      // Made once: making one costs as much as a small write.
      this.#inTransaction ??= this.#db.transaction((act: () => unknown) => act());
      return this.#inTransaction.immediate(body) as T;
    });
  }

  /** Inside a transaction. */
  #changeQueued(id: number, change: () => void): Task {
    const task = this.task(id);
    if (task.state.name !== "queued")
      throw new CtmError(
        "illegal-move",
        `task ${id} is ${task.state.name}; only a queued task can be changed`,
      );
    change();
    const changed = this.task(id);
    this.likeness.change(task, changed);
    return changed;
  }

  #bookAll(entries: readonly UsageEntry[]): Booked[] {
    const booked = entries.flatMap((entry) => this.spend.book(entry) ?? []);
    this.#invocations.correct(booked);
    return booked;
  }

  #countOutcome(task: Task, outcome: Outcome, attemptId: string, atMs: number): void {
    const attempt = this.attempts.byId(attemptId);
    const spent = this.spend.ofAttempt(attemptId);
    const durationMs = Math.max(0, atMs - (attempt?.typed_at_ms ?? atMs));
    this.outcomes.count(
      workerOf(task),
      task.assignment.type,
      outcome.kind,
      spent.source ?? "none",
      durationMs,
    );
    if (attempt !== null) this.#invocations.ended(task, attempt, outcome, atMs);
    if (outcome.kind !== "completed") return;
    const counted = spent.source === "actual" || spent.source === "simulated";
    if (!counted && spent.rows > 0) return;
    this.samples.add(attemptId, durationMs);
  }
}

/** The attempt a task has in hand. Throws a bug's error when it has none: callers check the state first. */
export function attemptOf(task: Task): string {
  const { state } = task;
  if (state.name === "queued" || !("attemptId" in state) || state.attemptId === null) {
    throw new Error(`task ${task.id} (${state.name}) has no attempt`);
  }
  return state.attemptId;
}

function notThere(task: Task, rule: string): CtmError {
  return new CtmError("illegal-move", `task ${task.id} is ${task.state.name}; ${rule}`);
}

function workerOf(task: Task): string {
  return "worker" in task.state ? task.state.worker : "";
}

function inHand(task: Task): MoveDetails {
  return { attemptId: attemptOf(task), worker: workerOf(task) };
}

function endDetails(outcome: Outcome): MoveDetails {
  switch (outcome.kind) {
    case "completed":
      return { exitCode: outcome.exitCode };
    case "failed":
      return { exitCode: outcome.exitCode, reason: outcome.reason };
    case "lost":
      return { reason: outcome.reason };
    case "cancelled":
      return {};
    default:
      return outcome satisfies never;
  }
}
