/**
 * The composition root. `App` is what every face (REPL, argv, socket) talks to: one method per thing a person
 * can ask for, plain data out.
 */
import type { Config } from "./config.ts";
import type { AlertDesk } from "./alert-desk.ts";
import type { FleetDesk } from "./fleet-desk.ts";
import type { HierarchyDesk } from "./hierarchy-desk.ts";
import type { LimitDesk } from "./limit-desk.ts";
import type { PageDesk } from "./page-desk.ts";
import type { PriceDesk } from "./price-desk.ts";
import type { ReportDesk } from "./report-desk.ts";
import type { EventDesk } from "./orchestration/event-desk.ts";
import type { Focus } from "./focus.ts";
import type { RedisDesk } from "./redis-desk.ts";
import type { RouteDesk } from "./route-desk.ts";
import type { RoundDesk } from "./round-desk.ts";
import type { Fact } from "./events/facts.ts";
import type { Explanation } from "./delegation/delegate.ts";
import type { AlikeTask } from "./ledger/likeness-rows.ts";
import type { BackupFacts } from "./ledger/backup.ts";
import type { EstimateAsked } from "./overview/estimate.ts";
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
  /** A task that asks for the same and waits, is at work, or ended within a day; null: none is known. */
  readonly like: AlikeTask | null;
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

/** What a room answers, whoever it is. */
type AskedOf<Desk> = Pick<Desk, keyof Desk>;

export interface App {
  readonly config: Config;
  /** `manager` drives workers; `offline` reads and queues straight in the ledger, with no manager running. */
  readonly role: "manager" | "offline";

  // Rooms of their own. What a person asks of one thing stands there, and a new thing gets one too.
  readonly fleet: AskedOf<FleetDesk>;
  readonly limits: AskedOf<LimitDesk>;
  readonly prices: AskedOf<PriceDesk>;
  readonly hierarchy: AskedOf<HierarchyDesk>;
  readonly pages: AskedOf<PageDesk>;
  readonly reports: Omit<AskedOf<ReportDesk>, "serve" | "sweep">;
  readonly alerts: Pick<AlertDesk, "model" | "test" | "acknowledge" | "mute" | "retry">;
  readonly events: AskedOf<EventDesk>;
  readonly rounds: AskedOf<RoundDesk>;
  readonly focus: Pick<Focus, "state" | "begin" | "end">;
  readonly redis: AskedOf<RedisDesk>;
  readonly routes: Omit<AskedOf<RouteDesk>, "take">;

  /** `refuseAlike`: CtmError `refused` for one that is like a task that waits, works or ended within a day. */
  submit(draft: TaskDraft, refuseAlike?: boolean): Submission;
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
  /** What these drafts would cost, meet and take, if they were queued now. Nothing is. CtmError as `submitMany`. */
  planBatch(drafts: readonly TaskDraft[]): BatchPlanModel;
  /** What the last start found of the time before it. */
  recap(): RecapModel;
  whyTask(id: number): TaskWhy;
  whyWorker(worker: string): WorkerWhy;

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
