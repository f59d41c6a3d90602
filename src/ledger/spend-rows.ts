/** Usage and money as rows: booking with exactly-once keys, kept sums, and what the throttle is rebuilt from. */
import type { Db } from "./database.ts";
import { mergeUsage } from "../metering/merge-records.ts";
import { NO_USAGE, type Usage, type UsageSource } from "../metering/usage.ts";
import type { TaskType } from "../tasks/task.ts";
import { usageOfRow, type StoredCounters } from "./stored-counters.ts";

/** One response (or one fallback figure) to book. */
export interface UsageEntry {
  readonly key: string;
  readonly attemptId: string | null;
  readonly taskId: number | null;
  readonly worker: string;
  readonly agent: string;
  /** The model that answered, as the record names it. */
  readonly model: string | null;
  /** The model its attempt was admitted with, as the worker was asked for it: what limits on models count it for. */
  readonly limitModel: string | null;
  /** Agent of the roster whose budgets it counts for. Left out = nobody's of it. */
  readonly member?: string | null;
  readonly type: TaskType | null;
  readonly atMs: number;
  readonly source: UsageSource;
  readonly usage: Usage;
  /** What counts toward token limits. */
  readonly bookedTokens: number;
  /** What counts toward money limits; the dearest known price where the model is unknown. */
  readonly bookedNanoUsd: number;
  /** What it cost, or null where the model has no price. */
  readonly costNanoUsd: number | null;
  readonly priceTable: string;
  readonly sessionId: string | null;
  readonly cliVersion: string | null;
  readonly flags: readonly string[];
}

/** What a booking added: the whole entry when its key is new, the growth when a larger sighting replaced it. */
export interface Booked {
  readonly entry: UsageEntry;
  readonly addedTokens: number;
  readonly addedNanoUsd: number;
}

export interface BookingRow {
  readonly at_ms: number;
  readonly worker: string;
  readonly agent: string;
  /** See `UsageEntry.limitModel`. */
  readonly model: string | null;
  readonly member: string | null;
  readonly attempt_id: string | null;
  readonly booked_tokens: number;
  readonly booked_nano: number;
  readonly source: UsageSource;
}

/** What one subject was booked for in a span of time. */
export interface SpanSpendRow {
  readonly worker: string;
  readonly agent: string;
  /** See `UsageEntry.limitModel`. */
  readonly model: string | null;
  readonly member: string | null;
  readonly simulated: number;
  readonly tokens: number;
  readonly nano: number;
}

export interface ReservationRow {
  readonly attempt_id: string;
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
  readonly member: string | null;
  readonly tokens: number;
  readonly nano: number;
  readonly owed_tokens: number;
  readonly owed_nano: number;
  readonly oversized: number;
  readonly since_ms: number;
  /** What its attempt was booked for before the moment asked for. */
  readonly used_tokens: number;
  readonly used_nano: number;
}

export interface SpendTotalRow {
  readonly worker: string;
  readonly model: string;
  readonly type: string;
  readonly source: UsageSource;
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write: number;
  readonly output: number;
  readonly tokens: number;
  readonly nano: number;
  readonly unpriced: number;
}

export interface OutcomeTotalRow {
  readonly worker: string;
  readonly type: string;
  readonly outcome: string;
  readonly source: string;
  readonly n: number;
  readonly duration_ms: number;
}

/** What one attempt booked. `source` "unknown" as soon as a part is. */
export interface AttemptSpend {
  readonly tokens: number;
  readonly nano: number;
  /** null: a part has no price. */
  readonly cost: number | null;
  readonly rows: number;
  readonly source: UsageSource | null;
  readonly flags: readonly string[];
  /** Ids of the tables that priced it. */
  readonly priceTables: readonly string[];
}

interface AttemptSpendRow {
  tokens: number;
  nano: number;
  cost: number | null;
  rows: number;
  unpriced: number;
  source: UsageSource | null;
  flags: string | null;
  tables: string | null;
}

/** A row of usage as far as its growth needs it: whose it is, and its counters. */
interface StoredRow extends StoredUsage {
  at_ms: number;
  attempt_id: string | null;
  task_id: number | null;
  worker: string;
  agent: string;
  model: string | null;
  limit_model: string | null;
  member: string | null;
  type: TaskType | null;
  source: UsageSource;
  flags: string;
}

interface StoredUsage extends StoredCounters {
  booked_tokens: number;
  booked_nano: number;
  cost_nano: number | null;
}

/** The kept sums are of quarters of an hour: every time zone's days begin with one. */
const quarterMs = 900_000;

export class SpendRows {
  readonly #db: Db;
  readonly #find;
  readonly #insert;
  readonly #grow;
  readonly #reflag;
  readonly #addTotal;
  readonly #spendTotals;
  readonly #outcomeTotals;
  readonly #samples;
  readonly #loadOf;
  readonly #ofAttempt;
  readonly #spentBetween;

