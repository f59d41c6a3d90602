/**
 * The App of this process: each request of a face, answered by the part that knows. It holds no state of its own
 * beside the parts.
 */
import type { AlertDesk } from "./alert-desk.ts";
import type { App, DispatchState, Submission, TaskFilter } from "./app.ts";
import type { AccountBook } from "./account-book.ts";
import { CtmError } from "./base/errors.ts";
import { labelMaxChars } from "./base/limits.ts";
import type { Config } from "./config.ts";
import { deferralOf, fittingWorkers } from "./deferral.ts";
import type { CoordinatorWatch } from "./coordinator-watch.ts";
import { FleetDesk, survivorsBeside } from "./fleet-desk.ts";
import { HierarchyDesk } from "./hierarchy-desk.ts";
import { LimitDesk } from "./limit-desk.ts";
import { PageDesk } from "./page-desk.ts";
import { PriceDesk } from "./price-desk.ts";
import { ReportDesk } from "./report-desk.ts";
import type { Focus } from "./focus.ts";
import type { RedisDesk } from "./redis-desk.ts";
import type { ReportSchedule } from "./report-schedule.ts";
import { RouteDesk } from "./route-desk.ts";
import { RoundDesk } from "./round-desk.ts";
import type { Explanation } from "./delegation/delegate.ts";
import type { DelegationDesk } from "./delegation-desk.ts";
import { refuseDuplicates } from "./duplicates.ts";
import { doctorRequest } from "./doctor-request.ts";
import { runDoctor } from "./doctor.ts";
import type { Engine } from "./engine.ts";
import type { EventDesk } from "./orchestration/event-desk.ts";
import type { FactBus } from "./events/bus.ts";
import type { Fact } from "./events/facts.ts";
import { backUp, type BackupFacts } from "./ledger/backup.ts";
import { backupName } from "./ledger/backup-folder.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { AlsoAdded } from "./ledger/likeness-rows.ts";
import type { FindingBook } from "./finding-book.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { MetricsFiles } from "./metrics-files.ts";
import type { LimitBook } from "./limit-book.ts";
import { accuracyModel } from "./overview/accuracy.ts";
import { estimateModel, type EstimateAsked } from "./overview/estimate.ts";
import { metricsModel } from "./overview/metrics.ts";
import { batchPlanModel } from "./overview/batch-plan.ts";
import { planModel } from "./overview/plan.ts";
import type { OverviewSources } from "./overview/sources.ts";
import { recapModel } from "./overview/recap.ts";
import { statusModel } from "./overview/status.ts";
import { taskDetails } from "./overview/task-details.ts";
import { telemetryState } from "./overview/telemetry.ts";
import { throttleModel } from "./overview/throttle.ts";
import { taskWhy, workerWhy, type ParkedFor } from "./overview/why.ts";
import type { AccuracyModel } from "./reports/accuracy.ts";
import type { DoctorReport } from "./reports/doctor.ts";
import type { EstimateModel } from "./reports/estimate.ts";
import type { MetricsModel } from "./reports/metrics-model.ts";
import type { RecapModel } from "./reports/recap.ts";
import type { BatchPlanModel } from "./reports/batch-plan.ts";
import type { PlanModel } from "./reports/plan.ts";
import type { StatusModel } from "./reports/status-model.ts";
import type { TaskDetails } from "./reports/task-details.ts";
import type { ThrottleModel } from "./reports/throttle-model.ts";
import type { TaskWhy, WorkerWhy } from "./reports/why.ts";
import type { TaskCap } from "./tasks/cap.ts";
import type { Priority } from "./tasks/priority.ts";
import { taskText } from "./tasks/task-text.ts";
import { isFinal, type Task, type TaskDraft, type TaskStateName } from "./tasks/task.ts";
import type { Throttle } from "./throttle/throttle.ts";
import { needed, type Workplace } from "./workplace.ts";
import type { Worker } from "./workers/worker.ts";

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
  readonly reportSchedule: ReportSchedule;
  readonly alerts: AlertDesk;
  readonly kept: KeptWrites;
  readonly focus: Focus;
  readonly redis: RedisDesk;
  readonly events: EventDesk;
  /** What views are made from: what has ended holds nothing any more, also when that stands on no disk yet. */
  views(): OverviewSources;
  /** A copy of the throttle as it stands, for trying things out. */
  throttleCopy(): Throttle;
  /** null: offline, no workers. */
  readonly workplace: Workplace | null;
  /** null: offline. */
  readonly coordinatorWatch: CoordinatorWatch | null;
  now(): number;
  /** Resolves when what agents still have to tell at an end has been told. */
  lastWords(): Promise<void>;
  close(): Promise<void>;
}

export class LocalApp implements App {
  readonly #parts: LocalAppParts;
  readonly fleet: FleetDesk;
  readonly limits: LimitDesk;
  readonly prices: PriceDesk;
  readonly hierarchy: HierarchyDesk;
  readonly pages: PageDesk;
  readonly reports: ReportDesk;
  readonly alerts: AlertDesk;
  readonly events: EventDesk;
  readonly rounds: RoundDesk;
  readonly focus: Focus;
  readonly redis: RedisDesk;
  readonly routes: RouteDesk;

