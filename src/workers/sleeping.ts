/**
 * A worker with nothing to do for long may sleep: its session is stopped, and its next task starts its agent again in
 * the conversation it had. Nothing is lost by it but the time of a start.
 */
import type { Worker } from "./worker.ts";

/** Agents that go on in an old conversation when they are started with its name. */
const RESUMES: ReadonlySet<string> = new Set(["claude", "codex", "opencode", "rehearsal"]);

export type Sleeper = Pick<Worker, "free" | "asleep" | "pane" | "state"> & {
  readonly record: Pick<Worker["record"], "agent" | "adopted" | "sessionId" | "lastType">;
};

/** Pure. Not one a person opened, nor one that has no conversation of a task's to come back to. */
export function maySleep(worker: Sleeper, afterMs: number, nowMs: number): boolean {
  const { free, asleep, pane, state } = worker;
  if (!free || asleep || pane === null || state.name !== "idle") return false;
  return nowMs - state.sinceMs >= afterMs && hasConversation(worker);
}

/** Was it asleep when the manager before this one ended? Its session was stopped, and not because another one began. */
export function sleptBefore(record: Worker["record"]): boolean {
  const { pane, launchId, launchDir } = record;
  return pane === null && launchId === null && launchDir !== null && hasConversation({ record });
}

function hasConversation({ record }: Pick<Sleeper, "record">): boolean {
  const { agent, adopted, sessionId, lastType } = record;
  return !adopted && sessionId !== null && lastType !== null && RESUMES.has(agent);
}
