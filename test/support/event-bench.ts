/** The orchestrator on a real ledger and engine, with scripted workers and a clock of its own. */
import { parseEnvelope, type Envelope } from "../../src/activation/envelope.ts";
import type { Outcome, Trigger } from "../../src/activation/trigger.ts";
import type { Wait } from "../../src/activation/gates.ts";
import type { Wake } from "../../src/activation/wake.ts";
import { FactBus } from "../../src/events/bus.ts";
import { EventDesk } from "../../src/orchestration/event-desk.ts";
import { Orchestrator } from "../../src/orchestration/orchestrator.ts";
import { allTriggers } from "../../src/orchestration/own-triggers.ts";
import type { Task, TaskDraft } from "../../src/tasks/task.ts";
import { EngineBench, type BenchOptions } from "./engine-bench.ts";

export class EventBench {
  readonly bench: EngineBench;
  readonly troubles: unknown[] = [];
  /** What the throttle would say. */
  limit: (wake: Wake) => Wait | null = () => null;
  orchestrator!: Orchestrator;
  desk!: EventDesk;
  readonly #triggers: readonly Trigger[];
  #ids = 0;

  constructor(triggers: readonly Trigger[], options: BenchOptions = {}) {
    this.bench = new EngineBench(options);
    this.#triggers = allTriggers(triggers);
    this.#open();
  }

  #open(): void {
    const { bench } = this;
    const bus = new FactBus();
    const submit = (draft: TaskDraft): Task => {
      const [added] = bench.engine.submit([draft]);
      if (added === undefined) throw new Error("nothing was added");
      return added.task;
    };
    this.orchestrator = new Orchestrator({
      ...{ ledger: bench.ledger, bus, kept: bench.kept, triggers: this.#triggers, timeZone: "UTC" },
      ...{ dedupeHours: 24, keepDays: 30, drives: true, cwd: "/tmp" },
      limit: (wake) => this.limit(wake),
      focus: () => null,
      address: (target) => (target === null ? {} : { worker: target }),
      tasks: {
        submit,
        retry: (id, cause) => bench.engine.retry(id, cause),
        cancel: (id) => bench.engine.cancel(id),
        task: (id) => bench.ledger.task(id),
      },
      now: () => bench.nowMs,
      chance: () => 0.5,
      trouble: (error) => this.troubles.push(error),
    });
    const trouble = (error: unknown): void => void this.troubles.push(error);
    const parts = {
      ledger: bench.ledger,
      kept: bench.kept,
      triggers: this.#triggers,
      trouble,
      group: () => ["w1", "w2"],
    };
    this.desk = new EventDesk({ ...parts, orchestrator: this.orchestrator, now: () => bench.nowMs });
    this.orchestrator.begin();
  }

  /** The manager dies and starts again. */
  crash(): void {
    this.orchestrator.close();
    this.bench.crash();
    this.#open();
  }

  close(): void {
    this.orchestrator.close();
    this.bench.close();
  }

  event(change: Partial<Record<keyof Envelope | "correlationid" | "expirytime", unknown>> = {}): Envelope {
    const id = `e${(this.#ids += 1)}`;
    return parseEnvelope({ specversion: "1.0", id, source: "test", type: "git.push", ...change });
  }

  /** Takes an event, and a turn follows. Returns its number. */
  take(change: Parameters<EventBench["event"]>[0] = {}, foreign = false): number {
    const { seq } = this.desk.take(this.event(change), { foreign, via: "test" });
    this.orchestrator.turn();
    return seq;
  }

  /** So much time passes, and a turn follows. */
  pass(ms: number): void {
    this.bench.nowMs += ms;
    this.orchestrator.turn();
  }

  /** Everything that is queued is taken up by an agent; then it ends so. */
  async work(outcome: "completed" | "failed" | "running" = "completed"): Promise<void> {
    const { bench } = this;
    await bench.pass();
    for (const order of [...bench.distributor.orders]) {
      // Orders of attempts that were lost are still there.
      const { state } = bench.task(order.task.id);
      if (state.name !== "reserved" || state.attemptId !== order.attemptId) continue;
      order.intend();
      await order.typed();
      bench.distributor.accepted(order.attemptId);
      this.#look();
      if (outcome === "completed")
        bench.distributor.ended(order.attemptId, { kind: "completed", exitCode: null, answer: null });
      if (outcome === "failed")
        bench.distributor.ended(order.attemptId, { kind: "failed", reason: "it broke", exitCode: null });
    }
    await bench.settled();
    this.#look();
    this.orchestrator.turn();
  }

  /** What the bus tells a manager: the benches' engine has a bus of its own. */
  #look(): void {
    for (const wake of this.bench.ledger.journal.wakes.open())
      if (wake.taskId !== null) this.orchestrator.deliveries.look(wake.id);
  }

  look(): void {
    this.#look();
    this.orchestrator.turn();
  }

  outcome(seq: number): Outcome {
    return this.desk.show(seq).outcome;
  }

  /** The prompts of all tasks there are, in order. */
  prompts(): string[] {
    const everything = { states: null, type: null, worker: null, containing: null, limit: 10_000 };
    return this.bench.ledger.tasks
      .list(everything)
      .sort((a, b) => a.id - b.id)
      .map(({ draft }) => draft.text);
  }

  /** How many events of all came to each outcome, and the sum. */
  outcomes(): { readonly of: ReadonlyMap<Outcome, number>; readonly sum: number } {
    const of = this.bench.ledger.journal.events.outcomes();
    return { of, sum: [...of.values()].reduce((sum, n) => sum + n, 0) };
  }
}
