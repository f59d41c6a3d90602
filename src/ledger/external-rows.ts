/** Usage that is no task's, as rows of its own: a person's sessions on the same accounts. It is never in our sums. */
import type { Db } from "./database.ts";
import type { UsageEntry } from "./spend-rows.ts";
import { commitPoint, written } from "./storage-fault.ts";

const BOOK = commitPoint("external-usage.commit");

/** What one booking added. */
export interface ExternalAdded {
  readonly atMs: number;
  readonly agent: string;
  readonly model: string | null;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** A booking of a person's, and the account whose credentials it was made with. */
export type ExternalEntry = UsageEntry & { readonly account: string };

/** What was used of one account in a span of time. */
export interface ExternalSum {
  readonly agent: string;
  /** The agent's own account has its name. */
  readonly account: string;
  readonly responses: number;
  /** As limits count them. */
  readonly tokens: number;
  /** Sum of the costs that are known. */
  readonly nano: number;
  /** Responses whose cost is not known. */
  readonly unpriced: number;
}

interface BookingRow {
  at_ms: number;
  agent: string;
  model: string | null;
  tokens: number;
  nano: number;
}

export class ExternalRows {
  readonly #db: Db;
  readonly #find;
  readonly #save;
  readonly #isOurs;

  constructor(db: Db) {
    this.#db = db;
    this.#find = db.prepare<[string], { tokens: number; nano: number }>(
      "SELECT tokens, nano FROM external_usage WHERE key = ?",
    );
    this.#save = db.prepare(
      `INSERT INTO external_usage (key, agent, account, model, at_ms, tokens, nano, cost_nano)
       VALUES (@key, @agent, @account, @model, @atMs, @tokens, @nano, @cost)
       ON CONFLICT DO UPDATE SET tokens = @tokens, nano = @nano, cost_nano = @cost`,
    );
    this.#isOurs = db.prepare<[string], { n: number }>("SELECT count(*) AS n FROM usage WHERE key = ?");
  }

  /** Books what is new, or has grown, and is not booked as ours, in one commit. */
  book(entries: readonly ExternalEntry[]): ExternalAdded[] {
    return written(BOOK, () =>
      this.#db.transaction(() => entries.flatMap((entry) => this.#bookOne(entry) ?? [])).immediate(),
    );
  }

  #bookOne(entry: ExternalEntry): ExternalAdded | null {
    const { key, agent, account, model, atMs, costNanoUsd } = entry;
    if ((this.#isOurs.get(key)?.n ?? 0) > 0) return null;
    const known = this.#find.get(key) ?? { tokens: 0, nano: 0 };
    const tokens = Math.max(known.tokens, entry.bookedTokens);
    const nano = Math.max(known.nano, entry.bookedNanoUsd);
    if (tokens === known.tokens && nano === known.nano) return null;
    this.#save.run({ key, agent, account, model, atMs, tokens, nano, cost: costNanoUsd });
    return { atMs, agent, model, tokens: tokens - known.tokens, nanoUsd: nano - known.nano };
  }

  /** By account, from a moment on; the largest first. */
  sums(fromMs: number): ExternalSum[] {
    return this.#db
      .prepare<[number], ExternalSum>(
        `SELECT agent, iif(account = '', agent, account) AS account, count(*) AS responses, sum(tokens) AS tokens, total(cost_nano) AS nano,
          count(*) - count(cost_nano) AS unpriced
         FROM external_usage WHERE at_ms >= ? GROUP BY 1, 2 ORDER BY tokens DESC`,
      )
      .all(fromMs);
  }

  /** One by one from a moment on, oldest first: what the limits on agents are rebuilt from. */
  since(fromMs: number): ExternalAdded[] {
    return this.#db
      .prepare<[number], BookingRow>(
        "SELECT at_ms, agent, model, tokens, nano FROM external_usage WHERE at_ms >= ? ORDER BY at_ms",
      )
      .all(fromMs)
      .map(({ at_ms, agent, model, tokens, nano }) => ({ atMs: at_ms, agent, model, tokens, nanoUsd: nano }));
  }

  /** Conversations that are ours: of workers, and of attempts. */
  ownSessions(): Set<string> {
    const sql = `SELECT session_id AS id FROM attempt WHERE session_id IS NOT NULL
      UNION SELECT session_id FROM worker WHERE session_id IS NOT NULL`;
    return new Set(
      this.#db
        .prepare<[], { id: string }>(sql)
        .all()
        .map(({ id }) => id),
    );
  }
}
