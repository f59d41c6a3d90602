/**
 * What coordinators used, read from their own records: when a record is written to, and before figures are shown. It is
 * booked beside the usage of tasks, each response once, from when on its session was said to coordinate.
 */
import type { AgentAdapter, AgentRecord } from "./agents/adapter.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { CoordinationEntry, Coordinator } from "./ledger/coordinator-rows.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { EntryRules } from "./ledger/usage-entry.ts";
import { limitTokens, type UsageRecord } from "./metering/usage.ts";
import { RecordEvents } from "./workers/record-events.ts";
import { markRecord, readRecord } from "./workers/record-reader.ts";
import { RecordTail } from "./workers/record-tail.ts";
import type { Worker } from "./workers/worker.ts";

/** Several answers of a session at work are one look. */
const settleMs = 1_000;

export interface CoordinatorWatchParts {
  readonly ledger: Ledger;
  readonly kept: KeptWrites;
  readonly entryRules: EntryRules;
  adapterOf(agent: string): AgentAdapter;
  workers(): readonly Worker[];
  now(): number;
  trouble(error: unknown): void;
}

interface Followed {
  readonly tail: RecordTail;
  readonly events: RecordEvents;
  /** Tokens of each response as they were booked. */
  readonly booked: Map<string, number>;
}

export class CoordinatorWatch {
  readonly #parts: CoordinatorWatchParts;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(parts: CoordinatorWatchParts) {
    this.#parts = parts;
  }

  /** Reads all of them on, and follows those that are new. Trouble with one is told and keeps none of the others. */
  look(): void {
    if (this.#closed) return;
    for (const coordinator of this.#parts.ledger.coordinators.all()) {
      // One that has ended is read once more: its last answer may have come after its end was said.
      if (coordinator.untilMs !== null && !this.#followed.has(coordinator.name)) continue;
      try {
        this.#read(coordinator);
      } catch (error) {
        this.#parts.trouble(error);
      }
      if (coordinator.untilMs !== null) this.#forget(coordinator.name);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const name of [...this.#followed.keys()]) this.#forget(name);
  }

  #read(coordinator: Coordinator): void {
    const record = this.#recordOf(coordinator);
    if (record === null) return;
    const followed = this.#followed.get(coordinator.name) ?? this.#begin(coordinator.name);
    followed.events.follow(record.paths);
    const records =
      record.format === undefined ? readRecord(record, new Map()) : followed.tail.read(record, record.format);
    if (records === null) return;
    const entries = this.#entriesOf(coordinator, records, followed);
    const written = this.#parts.kept.attempt(() => {
      this.#parts.ledger.coordinators.book(coordinator, entries);
      return true;
    });
    if (written !== null) for (const { key, tokens } of entries) followed.booked.set(key, tokens);
  }

  #begin(name: string): Followed {
    const followed: Followed = {
      tail: new RecordTail(markRecord(null)),
      events: new RecordEvents(() => this.#lookSoon()),
      booked: new Map(),
    };
    this.#followed.set(name, followed);
    return followed;
  }

  /** Where its record lies now: a worker's may have become another. */
  #recordOf({ name, agent, sessionId, recordPath }: Coordinator): AgentRecord | null {
    const worker = this.#parts.workers().find((known) => known.name === name);
    if (worker !== undefined) {
      worker.locateRecord();
      return worker.agentRecord();
    }
    return sessionId === null || recordPath === null
      ? null
      : this.#parts.adapterOf(agent).record(sessionId, recordPath);
  }

  #entriesOf(
    { name, agent, sinceMs, untilMs }: Coordinator,
    records: readonly UsageRecord[],
    { booked }: Followed,
  ): CoordinationEntry[] {
    const { adapterOf, entryRules, now } = this.#parts;
    const source = adapterOf(agent).traits.simulated ? "simulated" : "actual";
    return records.flatMap(({ key: recorded, usage, atMs: recordedMs }) => {
      const atMs = recordedMs ?? now();
      const key = `${agent}:${recorded}`;
      const tokens = limitTokens(usage, entryRules.countCacheReads);
      const isNew = tokens > (booked.get(key) ?? -1);
      return atMs < sinceMs || (untilMs !== null && atMs > untilMs) || !isNew
        ? []
        : [{ key, name, atMs, source, tokens }];
    });
  }

  #lookSoon(): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.look();
    }, settleMs);
    this.#timer.unref();
  }

  #forget(name: string): void {
    this.#followed.get(name)?.events.close();
    this.#followed.delete(name);
  }
}
