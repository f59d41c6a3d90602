/** What the rules found, as rows: since when, and what became of it. */
import { findingKey, type Finding, type KeptFinding, type Rule } from "../optimization/rules.ts";
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

/** Findings that are over, and those that are new (id null) or whose evidence is another. */
interface FindingChange {
  readonly gone: readonly number[];
  readonly changed: readonly { readonly id: number | null; readonly finding: Finding }[];
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

  /** What there was of them in a span of time: how many began, were over, and stood at its end; and the newest. */
  between(
    fromMs: number,
    toMs: number,
    count: number,
  ): { opened: number; resolved: number; open: number; newest: KeptFinding[] } {
    const counted = this.#db
      .prepare<{ fromMs: number; toMs: number }, { opened: number; resolved: number; open: number }>(
        `SELECT coalesce(sum(since_ms >= @fromMs), 0) AS opened,
          coalesce(sum(ended_at_ms >= @fromMs AND ended_at_ms < @toMs), 0) AS resolved,
          coalesce(sum(ended_at_ms IS NULL OR ended_at_ms >= @toMs), 0) AS open
         FROM finding WHERE since_ms < @toMs`,
      )
      .get({ fromMs, toMs }) ?? { opened: 0, resolved: 0, open: 0 };
    const there = "WHERE since_ms < ? AND coalesce(ended_at_ms >= ?, 1) ORDER BY id DESC LIMIT ?";
    return { ...counted, newest: this.#rows(there, [toMs, fromMs, count]) };
  }

  byId(id: number): KeptFinding | null {
    return this.#rows("WHERE id = ?", [id])[0] ?? null;
  }

  /** How many nobody has acknowledged. */
  openCount(): number {
    const sql = "SELECT count(*) AS n FROM finding WHERE state = 'open'";
    return this.#db.prepare<[], { n: number }>(sql).get()?.n ?? 0;
  }

  /** What differs from what was found now; null: nothing does. */
  changeTo(found: readonly Finding[]): FindingChange | null {
    const standing = new Map(this.standing().map((kept) => [findingKey(kept), kept]));
    const keys = new Set(found.map(findingKey));
    const gone = [...standing].flatMap(([key, { id }]) => (keys.has(key) ? [] : [id]));
    const changed = found.flatMap((finding) => {
      const kept = standing.get(findingKey(finding));
      return kept?.evidence === finding.evidence ? [] : [{ id: kept?.id ?? null, finding }];
    });
    return gone.length + changed.length === 0 ? null : { gone, changed };
  }

  /** New ones are open, those that are gone are over. Inside a transaction. */
  apply({ gone, changed }: FindingChange, atMs: number): void {
    for (const id of gone)
      this.#db.prepare("UPDATE finding SET state = 'resolved', ended_at_ms = ? WHERE id = ?").run(atMs, id);
    for (const { id, finding } of changed) {
      if (id === null) this.#add(finding, atMs);
      else this.#renew(id, finding);
    }
  }

  #add({ rule, subject, evidence, suggestion }: Finding, atMs: number): void {
    this.#db
      .prepare(
        "INSERT INTO finding (rule, subject, evidence, suggestion, state, since_ms) VALUES (?, ?, ?, ?, 'open', ?)",
      )
      .run(rule, subject, evidence, suggestion, atMs);
  }

  #renew(id: number, { evidence, suggestion }: Finding): void {
    this.#db
      .prepare("UPDATE finding SET evidence = ?, suggestion = ? WHERE id = ?")
      .run(evidence, suggestion, id);
  }

  /** Inside a transaction. */
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
