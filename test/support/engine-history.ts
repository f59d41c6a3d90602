/**
 * Random histories of a manager: people submit, cancel and retry, workers take tasks up, ask, end them in every way,
 * report twice and late, and the manager dies at any moment. After each step the ledger, the throttle and the
 * workers must tell one story.
 */
import fc from "fast-check";
import { CtmError } from "../../src/base/errors.ts";
import { attemptOf } from "../../src/ledger/ledger.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";
import { PRIORITIES, type Priority } from "../../src/tasks/priority.ts";
import { isFinal, STATE_NAMES, type Outcome, type Task } from "../../src/tasks/task.ts";
import { mayMove } from "../../src/tasks/transitions.ts";
import { capOf } from "../../src/throttle/admission.ts";
import { EngineBench, recordOf } from "./engine-bench.ts";
import { settled, type PendingOrder } from "./scripted-distributor.ts";

export type Step =
  | {
      readonly do: "submit";
      readonly priority: Priority;
      readonly tokens: number;
      readonly worker: string | null;
      readonly retryLost: boolean;
    }
  | { readonly do: "pass" }
  | {
      readonly do: "deliver";
      readonly which: number;
      readonly how:
        | "typed"
        | "not-typed"
        | "refused"
        | "uncertain"
        | "breaks"
        | "heard-first"
        | "ended-first";
    }
  | { readonly do: "accepted" | "asks" | "answered"; readonly which: number }
  | {
      readonly do: "end";
      readonly which: number;
      readonly outcome: Outcome["kind"];
      /** Tokens of its responses; null = nobody can say. */
      readonly used: readonly number[] | null;
      readonly again: boolean;
    }
  | { readonly do: "late"; readonly which: number; readonly used: number }
  | { readonly do: "cancel" | "retry" | "hold" | "release"; readonly which: number }
  | { readonly do: "priority"; readonly which: number; readonly priority: Priority }
  | { readonly do: "limit"; readonly tokens: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash"; readonly lost: boolean };

const which = fc.nat(7);
const priority = fc.constantFrom(...PRIORITIES);
const used = fc.array(fc.nat(400), { maxLength: 3 });

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("submit" as const),
        priority,
        tokens: fc.nat(500),
        worker: fc.constantFrom(null, null, null, "w2"),
        retryLost: fc.boolean(),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("pass" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("deliver" as const),
        which,
        how: fc.constantFrom<Extract<Step, { do: "deliver" }>["how"]>(
          "typed",
          "typed",
          "typed",
          "not-typed",
          "refused",
          "uncertain",
          "breaks",
          "heard-first",
          "ended-first",
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom("accepted" as const, "asks" as const, "answered" as const),
        which,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("end" as const),
        which,
        outcome: fc.constantFrom<Outcome["kind"]>("completed", "completed", "failed", "cancelled", "lost"),
        used: fc.oneof(used, fc.constant(null)),
        again: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("late" as const), which, used: fc.nat(200) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("cancel" as const, "retry" as const, "hold" as const, "release" as const),
        which,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("priority" as const), which, priority }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("limit" as const), tokens: fc.integer({ min: 0, max: 2_000 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(2_400_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), lost: fc.boolean() }) },
  ),
  { minLength: 30, maxLength: 60, size: "max" },
);

export interface Seen {
  admitted: number;
  critical: number;
  ended: number;
  lost: number;
  late: number;
  cancelledUntyped: number;
  requeued: number;
  crashes: number;
}

export class EngineHistory {
  readonly seen: Seen = {
    admitted: 0,
    critical: 0,
    ended: 0,
    lost: 0,
    late: 0,
    cancelledUntyped: 0,
    requeued: 0,
    crashes: 0,
  };
  readonly #bench: EngineBench;
  #responses = 0;
  /** Attempts that were typed, and how often. */
  readonly #typed = new Map<string, number>();
  readonly #endedAttempts: string[] = [];
  #factsRead = 0;

