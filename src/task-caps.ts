/**
 * Caps on single tasks: an attempt that reaches its cap is stopped between two turns and waits in its conversation
 * until a person decides. That it waits is on the disk before its agent is interrupted, so it is asked once, also over
 * a crash; a start interrupts again only where the agent is seen to work.
 */
import { CtmError } from "./base/errors.ts";
import type { Distributor } from "./distributor/distributor.ts";
import type { FactBus } from "./events/bus.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import { isCap, NO_CAP, type TaskCap } from "./tasks/cap.ts";
import { isFinal, type Task } from "./tasks/task.ts";
import type { Spend } from "./throttle/limits.ts";
import { capQuestion, capWords, reachesCap } from "./throttle/task-cap.ts";

export interface TaskCapsParts {
  readonly ledger: Ledger;
  readonly distributor: Distributor;
  readonly bus: FactBus;
  now(): number;
  /** A move that was written, to be told. */
  moved(from: Task, to: Task, reason: string): void;
  /** An attempt that waited may go on. */
  mayGoOn(): void;
  trouble(error: unknown): void;
}

export class TaskCaps {
  readonly #parts: TaskCapsParts;

  constructor(parts: TaskCapsParts) {
    this.#parts = parts;
  }

  /** Its usage was booked: a running one that has reached its cap is stopped. */
  check(task: Task): void {
    const { ledger, bus, now, moved } = this.#parts;
    const { cap } = task.draft;
    if (task.state.name !== "running" || !isCap(cap)) return;
    const used = this.#usedBy(task);
    if (!reachesCap(used, cap)) return;
    const question = capQuestion(task.id, used, cap);
    moved(task, ledger.holdAtCap(task, question, now()), question);
    const { worker } = task.state;
    bus.publish({ kind: "task-at-cap", atMs: now(), taskId: task.id, worker, message: question });
    this.#halt(worker, attemptOf(task));
  }

  /** After a start: the manager may have ended before the key was pressed. */
  haltAgain(task: Task): void {
    if (task.state.name === "parked" && this.#isHeld(task)) this.#halt(task.state.worker, attemptOf(task));
  }

  /** A person sets another cap; one that waits at its cap goes on. CtmError `illegal-move` for an ended task, `usage`. */
  set(id: number, cap: TaskCap): Task {
    const { ledger, mayGoOn } = this.#parts;
    const task = ledger.task(id);
    if (isFinal(task.state.name))
      throw new CtmError("illegal-move", `task ${id} has ended already: ${task.state.name}`);
    const held = this.#isHeld(task);
    if (held && reachesCap(this.#usedBy(task), cap))
      throw new CtmError("usage", `task ${id} has used more than ${capWords(cap)} already`);
    const changed = ledger.setCap(task, cap);
    if (held) mayGoOn();
    return changed;
  }

  /** A person lets it go on without a cap. False: it does not wait at one. */
  release(id: number): boolean {
    if (!this.#isHeld(this.#parts.ledger.task(id))) return false;
    this.set(id, NO_CAP);
    return true;
  }

  #isHeld(task: Task): boolean {
    return task.state.name === "parked" && this.#parts.ledger.attempts.capState(attemptOf(task)) === "held";
  }

  #usedBy(task: Task): Spend {
    const { tokens, nano } = this.#parts.ledger.spend.ofAttempt(attemptOf(task));
    return { tokens, nanoUsd: nano };
  }

  #halt(worker: string, attemptId: string): void {
    this.#parts.distributor.halt(worker, attemptId).catch((error: unknown) => this.#parts.trouble(error));
  }
}
