/** What is told of tasks, and of what went wrong on their way. */
import { CtmError } from "./base/errors.ts";
import type { FactBus } from "./events/bus.ts";
import type { After } from "./gathered-writes.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Task } from "./tasks/task.ts";

export interface TaskNewsParts {
  readonly bus: FactBus;
  readonly kept: KeptWrites;
  now(): number;
}

export class TaskNews {
  readonly #parts: TaskNewsParts;

  constructor(parts: TaskNewsParts) {
    this.#parts = parts;
  }

  /** Told once the move is on the disk. */
  movedAfter(after: After, from: Task, to: Task, reason: string | null = null): void {
    after(() => this.moved(from, to, reason));
  }

  /** A task has moved; one that stands where it stood is told of to nobody. */
  moved(from: Task, to: Task, reason: string | null): void {
    if (from.state.name === to.state.name) return;
    const worker = "worker" in to.state ? to.state.worker : "worker" in from.state ? from.state.worker : null;
    this.#parts.bus.publish({
      kind: "task-moved",
      atMs: this.#parts.now(),
      taskId: to.id,
      from: from.state.name,
      to: to.state.name,
      worker,
      reason,
    });
  }

  /** Something broke beside the way; a fault of the storage is told as such. */
  trouble(error: unknown): void {
    if (this.#parts.kept.noticed(error)) return;
    const message =
      error instanceof CtmError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    this.#parts.bus.publish({ kind: "trouble", atMs: this.#parts.now(), message });
  }
}
