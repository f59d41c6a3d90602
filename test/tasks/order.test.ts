import { expect, it } from "vitest";
import { attemptOf } from "../../src/ledger/ledger.ts";
import { PRIORITIES, priorityRank } from "../../src/tasks/priority.ts";
import { isFinal, type Outcome, type Task } from "../../src/tasks/task.ts";
import { EngineBench, recordOf } from "../support/engine-bench.ts";
import { generator } from "../support/random.ts";
import type { PendingOrder } from "../support/scripted-distributor.ts";

const seed = Number(process.env["CTM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const taskCount = 200;

it(`F19 ${taskCount} tasks of all priorities, with failures, retries and kills, start by priority and age (seed ${seed})`, async () => {
  const play = new Disorder(seed);
  try {
    while (!play.done) await play.turn();
    const { states, seen } = play;
    expect(states.every((name) => name === "completed")).toBe(true);
    expect(states).toHaveLength(taskCount);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(3);
  } finally {
    play.close();
  }
});

/** A manager among people who submit and retry, agents that fail, and somebody who kills it. */
class Disorder {
  readonly seen = { overtook: 0, refused: 0, failed: 0, retried: 0, lost: 0, kills: 0 };
  readonly #bench = new EngineBench({ workers: ["w1", "w2", "w3", "w4", "w5"] });
  readonly #random: () => number;
  #added = 0;
  readonly #typed = new Set<string>();

  constructor(from: number) {
    this.#random = generator(from);
  }

  get states(): string[] {
    return this.#bench.states();
  }

  get done(): boolean {
    return this.#added === taskCount && this.states.every((name) => name === "completed");
  }

  close(): void {
    this.#bench.close();
  }

  /** Some come, one pass, what was sent is delivered or not, some end, and now and then all dies. */
  async turn(): Promise<void> {
    const bench = this.#bench;
    for (let n = Math.floor(this.#random() * 9); n > 0 && this.#added < taskCount; n -= 1, this.#added += 1)
      bench.add("work", { priority: PRIORITIES[Math.floor(this.#random() * PRIORITIES.length)] ?? "normal" });
    await this.#pass();
    for (const order of [...bench.distributor.orders]) {
      if (this.#random() < 0.15) continue;
      await this.#deliver(order);
    }
    if (this.#random() < 0.1) this.#kill();
    for (const { attemptId } of bench.distributor.workers)
      if (attemptId !== null && this.#typed.has(attemptId) && this.#random() < 0.6) this.#end(attemptId);
    for (const task of this.#tasks())
      if (isFinal(task.state.name) && task.state.name !== "completed" && this.#random() < 0.5) {
        this.seen.retried += 1;
        bench.engine.retry(task.id, "again");
      }
    bench.nowMs += Math.floor(this.#random() * 20_000);
  }

  /** What goes is exactly the front of the line: the highest priorities, and of each the first that came. */
  async #pass(): Promise<void> {
    const bench = this.#bench;
    const line = this.#tasks()
      .filter(({ state }) => state.name === "queued" && (state.notBeforeMs ?? 0) <= bench.nowMs)
      .toSorted((a, b) => priorityRank(b.draft.priority) - priorityRank(a.draft.priority) || a.id - b.id);
    const free = bench.distributor.freeCount();
    const sent = await bench.pass();
    const first = line.slice(0, free).map(({ id }) => id);
    if (String(sent) !== String(first)) throw new Error(`${String(sent)} went instead of ${String(first)}`);
    // A task that was tried before and goes ahead of younger ones has kept its place.
    this.seen.overtook += line.slice(0, free).filter(({ attempts }) => attempts > 0).length;
  }

  async #deliver(order: PendingOrder): Promise<void> {
    const dice = this.#random();
    if (dice < 0.1) {
      this.seen.refused += 1;
      return order.notTyped("a draft");
    }
    order.intend();
    this.#typed.add(order.attemptId);
    await order.typed();
    return this.#bench.distributor.accepted(order.attemptId);
  }

  #end(attemptId: string): void {
    const dice = this.#random();
    const outcome: Outcome =
      dice < 0.2
        ? { kind: "failed", reason: "overloaded", exitCode: null }
        : dice < 0.3
          ? { kind: "lost", reason: "its pane was closed" }
          : { kind: "completed", exitCode: null, answer: null };
    if (outcome.kind === "failed") this.seen.failed += 1;
    if (outcome.kind === "lost") this.seen.lost += 1;
    this.#bench.distributor.ended(attemptId, outcome, [recordOf(attemptId, 10)]);
  }

  /** The manager dies; its start does with what was in flight what recovery does. */
  #kill(): void {
    this.seen.kills += 1;
    const { distributor, engine } = this.#killed();
    for (const task of this.#bench.ledger.tasks.open()) {
      const attemptId = attemptOf(task);
      if (this.#typed.has(attemptId)) {
        engine.takeUpAgain(task);
        continue;
      }
      const worker = distributor.workers.find((one) => one.attemptId === attemptId);
      if (worker !== undefined) worker.attemptId = null;
      engine.notTyped(task, "not typed when the manager ended");
    }
  }

  #killed(): EngineBench {
    this.#bench.crash();
    return this.#bench;
  }

  #tasks(): Task[] {
    const everything = { states: null, type: null, worker: null, containing: null, limit: 10_000 };
    return this.#bench.ledger.tasks.list(everything);
  }
}
