/**
 * A task and the states it can be in. Each state carries only its own data; every move between states stands
 * in `transitions.ts`, and only the ledger makes one.
 */
import type { TaskCap } from "./cap.ts";
import type { Priority } from "./priority.ts";

export const TASK_TYPES = ["ui", "coding", "documentation", "analysis"] as const;
export type TaskType = (typeof TASK_TYPES)[number];

export const COMPLEXITIES = ["simple", "medium", "complex"] as const;
export type Complexity = (typeof COMPLEXITIES)[number];

/** What a person or program hands in. Everything but the text has a default. */
export interface TaskDraft {
  readonly text: string;
  readonly priority: Priority;
  /** Absolute path. */
  readonly cwd: string;
  /** Set = forced by the person; null = the delegator chooses. */
  readonly type: TaskType | null;
  readonly model: string | null;
  readonly agent: string | null;
  readonly worker: string | null;
  /** Agent of the roster that shall do it. */
  readonly as: string | null;
  /** Same key, same task, for ever. */
  readonly key: string | null;
  /** A manual hold: the task waits for `release`. The text is the reason shown. */
  readonly holdReason: string | null;
  /** Retry by itself after `lost`, although it may have been typed. */
  readonly retryLost: boolean;
  /** What an attempt may use before its agent is stopped and the person asked; null = as configured for all. */
  readonly cap: TaskCap | null;
  /** Where it came from: repl, argv, batch, socket, … Shown, never interpreted. */
  readonly origin: string;
}

/** What the delegator decided for a task. */
export interface Assignment {
  readonly type: TaskType;
  readonly complexity: Complexity;
  /** Name of the route (profile) taken, e.g. `codex` or `comet`. */
  readonly route: string;
  /** Agent kind, e.g. `claude`. */
  readonly agent: string;
  /** Model as named to the agent's CLI, or null where the agent has none (shell). */
  readonly model: string | null;
  /** Prompt tokens by the plain formula: floor(characters / 4) + overhead. Shown as the estimate. */
  readonly estimateTokens: number;
  /** Agent of the roster it is given to; null = there is no roster, or nobody of it takes such tasks. */
  readonly member: AssignedMember | null;
  /** What is reserved against token limits. */
  readonly reserveTokens: number;
  /** What is reserved against money limits. */
  readonly reserveNanoUsd: number;
  /** Which rule gave the reservation: formula, agent floor, or history (n samples). */
  readonly reserveBasis: string;
}

/** An agent of the roster as a task keeps it: the roster may say something else later. */
export interface AssignedMember {
  readonly id: string;
  /** Typed before the task's text. */
  readonly preamble: string | null;
  /** The one worker its tasks go to; null = any that fits. */
  readonly worker: string | null;
}

/** What is typed for a task: its text, behind what its agent of the roster is always told. */
export function promptOf(text: string, member: AssignedMember | null): string {
  return member?.preamble == null ? text : `${member.preamble}\n\n${text}`;
}

/** What kind of work a task is to the conversation it is typed into: what one agent of a roster was told is not for another. */
export function workKind({ type, member }: Pick<Assignment, "type" | "member">): string {
  return member === null ? type : `${type} as ${member.id}`;
}

export type TaskState =
  | { readonly name: "queued"; readonly holdReason: string | null; readonly notBeforeMs: number | null }
  | { readonly name: "reserved"; readonly attemptId: string; readonly worker: string }
  | { readonly name: "dispatching"; readonly attemptId: string; readonly worker: string }
  | {
      readonly name: "dispatched";
      readonly attemptId: string;
      readonly worker: string;
      readonly typedAtMs: number;
    }
  | {
      readonly name: "running";
      readonly attemptId: string;
      readonly worker: string;
      readonly startedAtMs: number;
    }
  | {
      readonly name: "needs-input";
      readonly attemptId: string;
      readonly worker: string;
      readonly question: string;
      readonly sinceMs: number;
    }
  /** Its agent's provider lets nothing through: the attempt waits in its conversation and goes on there. */
  | {
      readonly name: "parked";
      readonly attemptId: string;
      readonly worker: string;
      readonly reason: string;
      readonly sinceMs: number;
    }
  | {
      readonly name: "completed";
      readonly attemptId: string;
      readonly endedAtMs: number;
      readonly exitCode: number | null;
    }
  | {
      readonly name: "failed";
      readonly attemptId: string | null;
      readonly endedAtMs: number;
      readonly reason: string;
      readonly exitCode: number | null;
    }
  | { readonly name: "cancelled"; readonly attemptId: string | null; readonly endedAtMs: number }
  | {
      readonly name: "lost";
      readonly attemptId: string;
      readonly endedAtMs: number;
      readonly reason: string;
    };

export type TaskStateName = TaskState["name"];

/** Between the queue and an end: a worker has it, or is about to. */
export const STATES_AT_WORK: readonly TaskStateName[] = [
  "reserved",
  "dispatching",
  "dispatched",
  "running",
  "needs-input",
  "parked",
];

const FINAL_STATES: readonly TaskStateName[] = ["completed", "failed", "cancelled", "lost"];

export const STATE_NAMES: readonly TaskStateName[] = ["queued", ...STATES_AT_WORK, ...FINAL_STATES];

export interface Task {
  /** 1, 2, 3, …: what a person types. Also the arrival order inside a priority. */
  readonly id: number;
  readonly draft: TaskDraft;
  readonly assignment: Assignment;
  readonly state: TaskState;
  /** How many attempts were begun; the fencing number of the current one. */
  readonly attempts: number;
  readonly createdAtMs: number;
}

const FINAL: ReadonlySet<TaskStateName> = new Set(FINAL_STATES);

/** Is this an end state? `lost` and `failed` may be retried, by a person or by the task's own policy. */
export function isFinal(name: TaskStateName): boolean {
  return FINAL.has(name);
}

/** How an attempt ended, as the worker side reports it. */
export type Outcome =
  | { readonly kind: "completed"; readonly exitCode: number | null; readonly answer: string | null }
  | { readonly kind: "failed"; readonly reason: string; readonly exitCode: number | null }
  | { readonly kind: "cancelled" }
  | { readonly kind: "lost"; readonly reason: string };
