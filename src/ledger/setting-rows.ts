/** Small durable facts of the manager: is dispatch paused and why, which limits a person changed. */
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const SETTING = commitPoint("setting.commit");
const LIMIT = commitPoint("limit.commit");

export interface LimitChange {
  readonly atMs: number;
  readonly limitId: string;
  /** Tokens or nano-dollars; null = no limit. */
  readonly amount: number | null;
  /** The change ends by itself then; null = it stays. */
  readonly untilMs: number | null;
  readonly reason: string | null;
}

export class SettingRows {
  readonly #db: Db;
  readonly #get;

  constructor(db: Db) {
    this.#db = db;
    this.#get = db.prepare<[string], { value: string }>("SELECT value FROM setting WHERE name = ?");
  }

  get(name: string): string | null {
    return this.#get.get(name)?.value ?? null;
  }

  /** null removes. */
  set(name: string, value: string | null): void {
    written(SETTING, () => {
      if (value === null) this.#db.prepare("DELETE FROM setting WHERE name = ?").run(name);
      else this.#db.prepare("INSERT OR REPLACE INTO setting VALUES (?, ?)").run(name, value);
    });
  }

  addLimitChange(change: LimitChange): void {
    const { atMs, limitId, amount, untilMs, reason } = change;
    const insert = this.#db.prepare(
      "INSERT INTO limit_change (at_ms, limit_id, amount, until_ms, reason) VALUES (?, ?, ?, ?, ?)",
    );
    written(LIMIT, () => insert.run(atMs, limitId, amount, untilMs, reason));
  }

  /** All changes ever booked, oldest first. */
  limitChanges(): LimitChange[] {
    return this.#db
      .prepare<
        [],
        {
          at_ms: number;
          limit_id: string;
          amount: number | null;
          until_ms: number | null;
          reason: string | null;
        }
      >("SELECT at_ms, limit_id, amount, until_ms, reason FROM limit_change ORDER BY id")
      .all()
      .map((row) => ({
        atMs: row.at_ms,
        limitId: row.limit_id,
        amount: row.amount,
        untilMs: row.until_ms,
        reason: row.reason,
      }));
  }
}
