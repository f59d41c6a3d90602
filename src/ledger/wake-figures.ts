/** Sums over events and wakes: what `events metrics` shows. Only wakes that were delivered count as such. */
import type { Db } from "./database.ts";

export interface WakeFigures {
  readonly delivered: number;
  /** Events those wakes carried. */
  readonly events: number;
  readonly received: number;
  readonly duplicates: number;
  /** From the first event's arrival to the agent's turn, shortest first, in ms. */
  readonly latenciesMs: readonly number[];
  readonly byTrigger: readonly TokensOf[];
  readonly byWorker: readonly TokensOf[];
  /** Tokens of wakes by hour of the last day, 0 = the hour that ends now. */
  readonly byHour: readonly number[];
  readonly completedTasks: number;
  readonly tokens: number;
}

export interface TokensOf {
  readonly name: string;
  readonly wakes: number;
  readonly tokens: number;
}

const hourMs = 3_600_000;
const latenciesMax = 100_000;

export function wakeFigures(db: Db, sinceMs: number, nowMs: number): WakeFigures {
  const one = (sql: string): number => db.prepare<[number], { n: number | null }>(sql).get(sinceMs)?.n ?? 0;
  const spent = `FROM wake JOIN usage ON usage.task_id = wake.task_id WHERE usage.at_ms >= ? AND wake.state <> 'merged'`;
  const by = (column: string): TokensOf[] =>
    db
      .prepare<[number], TokensOf>(
        `SELECT ${column} AS name, count(DISTINCT wake.id) AS wakes, sum(booked_tokens) AS tokens ${spent}
         GROUP BY 1 ORDER BY tokens DESC LIMIT 50`,
      )
      .all(sinceMs);
  const hours = db
    .prepare<[number, number], { hour: number; tokens: number }>(
      `SELECT CAST((? - usage.at_ms) / ${hourMs} AS INTEGER) AS hour, sum(booked_tokens) AS tokens ${spent} GROUP BY 1`,
    )
    .all(nowMs, nowMs - 24 * hourMs);
  const latencies = db
    .prepare<[number], { ms: number }>(
      `SELECT acked_ms - first_ms AS ms FROM wake WHERE acked_ms >= ? ORDER BY 1 LIMIT ${latenciesMax}`,
    )
    .all(sinceMs);
  return {
    delivered: one("SELECT count(*) AS n FROM wake WHERE acked_ms >= ?"),
    events: one("SELECT sum(events) AS n FROM wake WHERE acked_ms >= ?"),
    received: one("SELECT count(*) AS n FROM event WHERE accepted_ms >= ?"),
    duplicates: one("SELECT sum(duplicates) AS n FROM event WHERE accepted_ms >= ?"),
    latenciesMs: latencies.map(({ ms }) => ms),
    byTrigger: by("wake.trigger_name"),
    byWorker: by("usage.worker"),
    byHour: Array.from({ length: 24 }, (_, hour) => hours.find((row) => row.hour === hour)?.tokens ?? 0),
    completedTasks: one(
      `SELECT count(*) AS n FROM wake JOIN task ON task.id = wake.task_id
       WHERE wake.acked_ms >= ? AND task.state = 'completed' AND wake.state <> 'merged'`,
    ),
    tokens: one(`SELECT sum(booked_tokens) AS n ${spent}`),
  };
}
