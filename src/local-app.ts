/**
 * The App of this process: each request of a face, answered by the part that knows. It holds no state of its own
 * beside the parts.
 */
import type { App, AttachTarget, DispatchState, SpawnRequest, Submission, TaskFilter } from "./app.ts";
import type { Deferral } from "./admissions.ts";
import type { AccountBook } from "./account-book.ts";
import { accountFor, agentOfAccount, reserveKey } from "./account-settings.ts";
import { PlainStream } from "./base/plain-text.ts";
import { typedText } from "./base/typed-text.ts";
import { CtmError } from "./base/errors.ts";
import { labelMaxChars } from "./base/limits.ts";
import type { Config } from "./config.ts";
import type { Explanation } from "./delegation/delegate.ts";
import type { DelegationDesk } from "./delegation-desk.ts";
import { doctorRequest } from "./doctor-request.ts";
import { runDoctor } from "./doctor.ts";
import type { Engine } from "./engine.ts";
import { escalate, type Escalated, type EscalationWish } from "./escalating.ts";
import type { FactBus } from "./events/bus.ts";
import type { Fact } from "./events/facts.ts";
import type { Subject } from "./hierarchy/invocation.ts";
import { backUp, type BackupFacts } from "./ledger/backup.ts";
import { backupName } from "./ledger/backup-folder.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { PricedBooking } from "./ledger/repricing.ts";
import type { FindingBook } from "./finding-book.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { MetricsFiles } from "./metrics-files.ts";
import type { LimitBook } from "./limit-book.ts";
import { accountRows } from "./overview/account-rows.ts";
import type { PassedOver } from "./metering/litellm-prices.ts";
import { responseCostNanoUsd, type PriceUpdate } from "./metering/prices.ts";
import { accuracyModel } from "./overview/accuracy.ts";
import { estimateModel, type EstimateAsked } from "./overview/estimate.ts";
import { hierarchyMetrics } from "./overview/hierarchy.ts";
import { limitRow, limitRows } from "./overview/limit-rows.ts";
import { metricsModel } from "./overview/metrics.ts";
import { planModel } from "./overview/plan.ts";
import { pricesBrought, pricesModel } from "./overview/prices.ts";
import type { OverviewSources } from "./overview/sources.ts";
import { recapModel, survivorRow } from "./overview/recap.ts";
import { rosterModel } from "./overview/roster.ts";
import { statusModel } from "./overview/status.ts";
import { taskDetails } from "./overview/task-details.ts";
import { throttleModel } from "./overview/throttle.ts";
import { taskWhy, workerWhy, type ParkedFor } from "./overview/why.ts";
import { workerRow, workerRows } from "./overview/worker-rows.ts";
import { report, type Reported, type ReportWish } from "./reporting.ts";
import type { KeptFinding } from "./optimization/rules.ts";
import type { AccountRow } from "./reports/accounts-table.ts";
import type { AccuracyModel } from "./reports/accuracy.ts";
import type { DoctorReport } from "./reports/doctor.ts";
import type { EstimateModel } from "./reports/estimate.ts";
import type { HierarchyMetrics, MetricsRebuilt } from "./reports/hierarchy-metrics.ts";
import type { LimitRow } from "./reports/limits-table.ts";
import type { MetricsModel } from "./reports/metrics-model.ts";
import type { RecapModel, SurvivorRow } from "./reports/recap.ts";
import type { PlanModel } from "./reports/plan.ts";
import type { PricesBrought, PricesModel } from "./reports/prices.ts";
import type { RepriceModel } from "./reports/reprice.ts";
import type { RosterModel } from "./reports/roster.ts";
import type { StatusModel } from "./reports/status-model.ts";
import type { TaskDetails } from "./reports/task-details.ts";
import type { ThrottleModel } from "./reports/throttle-model.ts";
import type { TaskWhy, WorkerWhy } from "./reports/why.ts";
import type { WorkerRow } from "./reports/workers-table.ts";
import type { TaskCap } from "./tasks/cap.ts";
import type { Priority } from "./tasks/priority.ts";
import { taskText } from "./tasks/task-text.ts";
import { isFinal, type Task, type TaskDraft, type TaskStateName } from "./tasks/task.ts";
import { adoptableSessions, adoptionRecord } from "./adoption.ts";
import type { Throttle } from "./throttle/throttle.ts";
import type { Workplace } from "./workplace.ts";
import { endSurvivors, findSurvivors, livingLaunches, type Survivor } from "./workers/survivors.ts";
import type { Worker } from "./workers/worker.ts";

