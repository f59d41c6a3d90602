/** Limits and the accounts they hold for, as a person sees and changes them. */
import { reserveKey } from "./account-settings.ts";
import type { AccountBook } from "./account-book.ts";
import { CtmError } from "./base/errors.ts";
import type { Engine } from "./engine.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { LimitBook } from "./limit-book.ts";
import { accountRows } from "./overview/account-rows.ts";
import { limitRow, limitRows } from "./overview/limit-rows.ts";
import type { OverviewSources } from "./overview/sources.ts";
import type { AccountRow } from "./reports/accounts-table.ts";
import type { LimitRow } from "./reports/limits-table.ts";

export interface LimitDeskParts {
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly limits: LimitBook;
  readonly accounts: AccountBook;
  views(): OverviewSources;
}

export class LimitDesk {
  readonly #parts: LimitDeskParts;

  constructor(parts: LimitDeskParts) {
    this.#parts = parts;
  }

  rows(): LimitRow[] {
    return limitRows(this.#parts.views());
  }

  /** amount null = no limit. */
  set(id: string, amount: string | null): LimitRow {
    return limitRow(this.#parts.views(), this.#parts.limits.set(id, amount));
  }

  raise(id: string, amount: string, untilMs: number, reason: string): LimitRow {
    return limitRow(this.#parts.views(), this.#parts.limits.raise(id, amount, untilMs, reason));
  }

  accounts(): AccountRow[] {
    return accountRows(this.#parts.accounts, this.#parts.views());
  }

  /** A person says that a parked account is free again. CtmError `not-found`, `illegal-move` when nothing holds it back. */
  freeAccount(name: string): AccountRow {
    const row = this.#account(name);
    if (!this.#parts.accounts.free(name))
      throw new CtmError("illegal-move", `account ${name} is not held back`);
    return { ...row, park: null, windows: [] };
  }

  /** Percent of its provider's windows that is kept for the person, over the configuration; null = as configured. */
  reserveOfAccount(name: string, percent: number | null): AccountRow {
    this.#account(name);
    this.#parts.ledger.settings.set(reserveKey(name), percent === null ? null : String(percent));
    this.#parts.engine.pump();
    return this.#account(name);
  }

  #account(name: string): AccountRow {
    const row = this.accounts().find(({ account }) => account === name);
    if (row === undefined) throw new CtmError("not-found", `there is no account named ${name}`);
    return row;
  }
}
