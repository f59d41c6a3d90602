/**
 * The time windows are reckoned in. A wall clock that is set forward must not open a window early, and one that is
 * set back must not make usage come twice: ledger time runs at most as fast as real time passes, and never back.
 */

const toleranceMs = 2_000;

export interface ClockAnchor {
  readonly wallMs: number;
  /** A clock that cannot be set and counts suspended time (time since boot), read at the same moment. */
  readonly monotonicMs: number;
}

/** One per boot of the machine: keep the anchor with the boot's id, and start a new clock after a reboot. */
export class LedgerClock {
  readonly #anchor: ClockAnchor;
  #lastMs: number;

  /** `lastMs` is the latest time already in the ledger: nothing earlier is ever returned. */
  constructor(anchor: ClockAnchor, lastMs = 0) {
    this.#anchor = anchor;
    this.#lastMs = lastMs;
  }

  /** Ledger time for two readings of the same moment, in whole milliseconds: the ledger's columns take no others. */
  read(wallMs: number, monotonicMs: number): number {
    const soonestMs = Math.floor(Math.min(wallMs, this.#furthestMs(monotonicMs)));
    this.#lastMs = Math.max(this.#lastMs, soonestMs);
    return this.#lastMs;
  }

  /** How far the wall clock stands from real time since the anchor: positive = it was set forward. */
  driftMs(wallMs: number, monotonicMs: number): number {
    return wallMs - (this.#furthestMs(monotonicMs) - toleranceMs);
  }

  #furthestMs(monotonicMs: number): number {
    return this.#anchor.wallMs + (monotonicMs - this.#anchor.monotonicMs) + toleranceMs;
  }
}
