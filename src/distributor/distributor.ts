/** The port between the engine and whoever drives workers: the tmux sessions of this machine, later other hosts. */
import type { Intent } from "../ledger/attempt-rows.ts";
import type { UsageRecord } from "../metering/usage.ts";
import type { Outcome, Task } from "../tasks/task.ts";

/** A worker that could take a task now. */
export interface WorkerOffer {
  readonly worker: string;
  /** Agent kind and model it would run the task with. */
  readonly agent: string;
  readonly model: string | null;
  /** Why it ranks where it does, for `why`. */
  readonly because: string;
}

/** One task for one worker. `intend` is called once, just before the first key, and commits the intent. */
export interface DispatchOrder {
  readonly task: Task;
  readonly attemptId: string;
  readonly worker: string;
  intend(intent: Intent): void;
}

export type DispatchResult =
  | { readonly kind: "typed" }
  /** Nothing was typed, on the tmux server's word: the task may go elsewhere. */
  | { readonly kind: "not-typed"; readonly reason: string }
  /** Nobody can say: it is not typed again. */
  | { readonly kind: "uncertain"; readonly reason: string };

/** What a worker tells the engine about the attempt it has in hand. */
export type WorkerReport =
  | { readonly kind: "free"; readonly worker: string }
  | {
      readonly kind: "accepted";
      readonly worker: string;
      readonly attemptId: string;
      readonly sessionId: string | null;
      readonly recordPath: string | null;
    }
  | { readonly kind: "asks"; readonly worker: string; readonly attemptId: string; readonly question: string }
  | { readonly kind: "answered"; readonly worker: string; readonly attemptId: string }
  | {
      readonly kind: "ended";
      readonly worker: string;
      readonly attemptId: string;
      readonly outcome: Outcome;
      /** What the agent's record says it used; null = nobody can say. */
      readonly records: readonly UsageRecord[] | null;
    }
  /** Usage of this worker that belongs to no task: a person typed into it. */
  | { readonly kind: "foreign-usage"; readonly worker: string; readonly records: readonly UsageRecord[] };

export interface Distributor {
  /** Idle workers that may take this task, best first. Empty: none now. */
  offers(task: Task): readonly WorkerOffer[];
  /** Makes the worker ready (model, folder, context), commits the intent, types. */
  dispatch(order: DispatchOrder): Promise<DispatchResult>;
  /** Interrupts a running attempt; its end is reported like any other. */
  interrupt(worker: string, attemptId: string): Promise<void>;
  /** How many workers could take a task now. */
  freeCount(): number;
  onReport(listener: (report: WorkerReport) => void): void;
}
