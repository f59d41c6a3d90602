/**
 * The composition root. `App` is what every face (REPL, argv, socket) talks to: one method per thing a person
 * can ask for, plain data out.
 */
import type { Config } from "./config.ts";
import type { Escalated, EscalationWish } from "./escalating.ts";
import type { Fact } from "./events/facts.ts";
import type { Explanation } from "./delegation/delegate.ts";
import type { Subject } from "./hierarchy/invocation.ts";
import type { BackupFacts } from "./ledger/backup.ts";
import type { Reported, ReportWish } from "./reporting.ts";
import type { KeptFinding } from "./optimization/rules.ts";
import type { AccountRow } from "./reports/accounts-table.ts";
import type { PassedOver } from "./metering/litellm-prices.ts";
import type { PriceUpdate } from "./metering/prices.ts";
import type { EstimateAsked } from "./overview/estimate.ts";
import type { AccuracyModel } from "./reports/accuracy.ts";
import type { DoctorReport } from "./reports/doctor.ts";
import type { EstimateModel } from "./reports/estimate.ts";
import type { LimitRow } from "./reports/limits-table.ts";
import type { HierarchyMetrics, MetricsRebuilt } from "./reports/hierarchy-metrics.ts";
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
import type { Task, TaskDraft, TaskStateName, TaskType } from "./tasks/task.ts";

export interface TaskFilter {
  readonly states: readonly TaskStateName[] | null;
  readonly type: TaskType | null;
  readonly worker: string | null;
  /** Words that must stand in the text, or null. */
  readonly containing: string | null;
  readonly limit: number;
}

export interface Submission {
  readonly task: Task;
  /** False: a task with the same idempotency key was there already, and is the one returned. */
  readonly created: boolean;
  /** What a person must do before it can go (start a manager, end a pause, turn auto on); null = nothing. */
  readonly waitsFor: string | null;
}

export interface DispatchState {
  readonly auto: boolean;
  readonly paused: boolean;
  readonly pauseReason: string | null;
}

export interface SpawnRequest {
  readonly agent: string | null;
  readonly count: number;
  readonly model: string | null;
  readonly cwd: string | null;
  /** Account its agent runs with; null = the agent's own. */
  readonly account: string | null;
}

/** How a person is put into a worker's terminal. */
export interface AttachTarget {
  readonly worker: string;
  readonly tmuxSocket: string;
  readonly session: string;
}

export interface App {
  readonly config: Config;
  /** `manager` drives workers; `offline` reads and queues straight in the ledger, with no manager running. */
  readonly role: "manager" | "offline";

  submit(draft: TaskDraft): Submission;
  /** All or none: one bad draft and nothing is queued. */
  submitMany(drafts: readonly TaskDraft[]): Submission[];
  tasks(filter: TaskFilter): Task[];
  task(id: number): Task;
  taskDetails(id: number): TaskDetails;
  cancel(id: number): Promise<Task>;
  retry(id: number): Task;
  setPriority(id: number, priority: Priority): Task;
  edit(id: number, text: string): Task;
  hold(id: number, reason: string): Task;
  release(id: number): Task;
  /** Another cap for a task that has not ended. CtmError `illegal-move`, or `usage` where it has used more already. */
  setCap(id: number, cap: TaskCap): Task;
  /** Removes ended tasks from the lists (their usage and keys stay). Returns how many. */
  clear(states: readonly TaskStateName[]): number;

  dispatchState(): DispatchState;
  pause(reason: string): DispatchState;
  resume(): DispatchState;
  setAuto(on: boolean): DispatchState;
  /** One pass now. Returns how many tasks went to a worker. */
  distribute(): Promise<number>;
  explain(
    text: string,
    overrides: { type: string | null; model: string | null; agent: string | null },
  ): Explanation;

  /** What a task would use in all, and where that is known from. */
  estimate(asked: EstimateAsked): EstimateModel;
  /** Forecasts of finished tasks against what they used. */
  estimateAccuracy(): AccuracyModel;

  status(): StatusModel;
  metrics(): MetricsModel;
  throttle(): ThrottleModel;
  /** The queue played through on a copy of the limits. CtmError `no-manager` where there are no workers to plan with. */
  plan(): PlanModel;
  /** What the last start found of the time before it. */
  recap(): RecapModel;
  whyTask(id: number): TaskWhy;
  whyWorker(worker: string): WorkerWhy;

