/** An attempt and its task: is it the one in hand, and whose is it? */
import { attemptOf } from "./ledger/ledger.ts";
import { isFinal, type Task } from "./tasks/task.ts";

/** Is this attempt the one the task has in hand? What an old one says moves no task. */
export function isCurrent(task: Task, attemptId: string): boolean {
  const { state } = task;
  return !isFinal(state.name) && state.name !== "queued" && attemptOf(task) === attemptId;
}

/** The worker that has the task in hand; "" when none has. */
export function attemptWorker(task: Task): string {
  return "worker" in task.state ? task.state.worker : "";
}
