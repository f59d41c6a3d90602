/** Wakes as rows: how a row reads, and what is asked about them. Changes are the journal's. */
import type { Gate, Wake, WakeState } from "../activation/wake.ts";
import { priorityOfRank, priorityRank } from "../tasks/priority.ts";
import type { Db } from "./database.ts";

interface WakeRow {
  id: number;
  trigger_name: string;
  lane: string;
  target: string | null;
  priority: number;
  foreign_text: number;
  depth: number;
  state: WakeState;
  events: number;
  first_ms: number;
  last_ms: number;
  since_ms: number;
  gate: Gate | null;
  until_ms: number | null;
  reason: string | null;
  not_before_ms: number | null;
  attempts: number;
  task_id: number | null;
  claimed_ms: number | null;
  acked_ms: number | null;
}

/** Ends of a wake: nothing becomes of it any more. */
const ENDS: ReadonlySet<WakeState> = new Set(["done", "merged", "expired", "dead", "dropped"]);

export class WakeRows {
  readonly #db: Db;
  readonly #ofLane;
  readonly #byTask;
  readonly #byId;
  readonly #open;
  readonly #write;

  constructor(db: Db) {
    this.#db = db;
    this.#ofLane = db.prepare<[string, string], WakeRow>(
      "SELECT * FROM wake WHERE trigger_name = ? AND lane = ? AND ended_ms IS NULL ORDER BY id",
    );
    this.#write = db.prepare(
      `UPDATE wake SET priority = ?, foreign_text = ?, depth = ?, state = ?, events = ?, first_ms = ?, last_ms = ?, since_ms = ?,
        gate = ?, until_ms = ?, reason = ?, not_before_ms = ?, attempts = ?, task_id = ?, claimed_ms = ?, acked_ms = ?,
        ended_ms = ? WHERE id = ?`,
    );
    this.#byId = db.prepare<[number], WakeRow>("SELECT * FROM wake WHERE id = ?");
    this.#open = db.prepare<[], WakeRow>("SELECT * FROM wake WHERE ended_ms IS NULL ORDER BY id");
    this.#byTask = db.prepare<[number], WakeRow>("SELECT * FROM wake WHERE task_id = ? LIMIT 1");
  }

  byId(id: number): Wake | null {
    const row = this.#byId.get(id);
    return row === undefined ? null : wakeOf(row);
  }

  /** The wake whose task this is. */
  byTask(taskId: number): Wake | null {
    const row = this.#byTask.get(taskId);
    return row === undefined ? null : wakeOf(row);
  }

  /** Those of a lane that have not ended, oldest first. */
  ofLane(trigger: string, lane: string): Wake[] {
    return this.#ofLane.all(trigger, lane).map(wakeOf);
  }

  /** All that have not ended, oldest first. */
  open(): Wake[] {
    return this.#open.all().map(wakeOf);
  }

  /** Those that were put aside, newest first. */
  dead(limit: number): Wake[] {
    return this.#db
      .prepare<[number], WakeRow>("SELECT * FROM wake WHERE state = 'dead' ORDER BY id DESC LIMIT ?")
      .all(limit)
      .map(wakeOf);
  }

  /** When the lane's last wake was claimed. */
  lastClaimMs(trigger: string, lane: string): number | null {
    const sql =
      "SELECT max(claimed_ms) AS at FROM wake WHERE trigger_name = ? AND lane = ? AND claimed_ms IS NOT NULL";
    return this.#db.prepare<[string, string], { at: number | null }>(sql).get(trigger, lane)?.at ?? null;
  }

  /** Claims of a trigger, newest first. */
  claimsMs(trigger: string, count: number): number[] {
    const sql = `SELECT claimed_ms AS at FROM wake WHERE trigger_name = ? AND claimed_ms IS NOT NULL
      ORDER BY claimed_ms DESC LIMIT ?`;
    return this.#db
      .prepare<[string, number], { at: number }>(sql)
      .all(trigger, count)
      .map(({ at }) => at);
  }

  /** Tokens and nano-dollars booked for the tasks of a trigger's wakes since then. */
  spentSince(trigger: string, sinceMs: number): { tokens: number; nanoUsd: number } {
    const sql = `SELECT coalesce(sum(booked_tokens), 0) AS tokens, coalesce(sum(booked_nano), 0) AS nano
      FROM usage JOIN wake ON wake.task_id = usage.task_id
      WHERE usage.at_ms >= ? AND wake.trigger_name = ? AND wake.state <> 'merged'`;
    const found = this.#db
      .prepare<[number, string], { tokens: number; nano: number }>(sql)
      .get(sinceMs, trigger);
    return { tokens: found?.tokens ?? 0, nanoUsd: found?.nano ?? 0 };
  }

  /** Inside a transaction. Returns its id. */
  insert(wake: Omit<Wake, "id">): number {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO wake (trigger_name, lane, target, priority, foreign_text, depth, state, events, first_ms, last_ms, since_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        wake.trigger,
        wake.lane,
        wake.target,
        priorityRank(wake.priority),
        wake.foreign ? 1 : 0,
        wake.depth,
        wake.state,
        wake.events,
        wake.firstMs,
        wake.lastMs,
        wake.sinceMs,
      );
    return Number(lastInsertRowid);
  }

  /** What may change of a wake, as it stands in `wake`. Inside a transaction. */
  write(wake: Wake, atMs: number): void {
    this.#write.run(
      priorityRank(wake.priority),
      wake.foreign ? 1 : 0,
      wake.depth,
      wake.state,
      wake.events,
      wake.firstMs,
      wake.lastMs,
      wake.sinceMs,
      wake.gate,
      wake.untilMs,
      wake.reason,
      wake.notBeforeMs,
      wake.attempts,
      wake.taskId,
      wake.claimedMs,
      wake.ackedMs,
      ENDS.has(wake.state) ? atMs : null,
      wake.id,
    );
  }
}

function wakeOf(row: WakeRow): Wake {
  return {
    id: row.id,
    trigger: row.trigger_name,
    lane: row.lane,
    target: row.target,
    priority: priorityOfRank(row.priority),
    foreign: row.foreign_text === 1,
    depth: row.depth,
    state: row.state,
    events: row.events,
    firstMs: row.first_ms,
    lastMs: row.last_ms,
    sinceMs: row.since_ms,
    gate: row.gate,
    untilMs: row.until_ms,
    reason: row.reason,
    notBeforeMs: row.not_before_ms,
    attempts: row.attempts,
    taskId: row.task_id,
    claimedMs: row.claimed_ms,
    ackedMs: row.acked_ms,
  };
}
