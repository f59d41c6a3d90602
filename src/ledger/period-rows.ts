/**
 * What reports are made from: the sums kept of usage by quarter of an hour, and the attempts that ended in a span of
 * time, one by one. Nothing here is as large as the span is long.
 */
import type { UsageSource } from "../metering/usage.ts";
import type { Tier } from "../roster/roster.ts";
import type { Db } from "./database.ts";

/** Usage of one agent, model and type in a span of time. '' stands for none. */
export interface SliceRow {
  readonly member: string;
  /** Kind of agent CLI. */
  readonly agent: string;
  readonly model: string;
  readonly type: string;
  readonly source: UsageSource;
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly output: number;
  readonly web_searches: number;
  /** As limits count them. */
  readonly tokens: number;
  readonly nano: number;
  /** Those of `tokens` whose cost is not known. */
  readonly unpriced: number;
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
  readonly tier: Tier | null;
  /** Ids as JSON; null: it was not counted for a roster. */
  readonly departments: string | null;
  /** What its task has used in all; null: nothing. */
  readonly task_tokens: number | null;
  readonly task_nano: number | null;
  readonly task_unpriced: number | null;
  readonly task_guessed: number | null;
}

export class PeriodRows {
  readonly #slices;
  readonly #ended;
  readonly #text;
  readonly #completed;

  constructor(db: Db) {
    this.#slices = db.prepare<[number, number], SliceRow>(
      `SELECT member, agent, model, type, source, sum(input) AS input, sum(cache_read) AS cache_read,
        sum(cache_write_5m) AS cache_write_5m, sum(cache_write_1h) AS cache_write_1h, sum(output) AS output,
        sum(web_searches) AS web_searches, sum(tokens) AS tokens, sum(nano) AS nano, sum(unpriced) AS unpriced
       FROM spend_slice WHERE from_ms >= ? AND from_ms < ? GROUP BY 1, 2, 3, 4, 5`,
    );
    this.#ended = db.prepare<[number, number], EndedRow>(
      `SELECT attempt.task_id, attempt.outcome, attempt.ended_at_ms - attempt.typed_at_ms AS duration_ms, attempt.agent,
        task.type, attempt.member, invocation.tier, invocation.departments,
        task_spend.tokens AS task_tokens, task_spend.nano AS task_nano, task_spend.unpriced AS task_unpriced,
        task_spend.guessed AS task_guessed
       FROM attempt JOIN task ON task.id = attempt.task_id
        LEFT JOIN invocation ON invocation.attempt_id = attempt.id
        LEFT JOIN task_spend ON task_spend.task_id = attempt.task_id
       WHERE attempt.ended_at_ms >= ? AND attempt.ended_at_ms < ?`,
    );
    this.#completed = db.prepare<[number, number], { n: number }>(
      "SELECT count(*) AS n FROM attempt WHERE ended_at_ms >= ? AND ended_at_ms < ? AND outcome = 'completed'",
    );
    this.#text = db.prepare<[number], { text: string }>("SELECT text FROM task WHERE id = ?");
  }

  /** Sums of what was booked from one moment up to another, both on whole quarters of an hour. */
  slices(fromMs: number, toMs: number): SliceRow[] {
    return this.#slices.all(fromMs, toMs);
  }

  /** Attempts that ended from one moment up to another, as they are read. */
  ended(fromMs: number, toMs: number): IterableIterator<EndedRow> {
    return this.#ended.iterate(fromMs, toMs);
  }

  /** How many attempts ended well from one moment up to another. */
  completed(fromMs: number, toMs: number): number {
    return this.#completed.get(fromMs, toMs)?.n ?? 0;
  }

  textOf(taskId: number): string {
    return this.#text.get(taskId)?.text ?? "";
  }
}
