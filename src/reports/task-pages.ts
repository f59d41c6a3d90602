/** Tasks as lists of any length show them: a page at a time, a short line each, and the story of one. */
import type { TaskDetails } from "./task-details.ts";
import type { TaskLine } from "../tasks/task-line.ts";
import type { TaskStateName } from "../tasks/task.ts";

export interface TaskPage {
  /** Newest first. */
  readonly tasks: readonly TaskLine[];
  /** Id to ask for the next page with; null: this was the last. */
  readonly before: number | null;
  /** How many there are in each state; `held` are among the queued. */
  readonly counts: Readonly<Partial<Record<TaskStateName | "held", number>>>;
}

export interface TaskStory extends TaskDetails {
  /** Every move between states, oldest first. */
  readonly moves: readonly TaskMove[];
}

export interface TaskMove {
  readonly atMs: number;
  readonly from: TaskStateName;
  readonly to: TaskStateName;
  readonly cause: string | null;
}
