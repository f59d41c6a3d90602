/** One act on several tasks: all are tried, and what failed is told together. */
import { CtmError } from "../base/errors.ts";
import type { Task } from "../tasks/task.ts";

/** Throws the one CtmError, or one that names every task that could not be done and what was. */
export async function eachTask(
  ids: readonly number[],
  act: (id: number) => Task | Promise<Task>,
): Promise<Task[]> {
  const done: Task[] = [];
  const faults: CtmError[] = [];
  for (const id of new Set(ids)) {
    try {
      done.push(await act(id));
    } catch (error) {
      if (!(error instanceof CtmError)) throw error;
      faults.push(error);
    }
  }
  const [first] = faults;
  if (first === undefined) return done;
  if (faults.length === 1 && done.length === 0) throw first;
  const rest = done.length === 0 ? "none was done" : `done: ${done.map((task) => `#${task.id}`).join(" ")}`;
  const message = `${faults.length} of ${faults.length + done.length} could not be done; ${rest}`;
  throw new CtmError(
    first.code,
    message,
    faults.map((fault) => fault.message),
  );
}