  workers(): WorkerRow[];
  spawn(request: SpawnRequest): Promise<WorkerRow[]>;
  restart(worker: string): Promise<void>;
  kill(worker: string): Promise<void>;
  drain(worker: string): void;
  /** Types a person's own words into an idle worker, outside any task. */
  send(worker: string, text: string): Promise<void>;
  /** Answers the question a worker waits with. */
  answer(worker: string, text: string): Promise<void>;
  adopt(session: string, socket: string | null): Promise<WorkerRow>;
  /** Sessions named concurrent_worker* on the person's default tmux server. */
  adoptable(): Promise<string[]>;
  /** The last lines a worker printed, harmless text. */
  output(worker: string, lines: number): string[];
  followOutput(worker: string, onText: (text: string) => void): () => void;
  attachTarget(worker: string): AttachTarget;

  /** Processes that outlived their worker. */
  survivors(): SurvivorRow[];
  /** Ends them; `there` are those that could not be ended. */
  endSurvivors(): Promise<{ readonly ended: SurvivorRow[]; readonly there: SurvivorRow[] }>;

  limits(): LimitRow[];
  /** amount null = no limit. */
  setLimit(id: string, amount: string | null): LimitRow;
  raiseLimit(id: string, amount: string, untilMs: number, reason: string): LimitRow;

  accounts(): AccountRow[];
  /** A person says that a parked account is free again. CtmError `not-found`, `illegal-move` when nothing holds it back. */
  freeAccount(name: string): AccountRow;
  /** Percent of its provider's windows that is kept for the person, over the configuration; null = as configured. */
  reserveOfAccount(name: string, percent: number | null): AccountRow;
  /** The prices in force: the usual models, or those with a word in their name. */
  prices(word: string | null): PricesModel;
  /** Joins newer prices to the table, for good. They count at once. */
  bringPrices(update: PriceUpdate, passedOver: readonly PassedOver[]): PricesBrought;
  /** Costs of all bookings by today's table; `book` writes them, in one transaction. */
  reprice(book: boolean): RepriceModel;

  /** Hands a task up. CtmError `usage` where nobody is there to hand it to, `illegal-move` for a completed one. */
  escalate(id: number, wish: EscalationWish): Escalated;
  /** Figures of an agent, department, tier or the system; `sinceMs` null = of all that was counted. CtmError `not-found`. */
  hierarchyMetrics(subject: Subject, sinceMs: number | null): HierarchyMetrics;
  /** Makes the sums of the hierarchy and every metrics file anew. CtmError `refused` or `io` where none can be written. */
  rebuildMetrics(): MetricsRebuilt;
  /** CtmError `usage`, `refused` or `not-found` where it is about nothing. */
  report(wish: ReportWish): Reported;
  /** What the rules find now, and with `all` the newest that are over. */
  findings(all: boolean): readonly KeptFinding[];
  acknowledgeFinding(id: number): KeptFinding;
  /** The hierarchy as it was read when this process started. */
  roster(): RosterModel;

  doctor(): Promise<DoctorReport>;
  /** Copies the ledger to this file, which must not be there; null: into the folder of backups. */
  backUp(file: string | null): BackupFacts;
  onFact(listener: (fact: Fact) => void): () => void;
  /** Resolves when each of these tasks is in an end state (or is held for a person with no manager to act). */
  whenFinal(ids: readonly number[]): Promise<Task[]>;
  close(options: { readonly workers: "leave" | "kill" }): Promise<void>;
}

export interface OpenOptions {
  /** Take over sessions named concurrent_worker* of the person's own tmux server at the start. */
  readonly adopt?: boolean;
}

/**
 * Opens the product on its state folder. `manager`: takes the lock (CtmError `manager-running` when another has it),
 * settles what was in flight, and drives workers. `offline`: reads and queues in the ledger.
 */
export async function openApp(
  config: Config,
  role: "manager" | "offline",
  options: OpenOptions = {},
): Promise<App> {
  const { openManager, openOffline } = await import("./opening.ts");
  return role === "manager" ? openManager(config, options) : openOffline(config);
}
