/**
 * The ledger: the one truth on disk. A handful of verbs, each one transaction; a move of a task is
 * `UPDATE … WHERE id = ? AND state = ? AND attempts = ?`, so a late or doubled call changes nothing.
 * The attempt number is the fence: what an old attempt says cannot move a task that has a new one.
 */
import { dirname, join } from "node:path";
import { CtmError } from "../base/errors.ts";
import { redactedOrNull } from "../base/redact.ts";
import { queuedTasksMax } from "../base/limits.ts";
import type { FaultPoint } from "../faults/fault-point.ts";
import { NO_CAP, type TaskCap } from "../tasks/cap.ts";
import { priorityRank, type Priority } from "../tasks/priority.ts";
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
import { assertMove } from "../tasks/transitions.ts";
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
import { OutcomeRows } from "./outcome-rows.ts";
import { PeriodRows } from "./period-rows.ts";
import { ChildRows, type ChildPlace } from "./child-rows.ts";
import { CoordinatorRows } from "./coordinator-rows.ts";
import { ReportRows } from "./report-rows.ts";
import { repriceAll, type Repriced, type RepriceRules } from "./repricing.ts";
import { RoundRows } from "./round-rows.ts";
import { SampleRows } from "./sample-rows.ts";
import { seal } from "./seal.ts";
import { SettingRows } from "./setting-rows.ts";
import { SpendRows, type Booked, type UsageEntry } from "./spend-rows.ts";
import { commitPoint, named, written } from "./storage-fault.ts";
import { stateOf, TaskRows } from "./task-rows.ts";
import { TelemetryRows } from "./telemetry-rows.ts";
import { isMarked, unmark } from "./use-mark.ts";
import { WalSync } from "./wal-sync.ts";
import { WorkerRows } from "./worker-rows.ts";

/** Whom an attempt is given to: the agent and model it runs with count, whatever the task was assigned. */
export interface AttemptDraft {
  readonly id: string;
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
}

/** What is held for an attempt from its admission to its settlement. */
export interface ReservationDraft {
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly oversized: boolean;
}

