/**
 * The accounts agents run with, as their providers let them: which is parked, why and until when, and what is used of
 * its own windows. Kept in the ledger, held in memory; one timer wakes it when the first of them is free again.
 */
import type { Ledger } from "./ledger/ledger.ts";
import { isInForce, parked, type AccountPark, type ParkReason } from "./throttle/account-parking.ts";
import { admits, worstLevel, type Level } from "./throttle/levels.ts";
import type { SeenWindow } from "./metering/provider-limits.ts";
import type { Priority } from "./tasks/priority.ts";
import { usedNow, windowLevel, type ProviderWindow } from "./throttle/provider-windows.ts";
import { WakeTimer } from "./wake-timer.ts";

export interface AccountBookParts {
  readonly ledger: Ledger;
  now(): number;
  /** Percent of the provider's windows that is kept for the person. */
  reservePercent(account: string): number;
  /** An account is free again: what waits for it may go. null = one of its windows has begun anew. */
  freed(account: string | null, byPerson: boolean): void;
}

/** Why an account takes no work of a priority now. */
export interface HeldBack {
  readonly reason: string;
  /** null = until a person says so. */
  readonly untilMs: number | null;
  readonly limitId: string;
}

export class AccountBook {
  readonly #parts: AccountBookParts;
  readonly #parks: Map<string, AccountPark>;
  readonly #wake: WakeTimer;
  /** Accounts whose park was in force when it was last looked: their end is told. */
  #told = new Set<string>();

  constructor(parts: AccountBookParts) {
    this.#parts = parts;
    this.#parks = parts.ledger.accounts.parks();
    this.#wake = new WakeTimer(parts.now, () => this.#woken());
    this.#arm();
  }

  /** How an account would be parked after this failure; `took` once that is durable. */
  parkedBy(account: string, reason: ParkReason): AccountPark {
    return parked(this.#parks.get(account) ?? null, reason, this.#parts.now());
  }

  took(account: string, park: AccountPark): void {
    this.#parks.set(account, park);
    this.#arm();
  }

  /** A failure outside of any task parks an account as well. */
  park(account: string, reason: ParkReason): AccountPark {
    const park = this.parkedBy(account, reason);
    this.#parts.ledger.accounts.save(account, park);
    this.took(account, park);
    return park;
  }

  /** The park in force, or null: it is free. */
  parkOf(account: string): AccountPark | null {
    const park = this.#parks.get(account);
    return park !== undefined && isInForce(park, this.#parts.now()) ? park : null;
  }

  /** When an account that is free was, or one with a stated end will be, free; null = nobody knows. */
  freeAtMs(account: string): number | null {
    const park = this.#parks.get(account);
    return park === undefined ? 0 : park.untilMs;
  }

  /** What keeps a task of this priority from this account now; null = nothing. */
  heldBack(account: string, priority: Priority): HeldBack | null {
    const park = this.parkOf(account);
    const limitId = `account ${account}`;
    if (park !== null)
      return { reason: `account ${account} is parked: ${park.message}`, untilMs: park.untilMs, limitId };
    const nowMs = this.#parts.now();
    for (const window of this.windows(account)) {
      const level = this.#level(account, window);
      if (!admits(level, priority))
        return {
          reason: `account ${account} has used ${usedNow(window, nowMs) / 10}% of its ${window.window} window (${level})`,
          untilMs: window.resetsAtMs,
          limitId: `${limitId} ${window.window}`,
        };
    }
    return null;
  }

  /** A turn went through: the account works, and its next park is the first in a row again. */
  wentThrough(account: string): void {
    if (!this.#parks.has(account) || this.parkOf(account) !== null) return;
    this.#forget(account);
  }

  /**
   * A person says that the account is free again: what its provider said before counts no more. False: nothing was said
   * that could hold it back.
   */
  free(account: string): boolean {
    const nowMs = this.#parts.now();
    const used = this.windows(account).some((window) => usedNow(window, nowMs) > 0);
    if (this.parkOf(account) === null && !used) return false;
    this.#parks.delete(account);
    this.#told.delete(account);
    this.#parts.ledger.accounts.free(account, nowMs);
    this.#parts.freed(account, true);
    return true;
  }

  /** What the provider said of its windows, as far as it is known. */
  windows(account: string): ProviderWindow[] {
    return this.#parts.ledger.accounts.windows(account);
  }

  /** The provider's word on one of its windows. An older word than the last one, or than a person's, is passed over. */
  sawWindow(account: string, seen: SeenWindow): void {
    const { ledger, now } = this.#parts;
    const window = { ...seen, seenAtMs: Math.min(seen.seenAtMs ?? now(), now()) };
    const last = this.windows(account).find((known) => known.window === window.window);
    if (window.seenAtMs <= ledger.accounts.freedAtMs(account)) return;
    if (last !== undefined && last.seenAtMs >= window.seenAtMs) return;
    ledger.accounts.saveWindow(account, window);
    if (window.resetsAtMs !== null) this.#wake.by(window.resetsAtMs);
  }

  close(): void {
    this.#wake.cancel();
  }

  /** Percent of its windows that is kept for the person. */
  reservePercent(account: string): number {
    return this.#parts.reservePercent(account);
  }

  #level(account: string, window: ProviderWindow): Level {
    return windowLevel(window, this.#parts.reservePercent(account), this.#parts.now());
  }

  /** The worst level its windows stand at. */
  levelOf(account: string): Level {
    return this.windows(account).reduce<Level>(
      (worst, window) => worstLevel(worst, this.#level(account, window)),
      "NONE",
    );
  }

  #forget(account: string): void {
    this.#parks.delete(account);
    this.#told.delete(account);
    this.#parts.ledger.accounts.remove(account);
  }

  #woken(): void {
    const freed = [...this.#told].filter((account) => this.parkOf(account) === null);
    this.#arm();
    for (const account of freed.length > 0 ? freed : [null]) this.#parts.freed(account, false);
  }

  /** Remembers whose park is in force, and wakes when the first of them ends. */
  #arm(): void {
    this.#told = new Set([...this.#parks.keys()].filter((account) => this.parkOf(account) !== null));
    for (const account of this.#told) {
      const untilMs = this.freeAtMs(account);
      if (untilMs !== null) this.#wake.by(untilMs);
    }
  }
}