  constructor(parts: LocalAppParts) {
    this.#parts = parts;
    this.alerts = parts.alerts;
    this.events = parts.events;
    this.focus = parts.focus;
    this.redis = parts.redis;
    this.fleet = new FleetDesk(parts);
    this.limits = new LimitDesk(parts);
    this.prices = new PriceDesk(parts);
    this.rounds = new RoundDesk({
      ...parts,
      submitMany: (drafts, also) => this.submitMany(drafts, also),
    });
    this.routes = new RouteDesk(parts);
    this.pages = new PageDesk({
      ...parts,
      status: () => this.status(),
      details: (task) => this.taskDetails(task),
    });
    this.reports = new ReportDesk(parts);
    this.hierarchy = new HierarchyDesk({
      ...parts,
      routes: this.routes,
      giveTo: (task, member) => void this.#redelegated(task, { as: member, worker: null }),
    });
  }

  get config(): Config {
    return this.#parts.config;
  }

  get role(): "manager" | "offline" {
    return this.#parts.workplace === null ? "offline" : "manager";
  }

  // ── tasks ───────────────────────────────────────────────────────────────────────────────────────

  submit(draft: TaskDraft, refuseAlike = false): Submission {
    const [submission] = this.submitMany([draft], refuseAlike ? refuseDuplicates : undefined);
    if (submission === undefined) throw new Error("one draft came to no task");
    return submission;
  }

  submitMany(drafts: readonly TaskDraft[], also?: AlsoAdded): Submission[] {
    const checked = drafts.map((draft) => this.#checked(draft));
    const added = this.#parts.engine.submit(checked, also);
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
    return taskDetails(id, waitsFor, this.#parts.views());
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
    needed(this.#parts.workplace);
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
    return statusModel(this.#parts.views());
  }

  metrics(): MetricsModel {
    return metricsModel(this.#parts.views());
  }

  throttle(): ThrottleModel {
    const { accounts } = this.#parts;
    const sources = this.#parts.views();
    return throttleModel(
      sources,
      accounts,
      (task) => deferralOf(this.#parts.engine, task, this.#fitting(task)) !== null,
    );
  }

  plan(): PlanModel {
    needed(this.#parts.workplace);
    const { accounts, delegation, throttleCopy } = this.#parts;
    const sources = this.#parts.views();
    return planModel({ sources, accounts, throttleCopy, forecast: (task) => delegation.forecastOf(task) });
  }

  planBatch(drafts: readonly TaskDraft[]): BatchPlanModel {
    const { accounts, delegation, throttleCopy } = this.#parts;
    const agent = delegation.defaultAgent;
    const assigned = drafts
      .map((draft) => this.#checked(draft))
      .map((draft) => ({ draft, assignment: delegation.delegate(draft) }));
    return batchPlanModel(
      assigned,
      { agent, model: delegation.launchModel(agent) },
      {
        sources: this.#parts.views(),
        ...{ accounts, throttleCopy, forecast: (task) => delegation.forecastOf(task) },
      },
    );
  }

  recap(): RecapModel {
    return recapModel(survivorsBeside(this.#parts), this.#parts.views());
  }

  whyTask(id: number): TaskWhy {
    const task = this.task(id);
    const fitting = this.#fitting(task);
    return taskWhy(
      task,
      {
        deferral: deferralOf(this.#parts.engine, task, fitting),
        fitting: fitting.length,
        free: fitting.filter((worker) => worker.free).length,
        withheld: fitting.find(({ withheld }) => withheld !== null)?.withheld ?? null,
        auto: this.#parts.engine.auto,
        pausedBecause: this.#parts.ledger.settings.get("paused"),
        parkedFor: this.#parkedFor(task),
      },
      this.#parts.views(),
    );
  }

  #parkedFor(task: Task): ParkedFor | null {
    const { accounts, ledger } = this.#parts;
    const sources = this.#parts.views();
    if (task.state.name !== "parked" || ledger.attempts.capState(task.state.attemptId) === "held")
      return null;
    const { worker } = task.state;
    const account =
      sources.workers().find(({ name }) => name === worker)?.record.account ?? task.assignment.agent;
    return { account, park: accounts.parkOf(account) };
  }

  #fitting(task: Task): Worker[] {
    return fittingWorkers(this.#parts.views().workers(), task);
  }

  whyWorker(name: string): WorkerWhy {
    return workerWhy(needed(this.#parts.workplace).pool.find(name), this.#parts.views());
  }

  // ── doctor, facts, end ──────────────────────────────────────────────────────────────────

  doctor(): Promise<DoctorReport> {
    return runDoctor(
      doctorRequest(
        this.config,
        () => this.#parts.ledger.database,
        () => survivorsBeside(this.#parts),
        () => this.#parts.views().storageFault(),
        () => telemetryState(this.#parts.views()),
        () => this.redis.model(),
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

  /** What coordinators used while no manager ran. */
  lookAtCoordinators(): void {
    this.#parts.coordinatorWatch?.look();
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

  /** `w2` and `worker2` mean concurrent_worker2, whether it runs already or not. */
  #workerName(name: string): string {
    const short = /^(?:concurrent_worker|worker|w)(\d+)$/i.exec(name.trim());
    if (short !== null) return `concurrent_worker${Number(short[1])}`;
    const { workplace } = this.#parts;
    return workplace === null ? name : workplace.pool.find(name).name;
  }
}
