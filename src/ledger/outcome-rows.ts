/** How attempts ended, by agent, type and model, with what they cost: read from the rows that are always kept. */
import type { ModelClass } from "../optimization/model-moves.ts";
import type { Outcome, TaskType } from "../tasks/task.ts";
import type { Db } from "./database.ts";

interface ClassRow {
  agent: string;
  type: TaskType;
  model: string;
  ended: number;
  completed: number;
  priced_ended: number;
  priced_completed: number;
  nano: number;
}

export class OutcomeRows {
  readonly #db: Db;
  readonly #count;

  constructor(db: Db) {
    this.#db = db;
    this.#count = db.prepare<[string, string, string, string, number]>(
      `INSERT INTO outcome_total VALUES (?, ?, ?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET n = n + 1, duration_ms = duration_ms + excluded.duration_ms`,
    );
  }

  /** One more attempt has ended so. Inside the transaction that ends it. */
  count(worker: string, type: TaskType, outcome: Outcome["kind"], source: string, durationMs: number): void {
    this.#count.run(worker, type, outcome, source, durationMs);
  }

  /** The agent and model that an agent of the roster ran most of its newest ended attempts with; null: it ran none. */
  usualModel(member: string, most: number): { readonly agent: string; readonly model: string } | null {
    const sql = `SELECT agent, model FROM (
        SELECT agent, coalesce(model, '') AS model FROM attempt
        WHERE member = ? AND outcome IN ('completed', 'failed', 'lost') ORDER BY rowid DESC LIMIT ?
      ) GROUP BY agent, model ORDER BY count(*) DESC, agent, model LIMIT 1`;
    return (
      this.#db.prepare<[string, number], { agent: string; model: string }>(sql).get(member, most) ?? null
    );
  }

  /**
   * The newest ended attempts, summed up. A lost one did not succeed, a cancelled one says nothing. A cost counts where
   * all of it is measured: estimated, unknown and unpriced usage leave the attempt out of it.
   */
  classes(most: number): ModelClass[] {
    const sql = `SELECT agent, type, model, count(*) AS ended, sum(done) AS completed, sum(nano IS NOT NULL) AS priced_ended,
        coalesce(sum(done) FILTER (WHERE nano IS NOT NULL), 0) AS priced_completed, coalesce(sum(nano), 0) AS nano
      FROM (
        SELECT attempt.agent, task.type, coalesce(attempt.model, '') AS model, attempt.outcome = 'completed' AS done,
          (SELECT iif(count(*) = count(iif(source IN ('actual', 'simulated'), cost_nano, NULL)), coalesce(sum(cost_nano), 0), NULL)
           FROM usage WHERE attempt_id = attempt.id) AS nano
        FROM attempt JOIN task ON task.id = attempt.task_id
        WHERE attempt.outcome IN ('completed', 'failed', 'lost') ORDER BY attempt.rowid DESC LIMIT ?
      ) GROUP BY agent, type, model ORDER BY agent, type, model`;
    return this.#db
      .prepare<[number], ClassRow>(sql)
      .all(most)
      .map(({ priced_ended, priced_completed, nano, ...row }) => ({
        ...row,
        ...{ pricedEnded: priced_ended, pricedCompleted: priced_completed, nanoUsd: nano },
      }));
  }
}
