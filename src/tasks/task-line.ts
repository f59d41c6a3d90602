/** A task as lists of any length show it. */
import type { Priority } from "./priority.ts";
import type { TaskStateName, TaskType } from "./task.ts";

/** One task of a list. */
export interface TaskLine {
  readonly id: number;
  /** The beginning of its text. */
  readonly text: string;
  readonly priority: Priority;
  readonly type: TaskType;
  readonly agent: string;
  readonly model: string | null;
  readonly member: string | null;
  readonly state: TaskStateName;
  readonly held: boolean;
  /** Why it is held, failed, parked or lost, or what it asks; null: nothing to say. */
  readonly because: string | null;
  readonly worker: string | null;
  readonly sinceMs: number;
  readonly createdAtMs: number;
  readonly attempts: number;
  readonly estimateTokens: number;
  /** As booked so far; null: nothing is. */
  readonly tokens: number | null;
  readonly nanoUsd: number | null;
  /** A part of both was estimated. */
  readonly guessed: boolean;
}
