/** The port between the engine and whoever drives workers: the tmux sessions of this machine, later other hosts. */
import type { Intent } from "../ledger/attempt-rows.ts";
import type { SeenWindow } from "../metering/provider-limits.ts";
import type { UsageRecord } from "../metering/usage.ts";
import type { Outcome, Task } from "../tasks/task.ts";
import type { ResumeResult } from "../workers/resuming.ts";
import type { ParkReason } from "../throttle/account-parking.ts";

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
  intend(intent: Intent): void | Promise<void>;
}

export type DispatchResult =
  | { readonly kind: "typed" }
  /** Nothing was typed, on the tmux server's word: the task may go elsewhere. */
  | { readonly kind: "not-typed"; readonly reason: string }
  /** Nobody can say: it is not typed again. */
  | { readonly kind: "uncertain"; readonly reason: string };

/** `intend` is called once, just before the first key, with what stands on the worker's pane. */
export interface ResumeOrder {
  readonly worker: string;
  readonly attemptId: string;
  /** Its agent promised to go on by itself and did not: waited for long enough. */
  readonly insist: boolean;
  intend(mark: string): void;
}

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
  /** Its provider lets nothing through. attemptId: the attempt that waits in its hands; null = it has none. */
  | {
      readonly kind: "limited";
      readonly worker: string;
      readonly attemptId: string | null;
      readonly reason: ParkReason;
    }
  /** What the attempt has used so far: responses that are new or have grown since the last report. */
  | {
      readonly kind: "used";
      readonly worker: string;
      readonly attemptId: string;
      readonly records: readonly UsageRecord[];
    }
  /** What the agent ran sums up tests. */
  | {
      readonly kind: "tested";
      readonly worker: string;
      readonly attemptId: string;
      readonly passed: number;
      readonly of: number;
    }
  /** What its record says of its provider's own windows. */
  | { readonly kind: "windows"; readonly worker: string; readonly windows: readonly SeenWindow[] }
  /** Usage of this worker that belongs to no task: a person typed into it. */
  | { readonly kind: "foreign-usage"; readonly worker: string; readonly records: readonly UsageRecord[] };

export interface Distributor {
  /** Idle workers that may take this task, best first. Empty: none now. */
  offers(task: Task): readonly WorkerOffer[];
  /** Makes the worker ready (model, folder, context), commits the intent, types. */
  dispatch(order: DispatchOrder): Promise<DispatchResult>;
  /** Interrupts a running attempt; its end is reported like any other. */
  interrupt(worker: string, attemptId: string): Promise<void>;
  /** Stops an attempt that is to wait for a person, and keeps it in hand; only where its agent is seen to work. */
  halt(worker: string, attemptId: string): Promise<void>;
  /** Tells an attempt that waited for its account to go on. */
  resume(order: ResumeOrder): Promise<ResumeResult>;
  /** How many workers could take a task now. */
  freeCount(): number;
  onReport(listener: (report: WorkerReport) => void): void;
}
