/**
 * Workers that do in no time what the rehearsal agent does in a terminal: the same directives in the same prompts, the
 * same lines of a record, each moment at its time of a clock that only goes when it is told to. No tmux, no process.
 */
import { planTurn, type RehearsalTurn } from "../../src/agents/rehearsal-script.ts";
import { formatRehearsalRecord, parseRehearsalRecord } from "../../src/metering/rehearsal-record.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";
import { promptOf, type Outcome } from "../../src/tasks/task.ts";
import type { EngineBench } from "./engine-bench.ts";
import type { PendingOrder } from "./scripted-distributor.ts";

/** As the real ones: a prompt is taken up, a question answered, after so long. */
const acceptedAfterMs = 211;
const answeredAfterMs = 4_003;
/** Each worker keeps a conversation for so many tasks, then comes back to the one before. */
const tasksInSession = 4;

const MODELS: Readonly<Record<string, string>> = { sonnet: "claude-sonnet-4-5", haiku: "claude-haiku-4-5" };

interface Moment {
  readonly atMs: number;
  readonly attemptId: string;
  act(): void;
}

export class RehearsedWorkers {
  readonly #bench: EngineBench;
  #due: Moment[] = [];
  #taken = 0;
  /** Of attempts at work: what of their record is written. */
  readonly #lines = new Map<string, string[]>();

  constructor(bench: EngineBench) {
    this.#bench = bench;
  }

  /** Lets time pass, and all that happens in it happen; `each` is called behind every moment. */
  async pass(ms: number, each: () => void = () => undefined): Promise<void> {
    const bench = this.#bench;
    const untilMs = bench.nowMs + ms;
    for (;;) {
      await this.#begin();
      this.#due.sort((a, b) => a.atMs - b.atMs);
      const [next] = this.#due;
      if (next === undefined || next.atMs > untilMs) break;
      this.#due.shift();
      // No two things happen in the same millisecond.
      bench.nowMs = Math.max(next.atMs, bench.nowMs + 1);
      if (!this.#lines.has(next.attemptId)) continue;
      next.act();
      await bench.settled();
      each();
    }
    bench.nowMs = Math.max(bench.nowMs, untilMs);
  }

  /** The same until nothing is under way and nothing waits, however long limits hold it back. */
  async finish(each: () => void = () => undefined): Promise<void> {
    const bench = this.#bench;
    const undone = bench.ledger.database.prepare(
      "SELECT 1 FROM task WHERE state NOT IN ('completed', 'failed', 'cancelled', 'lost') LIMIT 1",
    );
    for (let hours = 0; undone.get() !== undefined; hours += 1) {
      if (hours > 48) throw new Error("a task does not end");
      await this.pass(3_600_000, each);
    }
  }

  /** A person ends an attempt at work: its agent stops at once. */
  async cancel(taskId: number): Promise<void> {
    const attemptId = this.#bench.attempt(taskId);
    await this.#bench.engine.cancel(taskId);
    this.#bench.nowMs += 1;
    this.#end(attemptId, { kind: "cancelled" });
    await this.#bench.settled();
  }

  async #begin(): Promise<void> {
    await this.#bench.pass();
    for (const order of [...this.#bench.distributor.orders]) await this.#take(order);
  }

  async #take(order: PendingOrder): Promise<void> {
    const { attemptId, task } = order;
    const turn = planTurn(promptOf(task.draft.text, task.assignment.member));
    this.#lines.set(attemptId, []);
    order.intend();
    await order.typed();
    const { distributor } = this.#bench;
    const session = this.#session(order.worker);
    const at = (ms: number, act: () => void): void => this.#at(attemptId, ms, act);
    at(acceptedAfterMs, () => distributor.accepted(attemptId, session));
    const workMs = acceptedAfterMs + (turn.question === null ? 1 : answeredAfterMs + 1);
    if (turn.question !== null) {
      at(acceptedAfterMs + 1, () => distributor.asks(attemptId, turn.question ?? ""));
      at(acceptedAfterMs + answeredAfterMs, () =>
        distributor.report({ kind: "answered", worker: order.worker, attemptId }),
      );
    }
    for (let n = 1; n < turn.responses; n += 1)
      at(workMs + (turn.delayMs * n) / turn.responses, () =>
        distributor.used(attemptId, this.#respond(order, turn, session, n)),
      );
    at(workMs + turn.delayMs, () => {
      if (turn.exitCode === null && turn.failure === null)
        this.#respond(order, turn, session, turn.responses);
      this.#end(attemptId, outcomeOf(turn));
    });
  }

  #at(attemptId: string, ms: number, act: () => void): void {
    this.#due.push({ atMs: this.#bench.nowMs + Math.round(ms), attemptId, act });
  }

  #end(attemptId: string, outcome: Outcome): void {
    const lines = this.#lines.get(attemptId) ?? [];
    this.#lines.delete(attemptId);
    const unreadable = this.#bench.task(this.#taskOf(attemptId)).draft.text.includes("[[unreadable]]");
    const records = unreadable ? null : parseRehearsalRecord(lines.join("\n"));
    this.#bench.distributor.ended(attemptId, outcome, records);
  }

  #taskOf(attemptId: string): number {
    return this.#bench.ledger.attempts.byId(attemptId)?.task_id ?? -1;
  }

  /** The n-th of a turn's responses is recorded: an even share, as the agent's process does it. */
  #respond(
    { attemptId, task }: PendingOrder,
    turn: RehearsalTurn,
    session: string,
    n: number,
  ): UsageRecord[] {
    const share = (tokens: number): number =>
      Math.floor((tokens * n) / turn.responses) - Math.floor((tokens * (n - 1)) / turn.responses);
    const unpriced = task.draft.text.includes("[[unpriced]]");
    const line = formatRehearsalRecord({
      id: `${attemptId}-${n}`,
      session,
      model: unpriced ? "nobody-knows-this" : (MODELS[task.assignment.model ?? ""] ?? "claude-sonnet-4-5"),
      input: share(turn.inputTokens),
      output: share(turn.outputTokens),
      cacheRead: share(turn.cacheReadTokens),
      cacheWrite: 0,
      at: this.#bench.nowMs,
    });
    this.#lines.get(attemptId)?.push(line);
    return parseRehearsalRecord(line);
  }

  #session(worker: string): string {
    this.#taken += 1;
    return `${worker}-${Math.floor(this.#taken / tasksInSession) % 3}`;
  }
}

function outcomeOf({ exitCode, failure, answer }: RehearsalTurn): Outcome {
  if (exitCode !== null) return { kind: "lost", reason: `its agent ended with code ${exitCode}` };
  if (failure !== null) return { kind: "failed", reason: `Rehearsed failure: ${failure}`, exitCode: null };
  return { kind: "completed", exitCode: null, answer };
}
