/**
 * Costs computed again from the raw counters of every booking. What limits have counted is left as it was: it is what
 * tasks were let in by, and a window that is changed afterwards would tell another story than the one that happened.
 */
import type { Usage } from "../metering/usage.ts";
import type { Db } from "./database.ts";
import { usageOfRow, type StoredCounters } from "./stored-counters.ts";

/** What the price of a booking depends on. */
export interface PricedBooking {
  readonly model: string;
  readonly atMs: number;
  readonly usage: Usage;
}

export interface RepriceRules {
  /** Id of the table that prices now. */
  readonly table: string;
  /** Nano-dollars; null = the model has no price. */
  cost(booking: PricedBooking): number | null;
}

/** Sums before and after. Unpriced: tokens whose cost is not known. */
export interface RepricedModel {
  readonly model: string;
  readonly bookings: number;
  readonly changed: number;
  readonly before: { readonly nanoUsd: number; readonly unpricedTokens: number };
  readonly after: { readonly nanoUsd: number; readonly unpricedTokens: number };
}

export interface Repriced {
  readonly models: readonly RepricedModel[];
  /** Ids of the tables the bookings were priced by until now, and how many by each. */
  readonly tables: readonly { readonly id: string; readonly bookings: number }[];
  /** Bookings without counters or model, whose cost stays unknown. */
  readonly leftOut: number;
}

interface Row extends StoredCounters {
  row: number;
  worker: string;
  model: string | null;
  type: string | null;
  source: string;
  at_ms: number;
  booked_tokens: number;
  cost_nano: number | null;
  price_table: string;
}

/** Bookings read at once: all of them need not fit into memory. */
const pageRows = 2_000;

/** Computes every cost again and, with `write`, books it. Inside a transaction. */
export function repriceAll(db: Db, rules: RepriceRules, write: boolean): Repriced {
  const page = db.prepare<[number, number], Row>(
    `SELECT rowid AS row, worker, model, type, source, at_ms, input, cache_read, cache_write_5m, cache_write_1h, output,
      reasoning, web_searches, booked_tokens, cost_nano, price_table FROM usage WHERE rowid > ? ORDER BY rowid LIMIT ?`,
  );
  const setCost = db.prepare("UPDATE usage SET cost_nano = ?, price_table = ? WHERE rowid = ?");
  const sums = new Sums();
  for (let after = 0; ; ) {
    const rows = page.all(after, pageRows);
    for (const row of rows) {
      const cost =
        row.source === "unknown" || row.model === null
          ? undefined
          : rules.cost({ model: row.model, atMs: row.at_ms, usage: usageOfRow(row) });
      sums.add(row, cost);
      if (write && cost !== undefined) setCost.run(cost, rules.table, row.row);
    }
    if (rows.length < pageRows) break;
    after = rows.at(-1)?.row ?? after;
  }
  if (write) sums.carryInto(db);
  return sums.result();
}

/** What changes, by model to tell and by the keys of the kept sums to book. */
class Sums {
  readonly #models = new Map<string, { -readonly [K in keyof RepricedModel]: RepricedModel[K] }>();
  readonly #totals = new Map<string, { key: readonly string[]; nano: number; unpriced: number }>();
  readonly #tables = new Map<string, number>();
  #leftOut = 0;

  add(row: Row, cost: number | null | undefined): void {
    this.#tables.set(row.price_table, (this.#tables.get(row.price_table) ?? 0) + 1);
    if (cost === undefined) {
      this.#leftOut += 1;
      return;
    }
    const [before, after] = [moneyOf(row, row.cost_nano), moneyOf(row, cost)];
    const model = row.model ?? "";
    const known = this.#models.get(model);
    this.#models.set(model, {
      model,
      bookings: (known?.bookings ?? 0) + 1,
      changed: (known?.changed ?? 0) + (cost === row.cost_nano ? 0 : 1),
      before: plus(known?.before, before),
      after: plus(known?.after, after),
    });
    const key = [row.worker, model, row.type ?? "", row.source];
    const total = this.#totals.get(key.join("\0")) ?? { key, nano: 0, unpriced: 0 };
    total.nano += after.nanoUsd - before.nanoUsd;
    total.unpriced += after.unpricedTokens - before.unpricedTokens;
    this.#totals.set(key.join("\0"), total);
  }

  carryInto(db: Db): void {
    const change = db.prepare(
      "UPDATE spend_total SET nano = nano + ?, unpriced = unpriced + ? WHERE worker = ? AND model = ? AND type = ? AND source = ?",
    );
    for (const { key, nano, unpriced } of this.#totals.values()) change.run(nano, unpriced, ...key);
  }

  result(): Repriced {
    return {
      models: [...this.#models.values()].sort((a, b) => (a.model < b.model ? -1 : 1)),
      tables: [...this.#tables].map(([id, bookings]) => ({ id, bookings })),
      leftOut: this.#leftOut,
    };
  }
}

type Money = RepricedModel["before"];

function moneyOf(row: Row, cost: number | null): Money {
  return { nanoUsd: cost ?? 0, unpricedTokens: cost === null ? row.booked_tokens : 0 };
}

function plus(sum: Money = { nanoUsd: 0, unpricedTokens: 0 }, more: Money): Money {
  return {
    nanoUsd: sum.nanoUsd + more.nanoUsd,
    unpricedTokens: sum.unpricedTokens + more.unpricedTokens,
  };
}
