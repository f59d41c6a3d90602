/** Accounts as rows: how each was parked last, and what its provider said of its own windows. */
import type { AccountPark, ParkCause } from "../throttle/account-parking.ts";
import type { ProviderWindow } from "../throttle/provider-windows.ts";
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const PARK = commitPoint("account.commit");
const FREE = commitPoint("account-free.commit");
const WINDOW = commitPoint("provider-window.commit");

interface ParkRow {
  name: string;
  cause: string;
  message: string;
  since_ms: number;
  until_ms: number | null;
  in_row: number;
}

interface WindowRow {
  window: string;
  used_permille: number;
  resets_at_ms: number | null;
  seen_at_ms: number;
}

function freedKey(account: string): string {
  return `account-freed:${account}`;
}

export class AccountRows {
  readonly #db: Db;
  readonly #windows;

  constructor(db: Db) {
    this.#db = db;
    // Asked at every admission.
    this.#windows = db.prepare<[string], WindowRow>(
      "SELECT * FROM provider_window WHERE account = ? ORDER BY window",
    );
  }

  /** Every account that is parked, or was and has not got a turn through since. */
  parks(): Map<string, AccountPark> {
    const rows = this.#db.prepare<[], ParkRow>("SELECT * FROM account").all();
    return new Map(
      rows.map((row) => [
        row.name,
        {
          cause: row.cause as ParkCause,
          message: row.message,
          sinceMs: row.since_ms,
          untilMs: row.until_ms,
          inRow: row.in_row,
        },
      ]),
    );
  }

  save(name: string, park: AccountPark): void {
    const { cause, message, sinceMs, untilMs, inRow } = park;
    const save = this.#db.prepare("INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?)");
    written(PARK, () => save.run(name, cause, message, sinceMs, untilMs, inRow));
  }

  /** A turn went through again. */
  remove(name: string): void {
    written(FREE, () => this.#db.prepare("DELETE FROM account WHERE name = ?").run(name));
  }

  /** A person says it is free: what its provider said before is forgotten with its park, in one commit. */
  free(name: string, atMs: number): void {
    const park = this.#db.prepare("DELETE FROM account WHERE name = ?");
    const windows = this.#db.prepare("DELETE FROM provider_window WHERE account = ?");
    const note = this.#db.prepare("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)");
    written(FREE, () =>
      this.#db
        .transaction(() => {
          park.run(name);
          windows.run(name);
          note.run(freedKey(name), String(atMs));
        })
        .immediate(),
    );
  }

  /** When a person last said that it is free; 0 = never. */
  freedAtMs(name: string): number {
    const sql = "SELECT value FROM setting WHERE name = ?";
    return Number(this.#db.prepare<[string], { value: string }>(sql).get(freedKey(name))?.value ?? 0);
  }

  windows(account: string): ProviderWindow[] {
    return this.#windows.all(account).map((row) => ({
      window: row.window,
      usedPermille: row.used_permille,
      resetsAtMs: row.resets_at_ms,
      seenAtMs: row.seen_at_ms,
    }));
  }

  saveWindow(account: string, window: ProviderWindow): void {
    const { usedPermille, resetsAtMs, seenAtMs } = window;
    const save = this.#db.prepare("INSERT OR REPLACE INTO provider_window VALUES (?, ?, ?, ?, ?)");
    written(WINDOW, () => save.run(account, window.window, usedPermille, resetsAtMs, seenAtMs));
  }
}