  constructor(db: Db) {
    this.#db = db;
    this.#find = db.prepare<[string], StoredRow>("SELECT * FROM usage WHERE key = ?");
    this.#insert = db.prepare(
      `INSERT INTO usage (key, attempt_id, task_id, worker, agent, model, type, at_ms, source,
        input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches,
        booked_tokens, booked_nano, cost_nano, price_table, session_id, cli_version, flags, limit_model, member)
       VALUES (@key, @attemptId, @taskId, @worker, @agent, @model, @type, @atMs, @source,
        @input, @cacheRead, @cacheWrite5m, @cacheWrite1h, @output, @reasoning, @webSearches,
        @bookedTokens, @bookedNano, @costNano, @priceTable, @sessionId, @cliVersion, @flags, @limitModel,
        iif(@attemptId IS NULL, @member, (SELECT member FROM attempt WHERE id = @attemptId)))`,
    );
    this.#grow = db.prepare(
      `UPDATE usage SET input = @input, cache_read = @cacheRead, cache_write_5m = @cacheWrite5m,
        cache_write_1h = @cacheWrite1h, output = @output, reasoning = @reasoning,
        web_searches = @webSearches, booked_tokens = @bookedTokens, booked_nano = @bookedNano, cost_nano = @costNano,
        price_table = @priceTable WHERE key = @key`,
    );
    this.#reflag = db.prepare<[string, string]>("UPDATE usage SET flags = ? WHERE key = ?");
    this.#addTotal = db.prepare(
      `INSERT INTO spend_total VALUES (@worker, @model, @type, @source, @input, @cacheRead, @cacheWrite, @output, @tokens, @nano, @unpriced)
       ON CONFLICT DO UPDATE SET input = input + @input, cache_read = cache_read + @cacheRead, cache_write = cache_write + @cacheWrite,
        output = output + @output, tokens = tokens + @tokens, nano = nano + @nano, unpriced = unpriced + @unpriced`,
    );
    this.#spendTotals = db.prepare<[], SpendTotalRow>("SELECT * FROM spend_total");
    this.#outcomeTotals = db.prepare<[], OutcomeTotalRow>("SELECT * FROM outcome_total");
    this.#samples = db.prepare<[string, string, string, number], { tokens: number; nano: number }>(
      "SELECT tokens, nano FROM sample WHERE agent = ? AND model = ? AND type = ? ORDER BY id DESC LIMIT ?",
    );
    this.#loadOf = db.prepare<[string], { n: number }>(
      "SELECT total(tokens) AS n FROM spend_total WHERE worker = ?",
    );
    this.#ofAttempt = db.prepare<[string], AttemptSpendRow>(
      `SELECT total(booked_tokens) AS tokens, total(booked_nano) AS nano, sum(cost_nano) AS cost, count(*) AS rows,
        count(*) - count(cost_nano) AS unpriced, max(source) AS source, group_concat(DISTINCT nullif(flags, '')) AS flags,
          group_concat(DISTINCT price_table) AS tables
       FROM usage WHERE attempt_id = ?`,
    );
    const edge = (range: string): string =>
      `SELECT worker, agent, coalesce(limit_model, '') AS model, coalesce(member, '') AS member, source = 'simulated' AS simulated, booked_tokens AS tokens,
        booked_nano AS nano FROM usage WHERE at_ms >= ${range}`;
    this.#spentBetween = db.prepare<
      { fromMs: number; innerFromMs: number; innerToMs: number; toMs: number },
      SpanSpendRow
    >(
      `SELECT worker, agent, nullif(model, '') AS model, nullif(member, '') AS member, simulated, sum(tokens) AS tokens,
        sum(nano) AS nano FROM (
        SELECT worker, agent, model, member, simulated, tokens, nano FROM spend_quarter WHERE from_ms >= @innerFromMs AND from_ms < @innerToMs
        UNION ALL ${edge("@fromMs AND at_ms < @innerFromMs")}
        UNION ALL ${edge("@innerToMs AND at_ms < @toMs")}
       ) GROUP BY 1, 2, 3, 4, 5`,
    );
  }

  /** Books one entry; a key seen before only grows to the larger counters. Null: nothing new. Inside a transaction. */
  book(entry: UsageEntry): Booked | null {
    const stored = this.#find.get(entry.key);
    if (stored === undefined) {
      this.#insert.run(valuesOf(entry));
      this.#addToTotals(
        entry,
        entry.usage,
        entry.bookedTokens,
        moneyOf(entry.bookedTokens, entry.costNanoUsd),
      );
      return { entry, addedTokens: entry.bookedTokens, addedNanoUsd: entry.bookedNanoUsd };
    }
    // A doubt that its session's end has cleared up is none any more.
    const flags = entry.flags.join(",");
    if (stored.attempt_id === entry.attemptId && stored.flags !== flags) this.#reflag.run(flags, entry.key);
    const grown = grownEntry(entry, stored);
    const addedTokens = grown.bookedTokens - stored.booked_tokens;
    const addedNanoUsd = grown.bookedNanoUsd - stored.booked_nano;
    if (addedTokens === 0 && addedNanoUsd === 0) return null;
    this.#grow.run(valuesOf(grown));
    this.#addToTotals(
      grown,
      growth(grown.usage, stored),
      addedTokens,
      lessMoney(
        moneyOf(grown.bookedTokens, grown.costNanoUsd),
        moneyOf(stored.booked_tokens, stored.cost_nano),
      ),
    );
    return { entry: grown, addedTokens, addedNanoUsd };
  }

  #addToTotals(entry: UsageEntry, usage: Usage, tokens: number, money: Money): void {
    this.#addTotal.run({
      worker: entry.worker,
      model: entry.model ?? "",
      type: entry.type ?? "",
      source: entry.source,
      input: usage.inputTokens,
      cacheRead: usage.cacheReadTokens,
      cacheWrite: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
      output: usage.outputTokens,
      tokens,
      ...money,
    });
  }

  /** Bookings at or after `sinceMs`, oldest first: what the throttle's windows are rebuilt from. */
  bookingsSince(sinceMs: number): BookingRow[] {
    return this.#db
      .prepare<[number], BookingRow>(
        "SELECT at_ms, worker, agent, limit_model AS model, member, attempt_id, booked_tokens, booked_nano, source FROM usage WHERE at_ms >= ? ORDER BY at_ms",
      )
      .all(sinceMs);
  }

  /**
   * What was booked from `fromMs` up to but not including `toMs`, by subject: whole quarters of an hour from the kept
   * sums, the edges from the rows themselves. Exact for any two moments.
   */
  spentBetween(fromMs: number, toMs: number): SpanSpendRow[] {
    const innerFromMs = Math.min(toMs, Math.ceil(fromMs / quarterMs) * quarterMs);
    const innerToMs = Math.max(innerFromMs, Math.floor(toMs / quarterMs) * quarterMs);
    return this.#spentBetween.all({ fromMs, innerFromMs, innerToMs, toMs });
  }

  /** Ids of the price tables that priced what is booked, each found by one step along their index. */
  priceTables(): string[] {
    const sql = `WITH RECURSIVE found (id) AS (
      SELECT min(price_table) FROM usage
      UNION ALL SELECT (SELECT min(price_table) FROM usage WHERE price_table > found.id) FROM found WHERE id IS NOT NULL
    ) SELECT id FROM found WHERE id IS NOT NULL`;
    return this.#db
      .prepare<[], { id: string }>(sql)
      .all()
      .map(({ id }) => id);
  }

  /** When the first usage was booked; null = none yet. */
  firstBookingMs(): number | null {
    return (
      this.#db.prepare<[], { at: number | null }>("SELECT min(at_ms) AS at FROM usage").get()?.at ?? null
    );
  }

  /** Reservations not settled, each with what its attempt had used before a moment. */
  openReservations(beforeMs = 0): ReservationRow[] {
    const used = (column: string): string =>
      `(SELECT total(${column}) FROM usage WHERE attempt_id = reservation.attempt_id AND at_ms < @beforeMs)`;
    return this.#db
      .prepare<{ beforeMs: number }, ReservationRow>(
        `SELECT attempt_id, worker, agent, model, (SELECT member FROM attempt WHERE id = attempt_id) AS member, tokens, nano, owed_tokens, owed_nano, oversized, since_ms,
          ${used("booked_tokens")} AS used_tokens, ${used("booked_nano")} AS used_nano
         FROM reservation WHERE settled_at_ms IS NULL`,
      )
      .all({ beforeMs });
  }

  spendTotals(): SpendTotalRow[] {
    return this.#spendTotals.all();
  }

  outcomeTotals(): OutcomeTotalRow[] {
    return this.#outcomeTotals.all();
  }

  /** The most recent settled tasks of each class, newest first, for calibration. */
  samples(agent: string, model: string, type: string, count: number): { tokens: number; nano: number }[] {
    return this.#samples.all(agent, model, type, count);
  }

  /** Tokens one worker booked so far: what evens the load. */
  loadOf(worker: string): number {
    return this.#loadOf.get(worker)?.n ?? 0;
  }

  /** Durations of the newest completed tasks, by worker, for the p95. */
  durations(count: number): { worker: string; duration_ms: number }[] {
    return this.#db
      .prepare<[number], { worker: string; duration_ms: number }>(
        "SELECT worker, duration_ms FROM sample ORDER BY id DESC LIMIT ?",
      )
      .all(count);
  }

  /** What one attempt has booked so far. */
  ofAttempt(attemptId: string): AttemptSpend {
    const row = this.#ofAttempt.get(attemptId);
    return {
      tokens: row?.tokens ?? 0,
      nano: row?.nano ?? 0,
      cost: row === undefined || row.unpriced > 0 ? null : row.cost,
      rows: row?.rows ?? 0,
      source: row?.source ?? null,
      flags: [...new Set((row?.flags ?? "").split(",").filter((flag) => flag !== ""))],
      priceTables: row?.tables?.split(",") ?? [],
    };
  }

  /** Was this booked already, for another attempt or for none? */
  isOthers(key: string, attemptId: string): boolean {
    const sql = "SELECT attempt_id FROM usage WHERE key = ?";
    const row = this.#db.prepare<[string], { attempt_id: string | null }>(sql).get(key);
    return row !== undefined && row.attempt_id !== attemptId;
  }

  /** Raw counters of one attempt. */
  usageOfAttempt(attemptId: string): Usage {
    const row = this.#db
      .prepare<[string], StoredCounters>(
        `SELECT total(input) AS input, total(cache_read) AS cache_read, total(cache_write_5m) AS cache_write_5m,
          total(cache_write_1h) AS cache_write_1h, total(output) AS output, total(reasoning) AS reasoning,
          total(web_searches) AS web_searches
         FROM usage WHERE attempt_id = ?`,
      )
      .get(attemptId);
    return row === undefined ? NO_USAGE : usageOfRow(row);
  }
}

