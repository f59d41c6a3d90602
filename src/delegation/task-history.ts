/** Finished tasks by class, and what they say. Kept in memory: the newest of each class, and nothing twice. */
import {
  CLASSES,
  classTasksMax,
  learn,
  type ClassName,
  type FinishedTask,
  type Learnt,
  type Prior,
  type Size,
  type TaskClass,
} from "./forecast.ts";

/** Classes kept; those that were left longest go first, for a machine may see folders without end. */
export const classesMax = 10_000;

export class TaskHistory {
  /** By the keys of a class; the class that grew last stands last. */
  readonly #classes = new Map<string, FinishedTask[]>();
  readonly #learnt = new Map<string, Learnt>();

  add(task: FinishedTask): void {
    this.#learnt.clear();
    for (const name of CLASSES) {
      const key = keyOf(task, name);
      const tasks = [...(this.#classes.get(key) ?? []), task];
      this.#classes.delete(key);
      this.#classes.set(key, tasks.slice(-classTasksMax));
    }
    for (const key of this.#classes.keys()) {
      if (this.#classes.size <= classesMax) break;
      this.#classes.delete(key);
    }
  }

  /** The newest tasks of a class, oldest of them first. */
  tasksOf(task: Pick<TaskClass, ClassName>, name: ClassName): readonly FinishedTask[] {
    return this.#classes.get(keyOf(task, name)) ?? [];
  }

  /** What they say of one size. The prior of a class must not change while nothing is added. */
  learnt(task: Pick<TaskClass, ClassName>, size: Size, prior: Prior): Learnt {
    const key = `${size} ${prior.median} ${prior.spread} ${keyOf(task, "folder")}`;
    const known = this.#learnt.get(key);
    if (known !== undefined) return known;
    const found = learn((name) => this.tasksOf(task, name), size, prior);
    if (this.#learnt.size >= classesMax) this.#learnt.clear();
    this.#learnt.set(key, found);
    return found;
  }
}

function keyOf(task: Pick<TaskClass, ClassName>, name: ClassName): string {
  return CLASSES.slice(0, CLASSES.indexOf(name) + 1)
    .map((key) => task[key])
    .join("\0");
}