/** Most findings that are listed. */
const findingsShownMax = 200;

export interface LocalAppParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly bus: FactBus;
  readonly delegation: DelegationDesk;
  readonly limits: LimitBook;
  readonly accounts: AccountBook;
  readonly metricsFiles: MetricsFiles;
  readonly findingBook: FindingBook;
  readonly kept: KeptWrites;
  readonly sources: OverviewSources;
  /** A copy of the throttle as it stands, for trying things out. */
  throttleCopy(): Throttle;
  /** null: offline, no workers. */
  readonly workplace: Workplace | null;
  now(): number;
  /** Resolves when what agents still have to tell at an end has been told. */
  lastWords(): Promise<void>;
  close(): Promise<void>;
}

export class LocalApp implements App {
  readonly #parts: LocalAppParts;

  constructor(parts: LocalAppParts) {
    this.#parts = parts;
  }

  /** What views are made from: what has ended holds nothing any more, also when that stands on no disk yet. */
  get #sources(): OverviewSources {
    this.#parts.kept.flush();
    return this.#parts.sources;
  }

  get config(): Config {
    return this.#parts.config;
  }

  get role(): "manager" | "offline" {
    return this.#parts.workplace === null ? "offline" : "manager";
  }

  // ── tasks ───────────────────────────────────────────────────────────────────────────────────────

  submit(draft: TaskDraft): Submission {
    const [submission] = this.submitMany([draft]);
    if (submission === undefined) throw new Error("one draft came to no task");
    return submission;
  }

  submitMany(drafts: readonly TaskDraft[]): Submission[] {
    const added = this.#parts.engine.submit(drafts.map((draft) => this.#checked(draft)));
    const waitsFor = this.#waitsForPerson();
    return added.map((submission) => ({ ...submission, waitsFor }));
  }

  #waitsForPerson(): string | null {
    if (this.#parts.workplace === null) return "no manager runs: it goes when `ctm` or `ctm serve` does";
    const { auto, paused } = this.dispatchState();
    if (paused) return "dispatch is paused: `resume` lets it go";
    return auto ? null : "auto mode is off: `auto` or `distribute` sends it";
  }

  #checked(draft: TaskDraft): TaskDraft {
    if (draft.key !== null && (draft.key.trim() === "" || [...draft.key].length > labelMaxChars)) {
      throw new CtmError("usage", `a key has 1 to ${labelMaxChars} characters`);
    }
    return {
      ...draft,
      text: taskText(draft.text),
      cap: draft.cap ?? this.config.throttle.taskCap,
      worker: draft.worker === null ? null : this.#workerName(draft.worker),
    };
  }

  tasks(filter: TaskFilter): Task[] {
    return this.#parts.ledger.tasks.list({
      ...filter,
      worker: filter.worker === null ? null : this.#workerName(filter.worker),
    });
  }

  task(id: number): Task {
    return this.#parts.ledger.task(id);
  }

  taskDetails(id: number): TaskDetails {
    const task = this.task(id);
    const waitsFor = task.state.name === "queued" ? (this.whyTask(id).holds?.reason ?? null) : null;
    return taskDetails(id, waitsFor, this.#sources);
  }

  cancel(id: number): Promise<Task> {
    return this.#parts.engine.cancel(id);
  }

  retry(id: number): Task {
    return this.#parts.engine.retry(id, "retried by a person");
  }

  setPriority(id: number, priority: Priority): Task {
    return this.#changed(this.#parts.ledger.setPriority(id, priority));
  }

  edit(id: number, text: string): Task {
    return this.#redelegated(id, { text });
  }

  #redelegated(id: number, change: Partial<TaskDraft>): Task {
    const draft = this.#checked({ ...this.task(id).draft, ...change });
    return this.#changed(this.#parts.ledger.edit(id, draft, this.#parts.delegation.delegate(draft)));
  }

  hold(id: number, reason: string): Task {
    if (reason.trim() === "" || [...reason].length > labelMaxChars) {
      throw new CtmError("usage", `a hold needs a reason of 1 to ${labelMaxChars} characters`);
    }
    return this.#parts.ledger.setHold(id, reason);
  }

  setCap(id: number, cap: TaskCap): Task {
    return this.#parts.engine.caps.set(id, cap);
  }

  release(id: number): Task {
    if (this.#parts.engine.caps.release(id)) return this.task(id);
    this.#parts.engine.approveOversized(id);
    return this.#changed(this.#parts.ledger.setHold(id, null));
  }

  clear(states: readonly TaskStateName[]): number {
    return this.#parts.ledger.clear(states);
  }

  #changed(task: Task): Task {
    this.#parts.engine.pump();
    return task;
  }

  // ── dispatch ────────────────────────────────────────────────────────────────────────────────────

  dispatchState(): DispatchState {
    const paused = this.#parts.ledger.settings.get("paused");
    return {
      auto: this.#parts.engine.auto,
      paused: paused !== null,
      pauseReason: paused === "" ? null : paused,
    };
  }

  pause(reason: string): DispatchState {
    this.#parts.ledger.settings.set("paused", reason.slice(0, labelMaxChars));
    return this.#dispatchChanged(reason);
  }

  resume(): DispatchState {
    this.#parts.ledger.settings.set("paused", null);
    this.#parts.engine.resumeParked();
    return this.#dispatchChanged(null);
  }

  setAuto(on: boolean): DispatchState {
    this.#parts.engine.setAuto(on);
    return this.#dispatchChanged(null);
  }

  #dispatchChanged(reason: string | null): DispatchState {
    const state = this.dispatchState();
    this.#parts.bus.publish({
      kind: "dispatch-changed",
      atMs: this.#parts.now(),
      auto: state.auto,
      paused: state.paused,
      reason,
    });
    return state;
  }

  distribute(): Promise<number> {
    this.#workplace();
    return this.#parts.engine.distribute();
  }

  explain(
    text: string,
    overrides: { type: string | null; model: string | null; agent: string | null },
  ): Explanation {
    return this.#parts.delegation.explain(taskText(text), overrides);
  }

  estimate(asked: EstimateAsked): EstimateModel {
    const { delegation } = this.#parts;
    const { explained, costKnown } = delegation.forecast({ ...asked, text: taskText(asked.text) });
    return estimateModel(asked, explained, costKnown, delegation.prices.id);
  }

  estimateAccuracy(): AccuracyModel {
    return accuracyModel(
      this.#parts.ledger.samples,
      this.#parts.delegation.floors,
      this.#parts.delegation.prices,
    );
  }

  // ── views ───────────────────────────────────────────────────────────────────────────────────────

  status(): StatusModel {
    return statusModel(this.#sources);
  }

  metrics(): MetricsModel {
    return metricsModel(this.#sources);
  }

  throttle(): ThrottleModel {
    const { accounts } = this.#parts;
    const sources = this.#sources;
    return throttleModel(sources, accounts, (task) => this.#deferralOf(task, this.#fitting(task)) !== null);
  }

  plan(): PlanModel {
    this.#workplace();
    const { accounts, delegation, throttleCopy } = this.#parts;
    const sources = this.#sources;
    return planModel({ sources, accounts, throttleCopy, forecast: (task) => delegation.forecastOf(task) });
  }

  recap(): RecapModel {
    return recapModel(this.#survivors(), this.#sources);
  }

  whyTask(id: number): TaskWhy {
    const task = this.task(id);
    const fitting = this.#fitting(task);
    return taskWhy(
      task,
      {
        deferral: this.#deferralOf(task, fitting),
        fitting: fitting.length,
        free: fitting.filter((worker) => worker.free).length,
        auto: this.#parts.engine.auto,
        pausedBecause: this.#parts.ledger.settings.get("paused"),
        parkedFor: this.#parkedFor(task),
      },
      this.#sources,
    );
  }

  #parkedFor(task: Task): ParkedFor | null {
    const { accounts, ledger } = this.#parts;
    const sources = this.#sources;
    if (task.state.name !== "parked" || ledger.attempts.capState(task.state.attemptId) === "held")
      return null;
    const { worker } = task.state;
    const account =
      sources.workers().find(({ name }) => name === worker)?.record.account ?? task.assignment.agent;
    return { account, park: accounts.parkOf(account) };
  }

  /** Workers that could take this task at all, busy or not. */
  #fitting({ draft, assignment }: Task): Worker[] {
    const fits = ({ name, record }: Worker): boolean =>
      draft.worker === null ? record.agent === assignment.agent : name === draft.worker;
    return this.#sources.workers().filter(fits);
  }

  #deferralOf(task: Task, fitting: readonly Worker[]): Deferral | null {
    if (task.state.name !== "queued") return null;
    const free = fitting.filter((worker) => worker.free);
    // A busy worker would admit it, but cannot take it: only where all are busy is their limit what it waits for.
    const offers = (free.length > 0 ? free : fitting).map(({ name, record }) => ({
      worker: name,
      agent: record.agent,
      model: task.assignment.model ?? record.model,
      because: "",
    }));
    return this.#parts.engine.whyDeferred(task, offers);
  }

  whyWorker(name: string): WorkerWhy {
    return workerWhy(this.#worker(name), this.#sources);
  }

  // ── workers ─────────────────────────────────────────────────────────────────────────────────────

  workers(): WorkerRow[] {
    return workerRows(this.#sources);
  }

  async spawn(request: SpawnRequest): Promise<WorkerRow[]> {
    const { pool } = this.#workplace();
    const { accounts } = this.config;
    const named = request.account === null ? null : agentOfAccount(request.account, accounts);
    const agent = request.agent ?? named ?? this.#parts.delegation.defaultAgent;
    const account = accountFor(request.account, agent, accounts);
    const model = request.model ?? this.#parts.delegation.launchModel(agent);
    const workers = await pool.spawn(agent, request.count, {
      model,
      cwd: request.cwd ?? this.config.workers.cwd,
      account,
    });
    return workers.map((worker) => workerRow(worker, this.#sources));
  }

  async restart(name: string): Promise<void> {
    await this.#workplace().pool.restart(this.#worker(name));
  }

  async kill(name: string): Promise<void> {
    await this.#workplace().pool.kill(this.#worker(name));
  }

  drain(name: string): void {
    this.#worker(name).remember({ draining: true });
  }

  async send(name: string, text: string): Promise<void> {
    const worker = this.#worker(name);
    if (!worker.free && worker.state.name !== "idle") {
      throw new CtmError(
        "illegal-move",
        `${worker.name} is ${worker.state.name}; words of your own are typed into an idle worker only (attach puts you into it)`,
      );
    }
    await this.#workplace().sendWords(worker, taskText(text));
  }

  async answer(name: string, text: string): Promise<void> {
    const worker = this.#worker(name);
    if (worker.state.name !== "needs-input")
      throw new CtmError("illegal-move", `${worker.name} asks nothing now`);
    await this.#workplace().answer(worker, typedText(text).text.trim());
  }

  async adopt(session: string, socket: string | null): Promise<WorkerRow> {
    const workplace = this.#workplace();
    const record = await adoptionRecord(workplace, session, socket);
    return workerRow(await workplace.pool.adopt(record), this.#sources);
  }

  async adoptable(): Promise<string[]> {
    const workplace = this.#workplace();
    const known = new Set(
      workplace.pool
        .all()
        .filter(({ record }) => record.tmuxSocket === "")
        .map(({ record }) => record.session),
    );
    return (await adoptableSessions()).filter((session) => !known.has(session));
  }

  output(name: string, lines: number): string[] {
    return this.#workplace().pool.watchOf(this.#worker(name)).log.lines(lines);
  }

  followOutput(name: string, onText: (text: string) => void): () => void {
    const stream = new PlainStream();
    return this.#workplace()
      .pool.watchOf(this.#worker(name))
      .log.follow((piece) => onText(stream.take(piece)));
  }

  attachTarget(name: string): AttachTarget {
    const { name: worker, record } = this.#worker(name);
    return { worker, tmuxSocket: record.tmuxSocket ?? this.config.paths.tmuxSocket, session: record.session };
  }

  survivors(): SurvivorRow[] {
    return this.#survivors().map((survivor) => survivorRow(survivor, this.#sources));
  }

  async endSurvivors(): Promise<{ ended: SurvivorRow[]; there: SurvivorRow[] }> {
    const found = this.#survivors();
    const left = new Set(await endSurvivors(found));
    const rows = (kept: boolean): SurvivorRow[] =>
      found
        .filter((survivor) => left.has(survivor) === kept)
        .map((survivor) => survivorRow(survivor, this.#sources));
    return { ended: rows(false), there: rows(true) };
  }

  #survivors(): Survivor[] {
    const { workplace, config, ledger } = this.#parts;
    const living =
      workplace === null
        ? livingLaunches(ledger.workers.all())
        : new Set(
            workplace.pool
              .all()
              .filter(({ state }) => state.name !== "dead")
              .flatMap(({ record }) => record.launchId ?? []),
          );
    return findSurvivors(config.paths.spoolDir, living);
  }

  // ── limits, doctor, facts, end ──────────────────────────────────────────────────────────────────

  limits(): LimitRow[] {
    return limitRows(this.#sources);
  }

  setLimit(id: string, amount: string | null): LimitRow {
    return limitRow(this.#sources, this.#parts.limits.set(id, amount));
  }

  raiseLimit(id: string, amount: string, untilMs: number, reason: string): LimitRow {
    return limitRow(this.#sources, this.#parts.limits.raise(id, amount, untilMs, reason));
  }

  accounts(): AccountRow[] {
    return accountRows(this.#parts.accounts, this.#sources);
  }

  freeAccount(name: string): AccountRow {
    const row = this.#account(name);
    if (!this.#parts.accounts.free(name))
      throw new CtmError("illegal-move", `account ${name} is not held back`);
    return { ...row, park: null, windows: [] };
  }

  reserveOfAccount(name: string, percent: number | null): AccountRow {
    this.#account(name);
    this.#parts.ledger.settings.set(reserveKey(name), percent === null ? null : String(percent));
    this.#parts.engine.pump();
    return this.#account(name);
  }

  #account(name: string): AccountRow {
    const row = this.accounts().find(({ account }) => account === name);
    if (row === undefined) throw new CtmError("not-found", `there is no account named ${name}`);
    return row;
  }

  // ── prices ──────────────────────────────────────────────────────────────────────────────────────

  prices(word: string | null): PricesModel {
    return pricesModel(word, this.#parts.delegation.priceBook, this.#sources);
  }

  bringPrices(update: PriceUpdate, passedOver: readonly PassedOver[]): PricesBrought {
    return pricesBrought(update, passedOver, this.#parts.delegation.priceBook.bring(update));
  }

  reprice(book: boolean): RepriceModel {
    const { prices } = this.#parts.delegation;
    const cost = ({ usage, model, atMs }: PricedBooking): number | null =>
      responseCostNanoUsd(usage, model, prices, atMs);
    const repriced = this.#parts.ledger.reprice({ table: prices.id, cost }, book);
    if (book) this.#parts.delegation.forget();
    return { booked: book, tableId: prices.id, ...repriced };
  }

  // ── the hierarchy ───────────────────────────────────────────────────────────────────────────────

  escalate(id: number, wish: EscalationWish): Escalated {
    const { ledger, engine, now } = this.#parts;
    return escalate(id, wish, {
      roster: this.config.roster?.roster ?? null,
      task: (task) => this.task(task),
      note: (task, level, member, reason) => ledger.escalate(task, level, member, reason, now()),
      retry: (task, cause) => void engine.retry(task, cause),
      hold: (task, reason) => void ledger.setHold(task, reason),
      giveTo: (task, member) => void this.#redelegated(task, { as: member, worker: null }),
    });
  }

  hierarchyMetrics(subject: Subject, sinceMs: number | null): HierarchyMetrics {
    return hierarchyMetrics(subject, sinceMs, this.#parts.ledger, this.config.roster?.roster ?? null);
  }

  rebuildMetrics(): MetricsRebuilt {
    const { ledger, kept, metricsFiles } = this.#parts;
    kept.orThrow(() => ledger.rebuildHierarchy());
    return { files: metricsFiles.writeAll(), folder: this.config.roster?.metricsDir ?? null };
  }

  report(wish: ReportWish): Reported {
    const { ledger, kept, metricsFiles, now } = this.#parts;
    const reported = kept.orThrow(() => report(wish, ledger, now()));
    metricsFiles.changed();
    return reported;
  }

  findings(all: boolean): readonly KeptFinding[] {
    const { ledger, kept, findingBook } = this.#parts;
    const standing = kept.orThrow(() => findingBook.look());
    return all ? ledger.findings.newest(findingsShownMax) : standing;
  }

  acknowledgeFinding(id: number): KeptFinding {
    return this.#parts.kept.orThrow(() => this.#parts.findingBook.acknowledge(id));
  }

  roster(): RosterModel {
    return rosterModel(this.config.roster);
  }

  doctor(): Promise<DoctorReport> {
    return runDoctor(
      doctorRequest(
        this.config,
        () => this.#parts.ledger.database,
        () => this.#survivors(),
        () => this.#sources.storageFault(),
      ),
    );
  }

  backUp(file: string | null): BackupFacts {
    return backUp(this.#parts.ledger.database, file ?? backupName(this.config.paths.ledgerFile));
  }

  onFact(listener: (fact: Fact) => void): () => void {
    return this.#parts.bus.subscribe(listener);
  }

  whenFinal(ids: readonly number[]): Promise<Task[]> {
    const waiting = new Set(ids.filter((id) => !isFinal(this.task(id).state.name)));
    const done = (): Task[] => ids.map((id) => this.task(id));
    if (waiting.size === 0) return Promise.resolve(done());
    return new Promise((resolve) => {
      const stop = this.onFact((fact) => {
        if (fact.kind !== "task-moved" || !isFinal(fact.to)) return;
        waiting.delete(fact.taskId);
        if (waiting.size > 0) return;
        stop();
        resolve(done());
      });
    });
  }

  async close(options: { readonly workers: "leave" | "kill" }): Promise<void> {
    const { workplace } = this.#parts;
    await this.#parts.lastWords();
    if (options.workers === "kill" && workplace !== null) {
      for (const worker of workplace.pool.all()) await workplace.pool.kill(worker);
    }
    await this.#parts.close();
  }

  // ── below ───────────────────────────────────────────────────────────────────────────────────────

  #workplace(): Workplace {
    const { workplace } = this.#parts;
    if (workplace === null)
      throw new CtmError("no-manager", "no manager runs: `ctm` or `ctm serve` starts one");
    return workplace;
  }

  #worker(name: string): Worker {
    return this.#workplace().pool.find(name);
  }

  /** `w2` and `worker2` mean concurrent_worker2, whether it runs already or not. */
  #workerName(name: string): string {
    const short = /^(?:concurrent_worker|worker|w)(\d+)$/i.exec(name.trim());
    if (short !== null) return `concurrent_worker${Number(short[1])}`;
    const { workplace } = this.#parts;
    return workplace === null ? name : workplace.pool.find(name).name;
  }
}