function valuesOf(entry: UsageEntry): Record<string, string | number | null> {
  return {
    key: entry.key,
    attemptId: entry.attemptId,
    taskId: entry.taskId,
    worker: entry.worker,
    agent: entry.agent,
    model: entry.model,
    type: entry.type,
    atMs: entry.atMs,
    source: entry.source,
    input: entry.usage.inputTokens,
    cacheRead: entry.usage.cacheReadTokens,
    cacheWrite5m: entry.usage.cacheWrite5mTokens,
    cacheWrite1h: entry.usage.cacheWrite1hTokens,
    output: entry.usage.outputTokens,
    reasoning: entry.usage.reasoningTokens,
    webSearches: entry.usage.webSearches ?? 0,
    bookedTokens: entry.bookedTokens,
    bookedNano: entry.bookedNanoUsd,
    costNano: entry.costNanoUsd,
    priceTable: entry.priceTable,
    sessionId: entry.sessionId,
    cliVersion: entry.cliVersion,
    flags: entry.flags.join(","),
    limitModel: entry.limitModel,
    member: entry.member ?? null,
  };
}

/** What a booking adds to the sums: its cost, or its tokens to those whose cost is not known. */
interface Money {
  readonly nano: number;
  readonly unpriced: number;
}

function moneyOf(tokens: number, costNano: number | null): Money {
  return costNano === null ? { nano: 0, unpriced: tokens } : { nano: costNano, unpriced: 0 };
}

