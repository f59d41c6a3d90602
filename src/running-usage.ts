/**
 * What running attempts have used so far: booked as it is seen, so that windows and views know it before the end, and
 * the reservation grown before it is used up. What an attempt needs beyond what fits is owed, and looked at again
 * whenever room is made.
 */
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { EntryOwner } from "./ledger/usage-entry.ts";
import type { Meter } from "./meter.ts";
import type { UsageRecord } from "./metering/usage.ts";
import type { Throttle } from "./throttle/throttle.ts";

export interface RunningUsageParts {
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly meter: Meter;
  readonly kept: KeptWrites;
  now(): number;
}

export class RunningUsage {
  readonly #parts: RunningUsageParts;
  /** Attempts that need more than fits. */
  readonly #owing = new Set<string>();

  constructor(parts: RunningUsageParts) {
    this.#parts = parts;
    for (const row of parts.ledger.spend.openReservations())
      if (row.owed_tokens > 0 || row.owed_nano > 0) this.#owing.add(row.attempt_id);
  }

  /** Books what the attempt recorded. A response of another attempt that stands in the same record is not its own. */
  book(records: readonly UsageRecord[], owner: EntryOwner & { readonly attemptId: string }): void {
    const { ledger, meter } = this.#parts;
    const own = meter
      .ofRecords(records, owner)
      .filter(({ key }) => !ledger.spend.isOthers(key, owner.attemptId));
    if (own.length === 0) return;
    meter.booked(ledger.bookUsage(own));
    this.#grow(owner.attemptId);
  }

  /** An attempt gave its room back: those that are owed some are asked again. */
  roomWasMade(byAttemptId: string): void {
    this.#owing.delete(byAttemptId);
    for (const attemptId of this.#owing) this.#grow(attemptId);
  }

  /** Durable first, then in the running sums. Given up while the disk takes no write: the next response asks again. */
  #grow(attemptId: string): void {
    const { ledger, throttle, kept, now } = this.#parts;
    const extension = throttle.growthOf(attemptId, now());
    if (extension === null) return;
    const written = kept.attempt(() => {
      ledger.extend(attemptId, extension);
      return true;
    });
    if (written === null) return;
    throttle.extend(attemptId, extension);
    if (extension.owed.tokens > 0 || extension.owed.nanoUsd > 0) this.#owing.add(attemptId);
    else this.#owing.delete(attemptId);
  }
}