  constructor(ledgerFile = ":memory:") {
    this.#bench = new EngineBench({
      ledgerFile,
      limits: {
        "tokens/hour": 1_000,
        "worker tokens/hour": 700,
        "model cost/day": 9_000_000,
        "agent tokens/day": 6_000,
      },
      workers: ["w1", "w2", "w3"],
    });
    this.#watchAdmissions();
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#take(step);
      await settled();
      this.#check();
    }
  }

  close(): void {
    this.#bench.close();
  }

  // ── steps ───────────────────────────────────────────────────────────────────────────────────────

  async #take(step: Step): Promise<void> {
    const bench = this.#bench;
    const { distributor, engine } = bench;
    switch (step.do) {
      case "submit": {
        const { priority, worker, retryLost } = step;
        bench.add(`${step.tokens} tokens`, { priority, worker, retryLost });
        return;
      }
      case "pass":
        await engine.distribute();
        return;
      case "deliver": {
        const order = distributor.orders[step.which % Math.max(1, distributor.orders.length)];
        if (order !== undefined) await this.#deliver(order, step.how);
        return;
      }
      case "accepted":
      case "asks":
      case "answered":
        this.#workerSays(step.do, step.which);
        return;
      case "end": {
        const attemptId = this.#inHand(step.which);
        if (attemptId !== null) this.#end(attemptId, step);
        return;
      }
      case "late": {
        const attemptId = this.#endedAttempts.at(-1 - step.which);
        if (attemptId === undefined) return;
        this.seen.late += 1;
        // Sometimes it is the last response of anybody, seen again and larger.
        const seenAgain = step.which % 2 === 0 && this.#responses > 0;
        const record = seenAgain
          ? recordOf(`r${this.#responses}`, 400 + step.used)
          : this.#response(step.used);
        distributor.ended(attemptId, { kind: "completed", exitCode: null, answer: null }, [record]);
        return;
      }
      case "cancel":
      case "retry":
      case "hold":
      case "release":
      case "priority":
        await this.#person(step);
        return;
      case "limit":
        bench.throttle.setLimits(
          bench.throttle.limits.map((limit) =>
            limit.scope.kind === "global" ? { ...limit, amount: step.tokens } : limit,
          ),
        );
        return;
      case "wait":
        bench.nowMs += step.ms;
        return;
      case "crash":
        this.#crash(step.lost);
        return;
      default:
        step satisfies never;
    }
  }

  async #deliver(order: PendingOrder, how: Extract<Step, { do: "deliver" }>["how"]): Promise<void> {
    const { distributor } = this.#bench;
    if (distributor.interrupted.includes(order.attemptId)) return order.notTyped("cancelled");
    if (how === "not-typed") return order.notTyped("a draft");
    if (how === "breaks") return order.breaks(new Error("tmux is gone"));
    order.intend();
    if (how === "refused") return order.notTyped("the pane refused");
    this.#typed.set(order.attemptId, (this.#typed.get(order.attemptId) ?? 0) + 1);
    if (how === "uncertain") return order.uncertain("tmux fell silent");
    if (how === "heard-first") distributor.accepted(order.attemptId);
    if (how === "ended-first") {
      distributor.ended(order.attemptId, { kind: "completed", exitCode: null, answer: null }, []);
      this.#endedAttempts.push(order.attemptId);
    }
    return order.typed();
  }

  #workerSays(what: "accepted" | "asks" | "answered", index: number): void {
    const { distributor } = this.#bench;
    const attemptId = this.#inHand(index);
    if (attemptId === null) return;
    if (what === "accepted") distributor.accepted(attemptId);
    else if (what === "asks") distributor.asks(attemptId, "May I?");
    else distributor.report({ kind: "answered", worker: "w1", attemptId });
  }

  #end(attemptId: string, step: Extract<Step, { do: "end" }>): void {
    const records = step.used?.map((tokens) => this.#response(tokens)) ?? null;
    const outcome = outcomeOf(step.outcome);
    this.#endedAttempts.push(attemptId);
    for (let n = 0; n < (step.again ? 2 : 1); n += 1)
      this.#bench.distributor.ended(attemptId, outcome, records);
  }

  async #person(
    step: Extract<Step, { do: "cancel" | "retry" | "hold" | "release" | "priority" }>,
  ): Promise<void> {
    const { engine, ledger } = this.#bench;
    // Half of the cancels go to a task that is not typed yet: the moment is short, and the one that matters.
    const untyped = this.#tasks().filter(({ state }) => state.name === "reserved");
    const early = step.do === "cancel" && step.which % 2 === 0 && untyped.length > 0;
    const tasks = early ? untyped : this.#tasks();
    const task = tasks[step.which % Math.max(1, tasks.length)];
    if (task === undefined) return;
    try {
      if (step.do === "cancel") await engine.cancel(task.id);
      else if (step.do === "retry") engine.retry(task.id, "again");
      else if (step.do === "priority") ledger.setPriority(task.id, step.priority);
      else ledger.setHold(task.id, step.do === "hold" ? "a person" : null);
    } catch (error) {
      if (!(error instanceof CtmError) || error.code !== "illegal-move") throw error;
    }
  }

  /** The manager dies; a start does with what is in flight what recovery does. */
  #crash(lost: boolean): void {
    this.seen.crashes += 1;
    const bench = this.#bench;
    bench.crash();
    this.#watchAdmissions();
    for (const task of bench.ledger.tasks.open()) {
      const attemptId = attemptOf(task);
      const worker = bench.distributor.workers.find((candidate) => candidate.attemptId === attemptId);
      const typed = this.#typed.has(attemptId);
      if (!typed) {
        if (worker !== undefined) worker.attemptId = null;
        bench.engine.notTyped(task, "not typed when the manager ended");
      } else if (lost) {
        if (worker !== undefined) worker.attemptId = null;
        this.#endedAttempts.push(attemptId);
        bench.engine.declareLost(task, "its agent was gone");
      } else bench.engine.takeUpAgain(task);
    }
  }

  // ── what must hold ──────────────────────────────────────────────────────────────────────────────

  #check(): void {
    const tasks = this.#tasks();
    const open = tasks.filter(({ state }) => !isFinal(state.name) && state.name !== "queued");
    this.#checkMoves(tasks);
    this.#checkReservations(open);
    this.#checkWorkers(open);
    this.#checkSums();
    this.#readFacts();
  }

  #checkMoves(tasks: readonly Task[]): void {
    for (const task of tasks) {
      const { state } = task;
      if (!STATE_NAMES.includes(state.name)) throw new Error(`task ${task.id} is ${state.name}`);
      let at = "queued";
      for (const move of this.#bench.ledger.moves(task.id)) {
        if (move.from !== at || !mayMove(move.from, move.to))
          throw new Error(`task ${task.id} went ${move.from} → ${move.to} from ${at}`);
        at = move.to;
      }
      if (at !== state.name) throw new Error(`task ${task.id} is ${state.name}, its moves end at ${at}`);
      const attempts = this.#bench.ledger.attempts.ofTask(task.id);
      const running = attempts.filter(({ ended_at_ms }) => ended_at_ms === null);
      if (running.length > 1) throw new Error(`task ${task.id} has ${running.length} attempts at once`);
      if (attempts.length !== task.attempts) throw new Error(`task ${task.id} lost count of its attempts`);
    }
    for (const [attemptId, times] of this.#typed) {
      if (times > 1) throw new Error(`attempt ${attemptId} was typed ${times} times`);
    }
  }

  #checkReservations(open: readonly Task[]): void {
    const held = this.#bench.ledger.spend.openReservations().map((row) => row.attempt_id);
    const inHand = open.map(attemptOf);
    if (String(held.toSorted()) !== String(inHand.toSorted()))
      throw new Error(`reservations of ${String(held)}, tasks in hand: ${String(inHand)}`);
  }

  /** A worker never has an attempt that no task has; a task in hand is at one worker. */
  #checkWorkers(open: readonly Task[]): void {
    const inHand = new Set(open.map(attemptOf));
    for (const { name, attemptId } of this.#bench.distributor.workers) {
      if (attemptId !== null && !inHand.has(attemptId))
        throw new Error(`${name} works on ${attemptId}, no task's`);
    }
  }

  /** The throttle's running sums are what a start would rebuild from the ledger. */
  #checkSums(): void {
    const { ledger, throttle, nowMs } = this.#bench;
    const rows = ledger.spend.openReservations();
    let held = 0;
    for (const row of rows) {
      const spent = ledger.spend.ofAttempt(row.attempt_id);
      const left = Math.max(0, row.tokens - spent.tokens);
      if (throttle.held(row.attempt_id).tokens !== left)
        throw new Error(`${row.attempt_id} holds ${throttle.held(row.attempt_id).tokens}, not ${left}`);
      held += left;
    }
    const used = ledger.spend
      .bookingsSince(nowMs - 3_600_000 + 1)
      .reduce((sum, row) => sum + row.booked_tokens, 0);
    const standing = throttle.standings(nowMs).find(({ limitId }) => limitId === "global tokens/hour");
    if (standing?.used !== used || standing.held !== held)
      throw new Error(`stands at ${standing?.used} + ${standing?.held}; the ledger says ${used} + ${held}`);
  }

  #readFacts(): void {
    for (const fact of this.#bench.facts.slice(this.#factsRead)) {
      if (fact.kind === "trouble" && fact.message.includes("tmux is gone") === false)
        throw new Error(`trouble: ${fact.message}`);
      if (fact.kind !== "task-moved") continue;
      if (fact.to === "lost") this.seen.lost += 1;
      if (isFinal(fact.to)) this.seen.ended += 1;
      if (fact.from === "reserved" && fact.to === "cancelled") this.seen.cancelledUntyped += 1;
      if (fact.to === "queued") this.seen.requeued += 1;
    }
    this.#factsRead = this.#bench.facts.length;
  }

  /** At each admission used + held stay within every limit it touches; critical tasks within the headroom. */
  #watchAdmissions(): void {
    const bench = this.#bench;
    const { throttle, ledger } = bench;
    const reserve = throttle.reserve.bind(throttle);
    throttle.reserve = (reservation) => {
      reserve(reservation);
      const { subject, attemptId } = reservation;
      const row = ledger.attempts.byId(attemptId);
      const { priority } = ledger.task(row?.task_id ?? 0).draft;
      this.seen.admitted += 1;
      if (priority === "critical") this.seen.critical += 1;
      if (reservation.spend.tokens === 0 && reservation.spend.nanoUsd === 0) return;
      for (const standing of throttle.standings(bench.nowMs)) {
        const { scope, limit, used, held, limitId } = standing;
        const touched =
          scope.kind === "global" ||
          (scope.kind === "worker" && scope.name === subject.worker) ||
          (scope.kind === "agent" && scope.name === subject.agent) ||
          (scope.kind === "model" && scope.name === subject.model);
        if (touched && limit !== null && used + held > capOf(limit, priority, 5))
          throw new Error(
            `I1: ${limitId} at ${used} + ${held} of ${limit} after admitting a ${priority} task`,
          );
      }
    };
  }

  // ── below ───────────────────────────────────────────────────────────────────────────────────────

  #tasks(): Task[] {
    const everything = { states: null, type: null, worker: null, containing: null, limit: 10_000 };
    return this.#bench.ledger.tasks.list(everything);
  }

  /** A typed attempt in a worker's hands. */
  #inHand(index: number): string | null {
    const { workers, orders } = this.#bench.distributor;
    const ids = workers
      .flatMap(({ attemptId }) => attemptId ?? [])
      .filter((id) => orders.every((order) => order.attemptId !== id));
    return ids[index % Math.max(1, ids.length)] ?? null;
  }

  #response(tokens: number): UsageRecord {
    return recordOf(`r${(this.#responses += 1)}`, tokens);
  }
}

function outcomeOf(kind: Outcome["kind"]): Outcome {
  switch (kind) {
    case "completed":
      return { kind, exitCode: null, answer: "done" };
    case "failed":
      return { kind, reason: "overloaded", exitCode: null };
    case "cancelled":
      return { kind };
    case "lost":
      return { kind, reason: "its pane was closed" };
    default:
      return kind satisfies never;
  }
}
