/** Finished tasks as rows: what estimates are learnt from, and scored against. Each tells all that is asked of it. */
import type { FinishedTask } from "../delegation/forecast.ts";
import type { Db } from "./database.ts";

/** A completed attempt whose usage is known. */
export interface SampleRow {
  readonly id: number;
  readonly agent: string;
  /** Empty: the agent's own default. */
  readonly model: string;
  readonly type: string;
  readonly cwd: string;
  readonly prompt_chars: number;
  /** What the plain formula said of the prompt. */
  readonly formula_tokens: number;
  /** As limits count them. */
  readonly tokens: number;
  /** Cache reads included. */
  readonly total_tokens: number;
  /** The dearest known price stands in where a model has none; then `priced` is 0. */
  readonly nano: number;
  readonly priced: number;
}

const COLUMNS =
  "id, agent, model, type, cwd, prompt_chars, formula_tokens, tokens, total_tokens, nano, priced";

export class SampleRows {
  readonly #db: Db;
  readonly #add;
  readonly #after;

  constructor(db: Db) {
    this.#db = db;
    this.#add = db.prepare<[number, string]>(
      `INSERT INTO sample (agent, model, type, tokens, nano, duration_ms, worker, attempt_id, cwd, prompt_chars,
        formula_tokens, total_tokens, priced)
       SELECT task.agent, coalesce(task.model, ''), task.type, coalesce(sum(booked_tokens), 0),
        coalesce(sum(coalesce(cost_nano, booked_nano)), 0), ?, attempt.worker, attempt.id, task.cwd,
        length(task.text) + coalesce(length(task.preamble) + 2, 0), task.estimate_tokens,
        coalesce(sum(input + cache_read + cache_write_5m + cache_write_1h + output), 0),
        count(usage.key) = count(cost_nano)
       FROM attempt JOIN task ON task.id = attempt.task_id LEFT JOIN usage ON usage.attempt_id = attempt.id
       WHERE attempt.id = ? GROUP BY attempt.id`,
    );
    this.#after = db.prepare<[number, number], SampleRow>(
      `SELECT ${COLUMNS} FROM sample WHERE id > ? ORDER BY id LIMIT ?`,
    );
  }

  /** Takes a completed attempt with what it has booked. Inside the transaction that ends it. */
  add(attemptId: string, durationMs: number): void {
    this.#add.run(durationMs, attemptId);
  }

  /** Tasks that ended after this one, oldest first. */
  after(id: number, count: number): SampleRow[] {
    return this.#after.all(id, count);
  }

  /** The newest tasks, oldest of them first. */
  newest(count: number): SampleRow[] {
    return this.#db
      .prepare<[number], SampleRow>(`SELECT ${COLUMNS} FROM sample ORDER BY id DESC LIMIT ?`)
      .all(count)
      .reverse();
  }

  /** How long the newest finished tasks of an agent took; type null = of any type. */
  durations(agent: string, type: string | null, count: number): number[] {
    const sql = `SELECT duration_ms FROM sample WHERE agent = @agent AND (@type IS NULL OR type = @type)
      ORDER BY id DESC LIMIT @count`;
    const values = { agent, type, count };
    return this.#db
      .prepare<typeof values, { duration_ms: number }>(sql)
      .all(values)
      .map(({ duration_ms }) => duration_ms);
  }

  /** Their costs once bookings have been priced again. Inside that transaction. */
  reprice(): void {
    this.#db.exec(
      `UPDATE sample SET
        nano = (SELECT total(coalesce(cost_nano, booked_nano)) FROM usage WHERE attempt_id = sample.attempt_id),
        priced = (SELECT count(*) = count(cost_nano) FROM usage WHERE attempt_id = sample.attempt_id)
       WHERE attempt_id IN (SELECT attempt_id FROM usage)`,
    );
  }
}

/** A row as forecasts take it. */
export function finishedTask(row: SampleRow): FinishedTask {
  const { agent, model, type, cwd, prompt_chars, tokens, total_tokens, nano, priced } = row;
  return {
    ...{ agent, model, type, tokens },
    folder: cwd,
    promptChars: prompt_chars,
    totalTokens: total_tokens,
    nanoUsd: nano,
    priced: priced === 1,
  };
}
