/** Events as rows, what became of each, and the keys by which one that comes again is known. */
import type { Envelope } from "../activation/envelope.ts";
import type { Outcome } from "../activation/trigger.ts";
import type { Db } from "./database.ts";

/** An event that was taken. */
export interface KeptEvent {
  readonly seq: number;
  readonly event: Envelope;
  /** Wakes that led to it. */
  readonly depth: number;
  readonly foreign: boolean;
  /** How it came: command, inbox, hook, task, schedule, message. */
  readonly via: string;
  readonly acceptedMs: number;
  /** How often it came again. */
  readonly duplicates: number;
}

/** What became of an event for one trigger; `trigger` '' = no trigger looks at such events. */
export interface Fate {
  readonly eventSeq: number;
  readonly trigger: string;
  readonly wakeId: number | null;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly expiresMs: number | null;
}

/** What a list of events is narrowed by; null = everything. */
export interface EventQuery {
  readonly type: string | null;
  readonly outcome: Outcome | null;
  readonly wakeId: number | null;
  readonly sinceMs: number | null;
  readonly limit: number;
}

interface EventRow {
  seq: number;
  envelope: string;
  depth: number;
  foreign_text: number;
  via: string;
  accepted_ms: number;
  duplicates: number;
}

interface FateRow {
  event_seq: number;
  trigger_name: string;
  wake_id: number | null;
  outcome: Outcome;
  reason: string | null;
  expires_ms: number | null;
}

export class EventRows {
  readonly #db: Db;
  readonly #insert;
  readonly #key;
  readonly #addKey;
  readonly #addFate;
  readonly #nextExpiry;

