/** What `status` shows, as plain data. */
import type { Priority } from "../tasks/priority.ts";
import type { Level } from "../throttle/levels.ts";
import type { Figure } from "./figure.ts";
import type { LimitRow } from "./limits-table.ts";
import type { TelemetryState } from "./telemetry.ts";
import type { WorkerRow } from "./workers-table.ts";

export interface StatusModel {
  readonly nowMs: number;
  /** Since the manager started; null when none runs. */
  readonly upMs: number | null;
  readonly mode: DispatchMode;
  /** What a person must know before reading on, e.g. that this is a rehearsal. One sentence each. */
  readonly notices: readonly string[];
  readonly queue: QueueCounts;
  readonly completed: number;
  /** All usage booked so far. */
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  /** Ended tasks whose usage nobody knows; their share is missing from the two totals. */
  readonly unknownUsageTasks: number;
  /** The part of the totals that rehearsals made up; null = none. */
  readonly simulated: SimulatedPart | null;
  /** null: it is switched off. */
  readonly telemetry: TelemetryState | null;
  /** The worst level of any limit that applies to everything. */
  readonly level: Level;
  /** Global limits first, then those of models and agents; worker limits stand in `workerLevels`. */
  readonly limits: readonly LimitRow[];
  readonly workers: readonly WorkerRow[];
  readonly workerLevels: readonly WorkerLevel[];
}

export type DispatchMode =
  | { readonly kind: "auto"; readonly tickMs: number }
  | { readonly kind: "manual" }
  | { readonly kind: "paused"; readonly reason: string | null }
  /** The database cannot be written. */
  | { readonly kind: "stopped"; readonly reason: string }
  /** No manager runs: what is shown was read from the ledger. */
  | { readonly kind: "offline" };

export interface QueueCounts {
  /** Waiting, held ones included. */
  readonly queued: number;
  readonly held: number;
  /** With a worker, from the reservation on. */
  readonly running: number;
  readonly failed: number;
  readonly lost: number;
}

export interface SimulatedPart {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** The level of one worker: the worst of every limit that applies to it. */
export interface WorkerLevel {
  readonly worker: string;
  readonly alias: string;
  readonly level: Level;
  /** Its token limits; a row whose amount is null where none is set. */
  readonly hour: LimitRow | null;
  readonly day: LimitRow | null;
  readonly admits: readonly Priority[];
}