/** Data that goes with a move; absent fields are cleared. */
interface MoveDetails {
  readonly attemptId?: string | null;
  readonly worker?: string | null;
  readonly holdReason?: string | null;
  readonly notBeforeMs?: number | null;
  readonly question?: string | null;
  readonly reason?: string | null;
  readonly exitCode?: number | null;
  readonly newAttempt?: boolean;
  readonly cause?: string;
}

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
  readonly #invocations: InvocationBooking;
  #inTransaction: Transaction<(act: () => unknown) => unknown> | null = null;
  readonly #insertTask;
  readonly #move;
  readonly #note;
  readonly #openReservation;
  readonly #settleReservation;
  readonly #countOutcomeRow;

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
    this.#invocations = new InvocationBooking(this);
    this.#insertTask = db.prepare(
      `INSERT INTO task (text, priority, cwd, forced_type, forced_model, forced_agent, forced_worker, forced_member, key, retry_lost, cap_tokens, cap_nano, origin,
        member, preamble, type, complexity, route, agent, model, estimate_tokens, reserve_tokens, reserve_nano, reserve_basis,
        state, hold_reason, since_ms, created_at_ms)
       VALUES (@text, @priority, @cwd, @forcedType, @forcedModel, @forcedAgent, @forcedWorker, @forcedMember, @key, @retryLost, @capTokens, @capNano, @origin,
        @member, @preamble, @type, @complexity, @route, @agent, @model, @estimateTokens, @reserveTokens, @reserveNano, @reserveBasis,
        'queued', @holdReason, @atMs, @atMs)`,
    );
    this.#move = db.prepare(
      `UPDATE task SET state = @to, attempt_id = @attemptId, worker = @worker, hold_reason = @holdReason,
        not_before_ms = @notBeforeMs, question = @question, reason = @reason, exit_code = @exitCode, since_ms = @atMs,
        attempts = attempts + @newAttempt, cleared = 0
       WHERE id = @id AND state = @from AND attempts = @attempts`,
    );
    this.#note = db.prepare(
      "INSERT INTO move (at_ms, task_id, from_state, to_state, cause) VALUES (?, ?, ?, ?, ?)",
    );
    this.#openReservation = db.prepare(
      "INSERT INTO reservation (attempt_id, worker, agent, model, tokens, nano, oversized, since_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#settleReservation = db.prepare(
      "UPDATE reservation SET settled_at_ms = ? WHERE attempt_id = ? AND settled_at_ms IS NULL",
    );
    this.#countOutcomeRow = db.prepare(
      `INSERT INTO outcome_total VALUES (?, ?, ?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET n = n + 1, duration_ms = duration_ms + excluded.duration_ms`,
    );
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
        const { lastInsertRowid } = this.#insertTask.run({
          ...taskValues(draft, assignment),
          ...assignmentValues(assignment),
          atMs,
        });
        this.likeness.add(Number(lastInsertRowid), keys);
        return { task: this.task(Number(lastInsertRowid)), created: true, like };
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
    return this.#changeQueued(id, "UPDATE task SET priority = ? WHERE id = ?", [priorityRank(priority)]);
  }

  edit(id: number, draft: TaskDraft, assignment: Assignment): Task {
    const a = assignment;
    return this.#changeQueued(
      id,
      `UPDATE task SET text = ?, type = ?, complexity = ?, route = ?, agent = ?, model = ?, estimate_tokens = ?,
        reserve_tokens = ?, reserve_nano = ?, reserve_basis = ?, forced_member = ?, member = ?, preamble = ?, forced_worker = ?
       WHERE id = ?`,
      [
        draft.text,
        a.type,
        a.complexity,
        a.route,
        a.agent,
        a.model,
        a.estimateTokens,
        a.reserveTokens,
        a.reserveNanoUsd,
        a.reserveBasis,
        draft.as,
        a.member?.id ?? null,
        a.member?.preamble ?? null,
        draft.worker ?? a.member?.worker ?? null,
      ],
    );
  }

  /** reason null releases. */
  setHold(id: number, reason: string | null): Task {
    return this.#changeQueued(id, "UPDATE task SET hold_reason = ? WHERE id = ?", [reason]);
  }

  /** Takes ended tasks out of the lists. Their usage, attempts and keys stay. Returns how many. */
  clear(states: readonly TaskStateName[]): number {
    const ended = states.filter(isFinal);
    if (ended.length === 0) return 0;
    const marks = ended.map(() => "?").join(", ");
    const cleared = this.#db.prepare(`UPDATE task SET cleared = 1 WHERE cleared = 0 AND state IN (${marks})`);
    return written(COMMITS.clear, () => cleared.run(...ended).changes);
  }

  // ── the way of a task ───────────────────────────────────────────────────────────────────────────

  /** queued → reserved: the attempt, its reservation over all windows and the move are one commit. */
  reserve(task: Task, attempt: AttemptDraft, held: ReservationDraft, atMs: number): Task {
    return this.#transaction(COMMITS.admit, () => {
      const { id, worker, agent, model } = attempt;
      const n = task.attempts + 1;
      const moved = this.#moveTask(task, "reserved", { attemptId: id, worker, newAttempt: true }, atMs);
      const member = task.assignment.member?.id ?? null;
      this.attempts.insert({ id, taskId: task.id, n, worker, agent, model, member, atMs });
      this.#openReservation.run(
        id,
        worker,
        agent,
        model,
        held.tokens,
        held.nanoUsd,
        held.oversized ? 1 : 0,
        atMs,
      );
      return moved;
    });
  }

  /** reserved → queued, or dispatching → queued on the tmux server's word that nothing was typed. */
  unreserve(task: Task, cause: string, notBeforeMs: number | null, atMs: number): Task {
    return this.#transaction(COMMITS.unreserve, () => {
      const attemptId = attemptOf(task);
      this.#moveTask(task, "queued", { notBeforeMs, cause }, atMs);
      this.#closeReservation(attemptId, atMs);
      this.attempts.end(attemptId, "not typed", null, atMs);
      return this.task(task.id);
    });
  }

  /** reserved → dispatching: what will be typed and where, durable before the first key. */
  intend(task: Task, intent: Intent, atMs: number): Task {
    return this.#transaction(COMMITS.intent, () => {
      const moved = this.#moveTask(task, "dispatching", inHand(task), atMs);
      this.attempts.writeIntent(intent, atMs);
      return moved;
    });
  }

  /** dispatching → dispatched: the tmux server said the text is in. */
  typed(task: Task, atMs: number): Task {
    return this.#transaction(COMMITS.typed, () => {
      const moved = this.#moveTask(task, "dispatched", inHand(task), atMs);
      this.attempts.stamp(attemptOf(task), "typed_at_ms", atMs);
      return moved;
    });
  }

  /** dispatched or needs-input → running: the agent was seen to take it up. */
  run(task: Task, session: { sessionId: string | null; recordPath: string | null }, atMs: number): Task {
    return this.#transaction(COMMITS.accept, () => {
      const moved = this.#moveTask(task, "running", inHand(task), atMs);
      this.attempts.stamp(attemptOf(task), "accepted_at_ms", atMs);
      this.attempts.writeSession(attemptOf(task), session.sessionId, session.recordPath);
      if (task.state.name === "parked") this.#wentOn(task);
      return moved;
    });
  }

  /** → needs-input: a person must answer. */
  ask(task: Task, question: string, atMs: number): Task {
    return this.#transaction(COMMITS.question, () => {
      const moved = this.#moveTask(task, "needs-input", { ...inHand(task), question }, atMs);
      return moved;
    });
  }

  /** → parked: its account lets nothing through; the reservation stays. The account's row is in the same commit. */
  park(task: Task, account: string, park: AccountPark, atMs: number): Task {
    return this.#transaction(COMMITS.park, () => {
      this.accounts.save(account, park);
      this.attempts.intendResume(attemptOf(task), null);
      this.#moveTask(task, "parked", { ...inHand(task), reason: park.message }, atMs);
      return this.task(task.id);
    });
  }

  /** running → parked: it reached its cap, and waits for a person; the reservation stays. */
  holdAtCap(task: Task, question: string, atMs: number): Task {
    return this.#transaction(COMMITS.cap, () => {
      this.attempts.setCapState(attemptOf(task), "held");
      this.#moveTask(task, "parked", { ...inHand(task), reason: question }, atMs);
      return this.task(task.id);
    });
  }

  /** Another cap for a task that has not ended; one that waits at its cap may go on. */
  setCap(task: Task, cap: TaskCap): Task {
    return this.#transaction(COMMITS.cap, () => {
      this.#writeCap(task.id, cap);
      const attemptId = task.state.name === "parked" ? attemptOf(task) : null;
      if (attemptId !== null && this.attempts.capState(attemptId) === "held")
        this.attempts.setCapState(attemptId, "released");
      return this.task(task.id);
    });
  }

  /** It works again. Was it still to wait at its cap, a person went on in its pane: that is their yes. */
  #wentOn(task: Task): void {
    if (this.attempts.capState(attemptOf(task)) === "held") this.#writeCap(task.id, NO_CAP);
    this.attempts.setCapState(attemptOf(task), null);
  }

  #writeCap(taskId: number, { tokens, nanoUsd }: TaskCap): void {
    const sql = "UPDATE task SET cap_tokens = ?, cap_nano = ? WHERE id = ?";
    this.#db.prepare(sql).run(tokens, nanoUsd, taskId);
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
      const moved = this.#moveTask(task, outcome.kind, { ...details, ...endDetails(outcome) }, atMs);
      const booked = this.#bookAll(entries);
      this.#closeReservation(attemptId, atMs);
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
      this.#moveTask(task, "cancelled", {}, atMs);
      return this.task(task.id);
    });
  }

  /** failed, lost or cancelled → queued, as a new attempt of the same task. */
  retry(task: Task, cause: string, notBeforeMs: number | null, atMs: number): Task {
    // A reserved task may go back to the queue too, but not by this way: its reservation would stay open.
    if (!isFinal(task.state.name))
      throw notThere(task, "only a failed, lost or cancelled one can be retried");
    return this.#transaction(COMMITS.retry, () => {
      this.#moveTask(task, "queued", { notBeforeMs, cause }, atMs);
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
    this.#transaction(COMMITS.extend, () => this.#extend(attemptId, extension));
  }

  #extend(attemptId: string, { reserved, owed }: Extension): void {
    const sql = `UPDATE reservation SET tokens = ?, nano = ?, owed_tokens = ?, owed_nano = ?
      WHERE attempt_id = ? AND settled_at_ms IS NULL AND tokens <= ? AND nano <= ?`;
    const { tokens, nanoUsd } = reserved;
    const values = [tokens, nanoUsd, owed.tokens, owed.nanoUsd, attemptId, tokens, nanoUsd];
    if (this.#db.prepare(sql).run(...values).changes !== 1)
      throw new CtmError("illegal-move", `attempt ${attemptId} holds no reservation that could grow to this`);
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
    const sql = "UPDATE attempt SET enter_again_at_ms = ? WHERE id = ? AND enter_again_at_ms IS NULL";
    return written(COMMITS.secondEnter, () => this.#db.prepare(sql).run(atMs, attemptId).changes === 1);
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
    const sql = "SELECT at_ms FROM move ORDER BY seq DESC LIMIT 1";
    return this.#db.prepare<[], { at_ms: number }>(sql).get()?.at_ms ?? null;
  }

  /** The moves of one task, oldest first. */
  moves(taskId: number): { atMs: number; from: TaskStateName; to: TaskStateName; cause: string | null }[] {
    return this.#db
      .prepare<
        [number],
        { at_ms: number; from_state: TaskStateName; to_state: TaskStateName; cause: string | null }
      >("SELECT at_ms, from_state, to_state, cause FROM move WHERE task_id = ? ORDER BY seq")
      .all(taskId)
      .map((row) => ({ atMs: row.at_ms, from: row.from_state, to: row.to_state, cause: row.cause }));
  }

  // ── below: how the verbs are done ───────────────────────────────────────────────────────────────

  #transaction<T>(commit: FaultPoint, body: () => T): T {
    return written(commit, () => {
      // Made once: making one costs as much as a small write.
      this.#inTransaction ??= this.#db.transaction((act: () => unknown) => act());
      return this.#inTransaction.immediate(body) as T;
    });
  }

  /** Returns the task as it stands then, without reading it again: a task in hand is changed by its moves alone. */
  #moveTask(task: Task, to: TaskStateName, details: MoveDetails, atMs: number): Task {
    const from = task.state.name;
    assertMove(task.id, from, to);
    const values = {
      attemptId: details.attemptId ?? null,
      worker: details.worker ?? null,
      holdReason: details.holdReason ?? null,
      notBeforeMs: details.notBeforeMs ?? null,
      question: redactedOrNull(details.question ?? null),
      reason: redactedOrNull(details.reason ?? null),
      exitCode: details.exitCode ?? null,
      newAttempt: details.newAttempt === true ? 1 : 0,
    };
    const { changes } = this.#move.run({ id: task.id, from, to, attempts: task.attempts, atMs, ...values });
    if (changes !== 1)
      throw new CtmError("illegal-move", `task ${task.id} is no longer ${from}; nothing was changed`);
    this.#note.run(atMs, task.id, from, to, redactedOrNull(details.cause ?? details.reason ?? null));
    return {
      ...task,
      draft: { ...task.draft, holdReason: values.holdReason },
      state: stateOf({ name: to, sinceMs: atMs, ...values }),
      attempts: task.attempts + values.newAttempt,
    };
  }

  #changeQueued(id: number, sql: string, values: readonly (string | number | null)[]): Task {
    return this.#transaction(COMMITS.change, () => {
      const task = this.task(id);
      if (task.state.name !== "queued") {
        throw new CtmError(
          "illegal-move",
          `task ${id} is ${task.state.name}; only a queued task can be changed`,
        );
      }
      this.#db.prepare(sql).run(...values, id);
      const changed = this.task(id);
      this.likeness.change(task, changed);
      return changed;
    });
  }

  #bookAll(entries: readonly UsageEntry[]): Booked[] {
    const booked = entries.flatMap((entry) => this.spend.book(entry) ?? []);
    this.#invocations.correct(booked);
    return booked;
  }

  #closeReservation(attemptId: string, atMs: number): void {
    if (this.#settleReservation.run(atMs, attemptId).changes !== 1) {
      throw new CtmError("ledger", `the reservation of attempt ${attemptId} was settled before`);
    }
  }

  #countOutcome(task: Task, outcome: Outcome, attemptId: string, atMs: number): void {
    const attempt = this.attempts.byId(attemptId);
    const spent = this.spend.ofAttempt(attemptId);
    const durationMs = Math.max(0, atMs - (attempt?.typed_at_ms ?? atMs));
    this.#countOutcomeRow.run(
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

/** An agent of the roster that has a worker of its own forces it, where nobody forced another. */
function taskValues(draft: TaskDraft, { member }: Assignment): Record<string, string | number | null> {
  return {
    text: draft.text,
    priority: priorityRank(draft.priority),
    cwd: draft.cwd,
    forcedType: draft.type,
    forcedModel: draft.model,
    forcedAgent: draft.agent,
    forcedWorker: draft.worker ?? member?.worker ?? null,
    forcedMember: draft.as,
    member: member?.id ?? null,
    preamble: member?.preamble ?? null,
    key: draft.key,
    retryLost: draft.retryLost ? 1 : 0,
    capTokens: draft.cap?.tokens ?? null,
    capNano: draft.cap?.nanoUsd ?? null,
    origin: draft.origin,
    holdReason: draft.holdReason,
  };
}

function assignmentValues(assignment: Assignment): Record<string, string | number | null> {
  return {
    type: assignment.type,
    complexity: assignment.complexity,
    route: assignment.route,
    agent: assignment.agent,
    model: assignment.model,
    estimateTokens: assignment.estimateTokens,
    reserveTokens: assignment.reserveTokens,
    reserveNano: assignment.reserveNanoUsd,
    reserveBasis: assignment.reserveBasis,
  };
}
