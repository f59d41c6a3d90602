/** Sessions that coordinate, and what each of their responses used: beside what is booked for limits, never in it. */
import type { UsageSource } from "../metering/usage.ts";
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const MARK = commitPoint("coordinator.commit");
const BOOK = commitPoint("coordination.commit");

export interface Coordinator {
  /** Of its worker, or of the session that drives us. */
  readonly name: string;
  readonly agent: string;
  readonly sessionId: string | null;
  /** Where its record lies; null = nobody could find it. */
  readonly recordPath: string | null;
  readonly sinceMs: number;
  /** null: it still coordinates. */
  readonly untilMs: number | null;
  /** Its record was found: what it used is known, be it nothing. */
  readonly wasRead: boolean;
}

/** One response of a coordinator. */
export interface CoordinationEntry {
  readonly key: string;
  readonly name: string;
  readonly atMs: number;
  readonly source: UsageSource;
  /** As limits count them. */
  readonly tokens: number;
}

export interface CoordinationSum {
  readonly name: string;
  readonly source: UsageSource;
  readonly tokens: number;
  /** The part of them that is booked as no worker's usage. */
  readonly apart: number;
}

interface CoordinatorRow {
  name: string;
  agent: string;
  session_id: string | null;
  record_path: string | null;
  since_ms: number;
  until_ms: number | null;
  was_read: number;
}

export class CoordinatorRows {
  readonly #db: Db;
  readonly #book;

  constructor(db: Db) {
    this.#db = db;
    this.#book = db.prepare(
      `INSERT INTO coordination VALUES (@key, @name, @atMs, @source, @tokens)
       ON CONFLICT DO UPDATE SET tokens = max(tokens, excluded.tokens)`,
    );
  }

  /** It coordinates from now on, or still does; what is known of its record is kept. */
  mark(coordinator: Omit<Coordinator, "untilMs" | "wasRead">): void {
    const sql = `INSERT INTO coordinator VALUES (@name, @agent, @sessionId, @recordPath, @sinceMs, NULL, 0)
      ON CONFLICT DO UPDATE SET until_ms = NULL, agent = excluded.agent,
        session_id = coalesce(excluded.session_id, session_id), record_path = coalesce(excluded.record_path, record_path)`;
    written(MARK, () => this.#db.prepare(sql).run(coordinator));
  }

  /** It coordinates no more. */
  unmark(name: string, atMs: number): void {
    const sql = "UPDATE coordinator SET until_ms = ? WHERE name = ? AND until_ms IS NULL";
    written(MARK, () => this.#db.prepare(sql).run(atMs, name));
  }

  all(): Coordinator[] {
    return this.#db
      .prepare<[], CoordinatorRow>("SELECT * FROM coordinator ORDER BY since_ms, name")
      .all()
      .map(({ name, agent, session_id, record_path, since_ms, until_ms, was_read }) => ({
        ...{ name, agent, sessionId: session_id, recordPath: record_path },
        ...{ sinceMs: since_ms, untilMs: until_ms, wasRead: was_read === 1 },
      }));
  }

  /** Is this worker one now? */
  isOne(name: string): boolean {
    const sql = "SELECT 1 AS found FROM coordinator WHERE name = ? AND until_ms IS NULL";
    return this.#db.prepare<[string], { found: number }>(sql).get(name) !== undefined;
  }

  /** What was found in the record of one: each response once, whatever it had grown to. */
  book(
    { name, wasRead }: Pick<Coordinator, "name" | "wasRead">,
    entries: readonly CoordinationEntry[],
  ): void {
    if (entries.length === 0 && wasRead) return;
    written(BOOK, () =>
      this.#db
        .transaction(() => {
          this.#db.prepare("UPDATE coordinator SET was_read = 1 WHERE name = ?").run(name);
          for (const entry of entries) this.#book.run(entry);
        })
        .immediate(),
    );
  }

  /** In this span of time, oldest first. */
  between(fromMs: number, untilMs: number): CoordinationEntry[] {
    const sql =
      "SELECT key, name, at_ms AS atMs, source, tokens FROM coordination WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, key";
    return this.#db.prepare<[number, number], CoordinationEntry>(sql).all(fromMs, untilMs);
  }

  /** By whose they are and how that is known. */
  sums(): CoordinationSum[] {
    const sql = `SELECT name, source, sum(tokens) AS tokens,
      sum(iif(EXISTS (SELECT 1 FROM usage WHERE usage.key = coordination.key), 0, tokens)) AS apart
      FROM coordination GROUP BY name, source`;
    return this.#db.prepare<[], CoordinationSum>(sql).all();
  }
}