function lessMoney(now: Money, before: Money): Money {
  return { nano: now.nano - before.nano, unpriced: now.unpriced - before.unpriced };
}

/**
 * A later sighting laid over the row: the larger of each counter, and everything else as it stands. It grows where it
 * is, at its first sight and for its first owner, so that windows count it alike before and after a new start.
 */
function grownEntry(entry: UsageEntry, stored: StoredRow): UsageEntry {
  const { costNanoUsd } = entry;
  return {
    ...entry,
    attemptId: stored.attempt_id,
    taskId: stored.task_id,
    worker: stored.worker,
    agent: stored.agent,
    model: stored.model,
    limitModel: stored.limit_model,
    member: stored.member,
    type: stored.type,
    atMs: stored.at_ms,
    source: stored.source,
    usage: mergeUsage(entry.usage, usageOfRow(stored)),
    bookedTokens: Math.max(entry.bookedTokens, stored.booked_tokens),
    bookedNanoUsd: Math.max(entry.bookedNanoUsd, stored.booked_nano),
    costNanoUsd: costNanoUsd === null ? null : Math.max(costNanoUsd, stored.cost_nano ?? 0),
  };
}

function growth(usage: Usage, stored: StoredUsage): Usage {
  return {
    inputTokens: usage.inputTokens - stored.input,
    cacheReadTokens: usage.cacheReadTokens - stored.cache_read,
    cacheWrite5mTokens: usage.cacheWrite5mTokens - stored.cache_write_5m,
    cacheWrite1hTokens: usage.cacheWrite1hTokens - stored.cache_write_1h,
    outputTokens: usage.outputTokens - stored.output,
    reasoningTokens: usage.reasoningTokens - stored.reasoning,
  };
}
