/** What the rules found, as rows: since when, and what became of it. */
import type { Finding, KeptFinding, Rule } from "../optimization/rules.ts";
import type { Db } from "./database.ts";

interface FindingRow {
  id: number;
  rule: Rule;
  subject: string;
  evidence: string;
  suggestion: string;
  state: KeptFinding["state"];
  since_ms: number;
  ended_at_ms: number | null;
}

export class FindingRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Those that are not over, by rule and subject. */
  standing(): KeptFinding[] {
    return this.#rows("WHERE state <> 'resolved' ORDER BY rule, subject", []);
  }

  /** The newest, whatever became of them. */
  newest(count: number): KeptFinding[] {
    return this.#rows("ORDER BY id DESC LIMIT ?", [count]).reverse();
  }

  byId(id: number): KeptFinding | null {
    return this.#rows("WHERE id = ?", [id])[0] ?? null;
  }

  /** How many nobody has acknowledged. */
  openCount(): number {
    const sql = "SELECT count(*) AS n FROM finding WHERE state = 'open'";
    return this.#db.prepare<[], { n: number }>(sql).get()?.n ?? 0;
  }

  /** Inside a transaction, as are the next three. */
  add({ rule, subject, evidence, suggestion }: Finding, atMs: number): void {
    this.#db
      .prepare(
        "INSERT INTO finding (rule, subject, evidence, suggestion, state, since_ms) VALUES (?, ?, ?, ?, 'open', ?)",
      )
      .run(rule, subject, evidence, suggestion, atMs);
  }

  renew(id: number, { evidence, suggestion }: Finding): void {
    this.#db
      .prepare("UPDATE finding SET evidence = ?, suggestion = ? WHERE id = ?")
      .run(evidence, suggestion, id);
  }

  resolve(id: number, atMs: number): void {
    this.#db.prepare("UPDATE finding SET state = 'resolved', ended_at_ms = ? WHERE id = ?").run(atMs, id);
  }

  acknowledge(id: number): void {
    this.#db.prepare("UPDATE finding SET state = 'acknowledged' WHERE id = ? AND state = 'open'").run(id);
  }

  #rows(rest: string, values: readonly number[]): KeptFinding[] {
    return this.#db
      .prepare<number[], FindingRow>(`SELECT * FROM finding ${rest}`)
      .all(...values)
      .map(({ since_ms, ended_at_ms, ...row }) => ({ ...row, sinceMs: since_ms, endedAtMs: ended_at_ms }));
  }
}
