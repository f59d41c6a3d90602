/** What `metrics` shows, as plain data. */
import type { UsageSource } from "../metering/usage.ts";
import type { TaskType } from "../tasks/task.ts";
import type { Figure } from "./figure.ts";

export interface MetricsModel {
  readonly nowMs: number;
  /** Moment of the first booking; null = none yet. */
  readonly sinceMs: number | null;
  /** Date and name of the price table, e.g. `2026-02-01`. */
  readonly prices: string;
  /** One sentence each, e.g. that this is a rehearsal. */
  readonly notices: readonly string[];
  readonly total: MetricsRow;
  readonly workers: readonly MetricsRow[];
  /** Ended tasks by the source of their usage. */
  readonly tasksBySource: Readonly<Record<UsageSource, number>>;
  readonly inputTokens: Figure;
  readonly outputTokens: Figure;
  readonly cacheReadTokens: Figure;
  readonly cacheWriteTokens: Figure;
  /** Tokens spent on coordination rather than on a task. */
  readonly coordinatorTokens: Figure;
  /** No model coordinated: there was none that could use any. */
  readonly noCoordinator: boolean;
  /** Tokens of tasks and of coordination together. */
  readonly coordinatedTokens: Figure;
  readonly models: readonly ModelUse[];
  /** What your own sessions used of the same agents, apart from everything above. */
  readonly external: readonly ExternalUse[];
  readonly types: readonly TypeUse[];
  /** Are tasks routed by type to models of different price? */
  readonly delegating: boolean;
  /** null: nothing was priced yet. */
  readonly saving: MeasuredSaving | null;
}

/** The figures of one worker, or of all together. */
export interface MetricsRow {
  readonly worker: string;
  readonly completed: number;
  /** Failed and lost. */
  readonly failed: number;
  /** Ended tasks whose usage is known: what the averages are over. */
  readonly measured: number;
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  /** Time in which 95 of 100 tasks were done; null = too few. */
  readonly p95Ms: number | null;
  readonly overheadTokens: Figure;
}

export interface ExternalUse {
  readonly agent: string;
  readonly account: string;
  readonly tokens: Figure;
  readonly cost: Figure;
}

export interface ModelUse {
  readonly model: string;
  readonly tokens: Figure;
  readonly cost: Figure;
}

export interface TypeUse {
  readonly type: TaskType;
  readonly tasks: number;
  readonly tokens: Figure;
}

/** The same tokens priced at one model for all, against what they cost as routed. */
export interface MeasuredSaving {
  readonly uniformModel: string;
  readonly uniformNanoUsd: number;
  /** Negative when the routing cost more. */
  readonly savedNanoUsd: number;
  /** A part of the tokens was estimated. */
  readonly estimated: boolean;
}
