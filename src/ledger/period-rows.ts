/**
 * What reports are made from: the sums kept of usage by quarter of an hour, and the attempts that ended in a span of
 * time, one by one. Nothing here is as large as the span is long.
 */
import type { UsageSource } from "../metering/usage.ts";
import type { Tier } from "../roster/roster.ts";
import type { Db } from "./database.ts";
import type { MemberPlace } from "./invocation-booking.ts";

/** What one agent used for one type of task in a span of time. '' stands for none. */
export interface SpentRow {
  readonly member: string;
  /** Kind of agent CLI. */
  readonly agent: string;
  readonly type: string;
  readonly source: UsageSource;
  /** As limits count them. */
  readonly tokens: number;
  readonly nano: number;
  /** Those of `tokens` whose cost is not known. */
  readonly unpriced: number;
}

/** What was used of one model in a span of time, by its counters. '' stands for none. */
export interface ModelRow extends Pick<SpentRow, "source" | "tokens" | "nano" | "unpriced"> {
  readonly model: string;
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly output: number;
  readonly web_searches: number;
}

/** An attempt that has ended. */
export interface EndedRow {
  readonly task_id: number;
  readonly outcome: string;
  /** null: nothing was typed. */
  readonly duration_ms: number | null;
  readonly agent: string;
  readonly type: string;
  readonly member: string | null;
  /** What its task has used in all; null: nothing. */
  readonly task_tokens: number | null;
  readonly task_nano: number | null;
  readonly task_unpriced: number | null;
  readonly task_guessed: number | null;
}

export class PeriodRows {
  readonly #spent;
  readonly #models;
  readonly #ended;
  readonly #place;
  readonly #text;
  readonly #completed;

  constructor(db: Db) {
    this.#spent = raw(
      db,
      `SELECT member, agent, type, source, sum(tokens), sum(nano), sum(unpriced)
       FROM spend_slice WHERE from_ms >= ? AND from_ms < ? GROUP BY 1, 2, 3, 4`,
    );
    this.#models = db.prepare<[number, number], ModelRow>(
      `SELECT model, source, sum(input) AS input, sum(cache_read) AS cache_read, sum(cache_write_5m) AS cache_write_5m,
        sum(cache_write_1h) AS cache_write_1h, sum(output) AS output, sum(web_searches) AS web_searches,
        sum(tokens) AS tokens, sum(nano) AS nano, sum(unpriced) AS unpriced
       FROM spend_slice WHERE from_ms >= ? AND from_ms < ? GROUP BY 1, 2`,
    );
    this.#ended = raw(
      db,
      `SELECT attempt.task_id, attempt.outcome, attempt.ended_at_ms - attempt.typed_at_ms, attempt.agent, attempt.member,
        task.type, task_spend.tokens, task_spend.nano, task_spend.unpriced, task_spend.guessed
       FROM attempt JOIN task ON task.id = attempt.task_id
        LEFT JOIN task_spend ON task_spend.task_id = attempt.task_id
       WHERE attempt.ended_at_ms >= ? AND attempt.ended_at_ms < ?`,
    );
    this.#place = db.prepare<[number, number, string], { tier: Tier; departments: string }>(
      `SELECT tier, departments FROM attempt JOIN invocation ON invocation.attempt_id = attempt.id
       WHERE attempt.ended_at_ms >= ? AND attempt.ended_at_ms < ? AND attempt.member = ? AND tier IS NOT NULL
       ORDER BY attempt.ended_at_ms DESC LIMIT 1`,
    );
    this.#completed = db.prepare<[number, number], { n: number }>(
      "SELECT count(*) AS n FROM attempt WHERE ended_at_ms >= ? AND ended_at_ms < ? AND outcome = 'completed'",
    );
    this.#text = db.prepare<[number], { text: string }>("SELECT text FROM task WHERE id = ?");
  }

  /** Sums of what was booked from one moment up to another, both on whole quarters of an hour. */
  *spent(fromMs: number, toMs: number): Generator<SpentRow> {
    for (const [member, agent, type, source, tokens, nano, unpriced] of this.#spent.iterate(fromMs, toMs))
      yield { member, agent, type, source, tokens, nano, unpriced } as SpentRow;
  }

  /** The same by model. */
  models(fromMs: number, toMs: number): ModelRow[] {
    return this.#models.all(fromMs, toMs);
  }

  /** Attempts that ended from one moment up to another, as they are read. */
  *ended(fromMs: number, toMs: number): Generator<EndedRow> {
    for (const row of this.#ended.iterate(fromMs, toMs)) {
      const [task_id, outcome, duration_ms, agent, member, type, ...spent] = row;
      const [task_tokens, task_nano, task_unpriced, task_guessed] = spent;
      const ofTask = { task_tokens, task_nano, task_unpriced, task_guessed };
      yield { task_id, outcome, duration_ms, agent, member, type, ...ofTask } as EndedRow;
    }
  }

  /** Where an agent stood when its last attempt of a span ended; null: none of them was counted for a roster. */
  placeOf(member: string, fromMs: number, toMs: number): MemberPlace | null {
    const row = this.#place.get(fromMs, toMs, member);
    return row === undefined
      ? null
      : { tier: row.tier, departments: JSON.parse(row.departments) as string[] };
  }

  /** How many attempts ended well from one moment up to another. */
  completed(fromMs: number, toMs: number): number {
    return this.#completed.get(fromMs, toMs)?.n ?? 0;
  }

  textOf(taskId: number): string {
    return this.#text.get(taskId)?.text ?? "";
  }
}

/** Rows as lists: many rows with names for their columns take three times as long to read. */
function raw(db: Db, sql: string) {
  return db.prepare<[number, number], readonly unknown[]>(sql).raw();
}
