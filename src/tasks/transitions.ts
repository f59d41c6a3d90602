/**
 * Every legal move of a task, in one table. The ledger refuses any other; nothing else changes a state.
 *
 *   queued → reserved → dispatching → dispatched → running ⇄ needs-input → completed | failed | cancelled | lost
 *                                                          ⇄ parked
 *
 * `held` is not a state: it is a queued task with a reason.
 */
import { CtmError } from "../base/errors.ts";
import type { TaskStateName } from "./task.ts";

const MOVES: Readonly<Record<TaskStateName, readonly TaskStateName[]>> = {
  // Reservation, attempt and move are one commit.
  queued: ["reserved", "cancelled"],
  // Nothing was typed yet: the way back is open, and a durable intent leads on.
  reserved: ["dispatching", "queued", "cancelled"],
  // Something may have been typed. `queued` only with the tmux server's word that nothing was.
  dispatching: ["dispatched", "queued", "needs-input", "parked", "failed", "cancelled", "lost"],
  // Typed; an agent that is faster than our commit may end the turn before it is seen to begin.
  dispatched: ["running", "needs-input", "parked", "completed", "failed", "cancelled", "lost"],
  running: ["needs-input", "parked", "completed", "failed", "cancelled", "lost"],
  "needs-input": ["running", "parked", "completed", "failed", "cancelled", "lost"],
  // Its account is free again, or the agent went on by itself.
  parked: ["running", "needs-input", "completed", "failed", "cancelled", "lost"],
  completed: [],
  // A retry is a new attempt of the same task.
  failed: ["queued"],
  lost: ["queued"],
  cancelled: ["queued"],
};

/** May a task in state `from` go to state `to`? */
export function mayMove(from: TaskStateName, to: TaskStateName): boolean {
  return MOVES[from].includes(to);
}

/** Throws CtmError `illegal-move` unless the table above has the move. */
export function assertMove(taskId: number, from: TaskStateName, to: TaskStateName): void {
  if (!mayMove(from, to))
    throw new CtmError("illegal-move", `task ${taskId} is ${from}; it cannot become ${to}`);
}