  constructor(db: Db) {
    this.#db = db;
    this.#insert = db.prepare(
      `INSERT INTO event (source, id, type, envelope, depth, foreign_text, via, accepted_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#key = db.prepare<[string, string, number], { seq: number }>(
      "SELECT seq FROM event_key WHERE source = ? AND key = ? AND until_ms > ?",
    );
    this.#addKey = db.prepare("INSERT OR REPLACE INTO event_key VALUES (?, ?, ?, ?)");
    this.#addFate = db.prepare("INSERT INTO event_fate VALUES (?, ?, ?, ?, ?, ?)");
    this.#nextExpiry = db.prepare<[], { at: number | null }>(
      "SELECT min(expires_ms) AS at FROM event_fate WHERE outcome = 'held' AND expires_ms IS NOT NULL",
    );
  }

  /** The event a source's key names; null: none, or it was too long ago. */
  byKey(source: string, key: string, nowMs: number): number | null {
    return this.#key.get(source, key, nowMs)?.seq ?? null;
  }

  bySeq(seq: number): KeptEvent | null {
    const row = this.#db.prepare<[number], EventRow>("SELECT * FROM event WHERE seq = ?").get(seq);
    return row === undefined ? null : keptOf(row);
  }

  /** The newest with this id, whatever its source. */
  byId(id: string): KeptEvent | null {
    const row = this.#db
      .prepare<[string], EventRow>("SELECT * FROM event WHERE id = ? ORDER BY seq DESC LIMIT 1")
      .get(id);
    return row === undefined ? null : keptOf(row);
  }

  /** Newest first. */
  list({ type, outcome, wakeId, sinceMs, limit }: EventQuery): KeptEvent[] {
    const sql = `SELECT * FROM event WHERE (@type IS NULL OR type = @type OR type LIKE @prefix ESCAPE '\\')
      AND (@sinceMs IS NULL OR accepted_ms >= @sinceMs)
      AND (@outcome IS NULL OR EXISTS (SELECT 1 FROM event_fate WHERE event_seq = seq AND outcome = @outcome))
      AND (@wakeId IS NULL OR seq IN (SELECT event_seq FROM event_fate WHERE wake_id = @wakeId))
      ORDER BY seq DESC LIMIT @limit`;
    const prefix = type === null ? null : `${type.replace(/\.\*$/, "").replace(/[\\%_]/g, "\\$&")}.%`;
    return this.#db
      .prepare<[object], EventRow>(sql)
      .all({ type, prefix, outcome, wakeId, sinceMs, limit })
      .map(keptOf);
  }

  fatesOf(seq: number): Fate[] {
    return this.#db
      .prepare<[number], FateRow>("SELECT * FROM event_fate WHERE event_seq = ? ORDER BY trigger_name")
      .all(seq)
      .map(fateOf);
  }

  /** The first events of a wake, in the order they came. */
  ofWake(wakeId: number, limit: number): KeptEvent[] {
    return this.#db
      .prepare<[number, number], EventRow>(
        `SELECT event.* FROM event_fate JOIN event ON seq = event_seq WHERE wake_id = ?
         AND outcome IN ('held', 'delivered', 'merged') ORDER BY event_seq LIMIT ?`,
      )
      .all(wakeId, limit)
      .map(keptOf);
  }

  /** How many events came to each outcome; one that concerns several triggers counts for each. */
  outcomes(): Map<Outcome, number> {
    const sql = "SELECT outcome, count(*) AS n FROM event_fate GROUP BY outcome";
    const rows = this.#db.prepare<[], { outcome: Outcome; n: number }>(sql).all();
    return new Map(rows.map(({ outcome, n }) => [outcome, n]));
  }

  /** Those that no wake carries and that were put aside (loops), newest first. */
  deadAlone(limit: number): KeptEvent[] {
    return this.#db
      .prepare<[number], EventRow>(
        `SELECT * FROM event WHERE seq IN
          (SELECT event_seq FROM event_fate WHERE outcome = 'dead' AND wake_id IS NULL AND reason NOT LIKE 'dropped%')
         ORDER BY seq DESC LIMIT ?`,
      )
      .all(limit)
      .map(keptOf);
  }

  /** When the next event that waits is of no use any more; null: never. */
  nextExpiryMs(): number | null {
    return this.#nextExpiry.get()?.at ?? null;
  }

  /** Is there anything to forget? */
  hasOld(beforeMs: number, nowMs: number): boolean {
    const sql = `SELECT EXISTS (SELECT 1 FROM event WHERE accepted_ms < ?) OR EXISTS (SELECT 1 FROM event_key WHERE until_ms <= ?) AS old`;
    return this.#db.prepare<[number, number], { old: number }>(sql).get(beforeMs, nowMs)?.old === 1;
  }

  // ── inside a transaction ────────────────────────────────────────────────────────────────────────

  insert({ event, depth, foreign, via, acceptedMs }: Omit<KeptEvent, "seq" | "duplicates">): number {
    const { source, id, type } = event;
    const text = JSON.stringify(event);
    const { lastInsertRowid } = this.#insert.run(
      source,
      id,
      type,
      text,
      depth,
      foreign ? 1 : 0,
      via,
      acceptedMs,
    );
    return Number(lastInsertRowid);
  }

  addKey(source: string, key: string, seq: number, untilMs: number): void {
    this.#addKey.run(source, key, seq, untilMs);
  }

  cameAgain(seq: number): void {
    this.#db.prepare("UPDATE event SET duplicates = duplicates + 1 WHERE seq = ?").run(seq);
  }

  addFate({ eventSeq, trigger, wakeId, outcome, reason, expiresMs }: Fate): void {
    this.#addFate.run(eventSeq, trigger, wakeId, outcome, reason, expiresMs);
  }

  /** The wake's first event leads, the others are merged into it. */
  delivered(wakeId: number): void {
    const lead = this.#db
      .prepare<[number], { seq: number | null }>(
        "SELECT min(event_seq) AS seq FROM event_fate WHERE wake_id = ? AND outcome = 'held'",
      )
      .get(wakeId);
    this.#db
      .prepare(
        `UPDATE event_fate SET reason = NULL, outcome = CASE event_seq WHEN ? THEN 'delivered' ELSE 'merged' END
         WHERE wake_id = ? AND outcome = 'held'`,
      )
      .run(lead?.seq ?? null, wakeId);
  }

  /** What waits in a wake comes to this end. */
  end(wakeId: number, outcome: Outcome, reason: string): void {
    this.#db
      .prepare("UPDATE event_fate SET outcome = ?, reason = ? WHERE wake_id = ? AND outcome = 'held'")
      .run(outcome, reason, wakeId);
  }

  /** What was put aside with a wake waits again. */
  revive(wakeId: number): void {
    this.#db
      .prepare("UPDATE event_fate SET outcome = 'held', reason = NULL WHERE wake_id = ? AND outcome = 'dead'")
      .run(wakeId);
  }

  /** One that no wake carries is no longer among those that wait for a person. */
  drop(seq: number): void {
    this.#db
      .prepare(
        "UPDATE event_fate SET reason = 'dropped: ' || reason WHERE event_seq = ? AND wake_id IS NULL AND outcome = 'dead'",
      )
      .run(seq);
  }

  /** The events of a wake go to another. */
  move(fromWakeId: number, toWakeId: number): void {
    this.#db
      .prepare("UPDATE event_fate SET wake_id = ? WHERE wake_id = ? AND outcome = 'held'")
      .run(toWakeId, fromWakeId);
  }

  /** Ends those that still gather or wait and are of no use any more. Returns how many of each wake. */
  expire(nowMs: number): Map<number, number> {
    const late = `outcome = 'held' AND expires_ms <= ?
      AND wake_id IN (SELECT id FROM wake WHERE state IN ('debounce', 'batch', 'ready') AND ended_ms IS NULL)`;
    const rows = this.#db
      .prepare<[number], { wake_id: number; n: number }>(
        `SELECT wake_id, count(*) AS n FROM event_fate WHERE ${late} GROUP BY wake_id`,
      )
      .all(nowMs);
    if (rows.length > 0)
      this.#db
        .prepare(`UPDATE event_fate SET outcome = 'expired', reason = 'it waited too long' WHERE ${late}`)
        .run(nowMs);
    return new Map(rows.map(({ wake_id, n }) => [wake_id, n]));
  }

  /** Forgets ended events taken before then, with their fates and wakes, and keys that are over. Returns how many. */
  prune(beforeMs: number, nowMs: number): number {
    const old = `accepted_ms < ? AND NOT EXISTS (SELECT 1 FROM event_fate WHERE event_seq = seq AND outcome = 'held')`;
    this.#db
      .prepare(`DELETE FROM event_fate WHERE event_seq IN (SELECT seq FROM event WHERE ${old})`)
      .run(beforeMs);
    const { changes } = this.#db
      .prepare(
        "DELETE FROM event WHERE accepted_ms < ? AND NOT EXISTS (SELECT 1 FROM event_fate WHERE event_seq = seq)",
      )
      .run(beforeMs);
    this.#db
      .prepare(
        "DELETE FROM wake WHERE ended_ms < ? AND NOT EXISTS (SELECT 1 FROM event_fate WHERE wake_id = wake.id)",
      )
      .run(beforeMs);
    this.#db.prepare("DELETE FROM event_key WHERE until_ms <= ?").run(nowMs);
    return changes;
  }
}

function keptOf(row: EventRow): KeptEvent {
  return {
    seq: row.seq,
    event: JSON.parse(row.envelope) as Envelope,
    depth: row.depth,
    foreign: row.foreign_text === 1,
    via: row.via,
    acceptedMs: row.accepted_ms,
    duplicates: row.duplicates,
  };
}

function fateOf(row: FateRow): Fate {
  return {
    eventSeq: row.event_seq,
    trigger: row.trigger_name,
    wakeId: row.wake_id,
    outcome: row.outcome,
    reason: row.reason,
    expiresMs: row.expires_ms,
  };
}
