/** What keeps a waiting task, or one that is thought of, from its workers now. */
import type { Deferral } from "./admissions.ts";
import type { Engine } from "./engine.ts";
import type { Task } from "./tasks/task.ts";
import type { Worker } from "./workers/worker.ts";

/** Workers that could take this task at all, busy or not. */
export function fittingWorkers(workers: readonly Worker[], { draft, assignment }: Task): Worker[] {
  const fits = ({ name, record }: Worker): boolean =>
    draft.worker === null ? record.agent === assignment.agent : name === draft.worker;
  return workers.filter(fits);
}

/** Why limits or accounts would not let it go to one of these; null: they would, or it is no task that waits. */
export function deferralOf(
  engine: Pick<Engine, "whyDeferred">,
  task: Task,
  fitting: readonly Worker[],
): Deferral | null {
  if (task.state.name !== "queued") return null;
  const free = fitting.filter((worker) => worker.free);
  // A busy worker would admit it, but cannot take it: only where all are busy is their limit what it waits for.
  const offers = (free.length > 0 ? free : fitting).map(({ name, record }) => ({
    worker: name,
    agent: record.agent,
    model: task.assignment.model ?? record.model,
    because: "",
  }));
  return engine.whyDeferred(task, offers);
}
