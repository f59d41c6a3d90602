/**
 * What an attempt used: its records as bookings for the ledger, and what the ledger took as facts and in the
 * throttle's running sums. It decides what counts when nobody can say; it writes nothing durable itself.
 */
import type { WorkerReport } from "./distributor/distributor.ts";
import type { FactBus } from "./events/bus.ts";
import type { Booked, UsageEntry } from "./ledger/spend-rows.ts";
import { recordedEntry, unknownEntry, type EntryOwner, type EntryRules } from "./ledger/usage-entry.ts";
import type { UsageRecord } from "./metering/usage.ts";
import type { Level } from "./throttle/levels.ts";
import type { Throttle } from "./throttle/throttle.ts";

export interface MeterParts {
  readonly throttle: Throttle;
  readonly bus: FactBus;
  readonly entryRules: EntryRules;
  /** Does this agent kind spend tokens, and is its record a simulation? */
  traits(agent: string): { readonly spends: boolean; readonly simulated: boolean };
  now(): number;
}

export class Meter {
  readonly #parts: MeterParts;

  /** The level each limit was told to stand at. */
  readonly #levels = new Map<string, Level>();

  constructor(parts: MeterParts) {
    this.#parts = parts;
  }

  /**
   * Bookings of an ended attempt: its records; nothing for an agent that cannot spend; else the held amount, marked
   * unknown. A record that is silent about a turn that was cut off proves nothing: a typed prompt is never free.
   * `isOthers` tells which responses were booked for another attempt: after a restart a record is read from its start.
   */
  ofEnded(
    { records, outcome }: Extract<WorkerReport, { kind: "ended" }>,
    owner: EntryOwner & { readonly attemptId: string },
    isOthers: (key: string, attemptId: string) => boolean,
  ): UsageEntry[] {
    const { traits, throttle, entryRules, now } = this.#parts;
    if (!traits(owner.agent).spends) return [];
    const entries = this.ofRecords(records ?? [], owner);
    const nothingOwn = entries.every(({ key }) => isOthers(key, owner.attemptId));
    if (!nothingOwn || (records !== null && outcome.kind === "failed")) return entries;
    return [...entries, unknownEntry(owner, throttle.held(owner.attemptId), entryRules, now())];
  }

  /** Each recorded response as a booking. */
  ofRecords(records: readonly UsageRecord[], owner: EntryOwner): UsageEntry[] {
    const { traits, entryRules, now } = this.#parts;
    const source = traits(owner.agent).simulated ? "simulated" : "actual";
    return records.map((record) => recordedEntry(record, owner, source, entryRules, now()));
  }

  /** The ledger took these: they count in the windows from now on, and are told. */
  booked(booked: readonly Booked[]): void {
    const { throttle, bus } = this.#parts;
    for (const { entry, addedTokens, addedNanoUsd } of booked) {
      const { atMs, taskId, worker, agent, limitModel, member = null, attemptId, source } = entry;
      const spend = { tokens: addedTokens, nanoUsd: addedNanoUsd };
      throttle.book({
        atMs,
        subject: { worker, agent, model: limitModel, member },
        spend,
        attemptId,
        simulated: source === "simulated",
      });
      bus.publish({ kind: "usage-booked", atMs, taskId, worker, tokens: addedTokens, source });
    }
    if (booked.length > 0) this.#tellLevels();
  }

  /** A limit that came to another level is told: WARNING holds nothing back, it is for the person to see. */
  #tellLevels(): void {
    const { throttle, bus, now } = this.#parts;
    for (const { limitId, level } of throttle.standings(now())) {
      const from = this.#levels.get(limitId) ?? "NONE";
      if (from === level) continue;
      this.#levels.set(limitId, level);
      bus.publish({ kind: "level-changed", atMs: now(), limitId, from, to: level });
    }
  }
}
