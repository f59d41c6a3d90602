/**
 * What a running attempt has recorded so far: read on when its record was written to or its agent was heard of (a
 * signal, output, the slow sweep), never oftener than once a second, and seldom enough that reading takes a twentieth
 * of the time at most.
 */
import { limitTokens, type UsageRecord } from "../metering/usage.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";
import { RecordEvents } from "./record-events.ts";
import type { Worker } from "./worker.ts";

const apartMs = 1_000;
const idleShare = 20;

export interface LiveRecordsParts {
  /** Responses that are new, or have grown, since they were last told. */
  told(worker: Worker, attemptId: string, records: readonly UsageRecord[]): void;
  trouble(error: unknown): void;
}

export class LiveRecords {
  readonly #parts: LiveRecordsParts;
  readonly #planned = new Map<Worker, NodeJS.Timeout>();
  readonly #events = new Map<Worker, RecordEvents>();
  readonly #tookMs = new WeakMap<AttemptInHand, number>();
  /** Tokens of each response as they were told. */
  readonly #told = new WeakMap<AttemptInHand, Map<string, number>>();

  constructor(parts: LiveRecordsParts) {
    this.#parts = parts;
  }

  /** Its agent gave a sign of life: its record may have grown. */
  heardOf(worker: Worker): void {
    const { attempt } = worker;
    if (attempt === null) this.forget(worker);
    if (attempt === null || !worker.adapter.traits.spends || this.#planned.has(worker)) return;
    const delayMs = Math.max(apartMs, idleShare * (this.#tookMs.get(attempt) ?? 0));
    const timer = setTimeout(() => {
      this.#planned.delete(worker);
      try {
        this.read(worker);
      } catch (error) {
        this.#parts.trouble(error);
      }
    }, delayMs);
    timer.unref();
    this.#planned.set(worker, timer);
  }

  /** Reads now, and tells what is new. */
  read(worker: Worker): void {
    const { attempt } = worker;
    if (attempt === null) return;
    this.#follow(worker);
    const fromMs = performance.now();
    const records = worker.recordsSoFar();
    this.#tookMs.set(attempt, performance.now() - fromMs);
    const told = this.#told.get(attempt) ?? new Map<string, number>();
    this.#told.set(attempt, told);
    const grown = (records ?? []).filter(({ key, usage }) => {
      const tokens = limitTokens(usage, true);
      if (tokens <= (told.get(key) ?? 0)) return false;
      told.set(key, tokens);
      return true;
    });
    if (grown.length === 0) return;
    this.#parts.told(worker, attempt.id, grown);
    worker.tellWindows();
  }

  /** It has nothing in hand that could be recorded, or is there no more. */
  forget(worker: Worker): void {
    this.#events.get(worker)?.close();
    this.#events.delete(worker);
  }

  close(): void {
    for (const worker of this.#events.keys()) this.forget(worker);
    for (const timer of this.#planned.values()) clearTimeout(timer);
    this.#planned.clear();
  }

  #follow(worker: Worker): void {
    const paths = worker.agentRecord()?.paths;
    if (paths === undefined) return this.forget(worker);
    const events = this.#events.get(worker) ?? new RecordEvents(() => this.heardOf(worker));
    this.#events.set(worker, events);
    events.follow(paths);
  }
}
