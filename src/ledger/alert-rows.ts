/**
 * Alerts as rows: which causes stand, what a person was alerted to, what became of it on each channel, and the outbox
 * of messages. A message is on the disk before it is tried, and says so when it was delivered: killed in between, it is
 * delivered again with the same id.
 */
import type { KeptAlert, Signal } from "../alerts/alert.ts";
import type { Cause } from "../alerts/causes.ts";
import type { Placement, WaitingAlert } from "../alerts/delivery-plan.ts";
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const RAISED = commitPoint("alert-raised.commit");
const COMPOSED = commitPoint("alert-message.commit");
const TRIED = commitPoint("alert-tried.commit");
const SEEN = commitPoint("alert-seen.commit");

/** Alerts that are kept, with what became of them; the oldest leave first. */
export const alertsKeptMax = 1_000;

export type DeliveryState = "queued" | "held" | "sent" | "merged" | "muted" | "dead";

/** A message that is not delivered yet. */
export interface OutboxMessage {
  readonly id: string;
  readonly channel: string;
  readonly body: string;
  readonly attempts: number;
  readonly nextMs: number;
}

/** What became of an alert on one channel. */
export interface DeliveryRow {
  readonly channel: string;
  readonly state: DeliveryState;
  readonly dueMs: number | null;
}

export interface AlertHistory extends KeptAlert {
  readonly seenAtMs: number | null;
  readonly deliveries: readonly DeliveryRow[];
}

/** How a channel's outbox stands. */
export interface ChannelStand {
  readonly waiting: number;
  readonly held: number;
  readonly lastSentMs: number | null;
  readonly dead: number;
  /** Of the message that is tried now: how often it failed, and why last. */
  readonly attempts: number;
  readonly fault: string | null;
  readonly nextMs: number | null;
}

export class AlertRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Every cause that is remembered, by its key. */
  causes(): Map<string, Cause> {
    return new Map(
      this.#db
        .prepare<
          [],
          { key: string; told: number; grade: number; better_since_ms: number | null; words: string }
        >("SELECT * FROM alert_cause")
        .all()
        .map(({ key, told, grade, better_since_ms, words }) => [
          key,
          { told, grade, betterSinceMs: better_since_ms, words },
        ]),
    );
  }

  /** A cause as it stands now; null forgets it. */
  saveCause(key: string, cause: Cause | null): void {
    written(RAISED, () => this.#writeCause(key, cause));
  }

  /** A cause that is news, as an alert that goes this way on each channel. Returns its number. */
  raise(
    signal: Signal,
    cause: Cause | null,
    placements: ReadonlyMap<string, Placement>,
    atMs: number,
  ): number {
    const { key, kind, severity, title, text } = signal;
    return written(RAISED, () =>
      this.#db
        .transaction(() => {
          this.#writeCause(key, cause);
          const { lastInsertRowid } = this.#db
            .prepare("INSERT INTO alert (key, kind, severity, title, text, at_ms) VALUES (?, ?, ?, ?, ?, ?)")
            .run(key, kind, severity, title, text, atMs);
          const place = this.#db.prepare(
            "INSERT INTO alert_delivery (alert_id, channel, state, due_ms) VALUES (?, ?, ?, ?)",
          );
          for (const [channel, placement] of placements)
            place.run(
              lastInsertRowid,
              channel,
              placement.state,
              "dueMs" in placement ? placement.dueMs : null,
            );
          this.#forgetOld(Number(lastInsertRowid) - alertsKeptMax);
          return Number(lastInsertRowid);
        })
        .immediate(),
    );
  }

  #writeCause(key: string, cause: Cause | null): void {
    if (cause === null) this.#db.prepare("DELETE FROM alert_cause WHERE key = ?").run(key);
    else
      this.#db
        .prepare("INSERT OR REPLACE INTO alert_cause VALUES (?, ?, ?, ?, ?)")
        .run(key, cause.told, cause.grade, cause.betterSinceMs, cause.words);
  }

  /** Those that still wait for a channel stay. */
  #forgetOld(lastId: number): void {
    if (lastId <= 0) return;
    const old = `SELECT id FROM alert WHERE id <= @lastId AND id NOT IN
      (SELECT alert_id FROM alert_delivery WHERE state IN ('queued', 'held'))`;
    this.#db.prepare(`DELETE FROM alert_delivery WHERE alert_id IN (${old})`).run({ lastId });
    this.#db.prepare(`DELETE FROM alert WHERE id IN (${old})`).run({ lastId });
    this.#db
      .prepare(
        `DELETE FROM alert_message WHERE state <> 'waiting' AND NOT EXISTS
          (SELECT 1 FROM alert_delivery WHERE message_id = alert_message.id)`,
      )
      .run();
  }

  /** Alerts of a channel that no message carries yet, oldest first. */
  waiting(channel: string): WaitingAlert[] {
    return this.#db
      .prepare<
        [string],
        { id: number; severity: WaitingAlert["severity"]; state: "queued" | "held"; due_ms: number }
      >(
        `SELECT alert.id, severity, state, due_ms FROM alert_delivery JOIN alert ON alert.id = alert_id
         WHERE channel = ? AND message_id IS NULL AND state IN ('queued', 'held') ORDER BY alert_id`,
      )
      .all(channel)
      .map(({ id, severity, state, due_ms }) => ({ alertId: id, severity, state, dueMs: due_ms }));
  }

  /** When the channel's messages since then were made, oldest first. */
  composedSince(channel: string, sinceMs: number): number[] {
    return this.#db
      .prepare<[string, number], { at: number }>(
        "SELECT made_at_ms AS at FROM alert_message WHERE channel = ? AND made_at_ms > ? ORDER BY made_at_ms",
      )
      .all(channel, sinceMs)
      .map(({ at }) => at);
  }

  /** In this order. */
  byIds(ids: readonly number[]): KeptAlert[] {
    const one = this.#db.prepare<[number], KeptAlert & { atMs: number }>(
      "SELECT id, kind, severity, title, text, at_ms AS atMs FROM alert WHERE id = ?",
    );
    return ids.flatMap((id) => one.get(id) ?? []);
  }

  /** A message that one alert leads and others are merged into, ready to be tried. */
  compose(message: OutboxMessage, leadId: number, mergedIds: readonly number[], atMs: number): void {
    const { id, channel, body, attempts, nextMs } = message;
    written(COMPOSED, () =>
      this.#db
        .transaction(() => {
          this.#db
            .prepare(
              `INSERT INTO alert_message (id, channel, lead_id, body, state, attempts, next_ms, made_at_ms)
               VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)`,
            )
            .run(id, channel, leadId, body, attempts, nextMs, atMs);
          const carry = this.#db.prepare(
            "UPDATE alert_delivery SET message_id = ?, state = ? WHERE alert_id = ? AND channel = ?",
          );
          // The one that leads is sent when the message is.
          carry.run(id, "queued", leadId, channel);
          for (const mergedId of mergedIds) carry.run(id, "merged", mergedId, channel);
        })
        .immediate(),
    );
  }

  /** The channel's message that is under way; there is one at most. */
  unsent(channel: string): OutboxMessage | null {
    const row = this.#db
      .prepare<[string], { id: string; body: string; attempts: number; next_ms: number }>(
        "SELECT id, body, attempts, next_ms FROM alert_message WHERE channel = ? AND state = 'waiting' ORDER BY made_at_ms LIMIT 1",
      )
      .get(channel);
    return row === undefined
      ? null
      : { id: row.id, channel, body: row.body, attempts: row.attempts, nextMs: row.next_ms };
  }

  /** It was delivered. */
  delivered(id: string, atMs: number): void {
    this.#endMessage(
      id,
      "sent",
      null,
      atMs,
      "UPDATE alert_delivery SET state = 'sent' WHERE message_id = ? AND state = 'queued'",
    );
  }

  /** It is given up, and with it all that was merged into it. */
  givenUp(id: string, fault: string, atMs: number): void {
    this.#endMessage(
      id,
      "dead",
      fault,
      atMs,
      "UPDATE alert_delivery SET state = 'dead' WHERE message_id = ?",
    );
  }

  #endMessage(
    id: string,
    state: "sent" | "dead",
    fault: string | null,
    atMs: number,
    deliveries: string,
  ): void {
    written(TRIED, () =>
      this.#db
        .transaction(() => {
          this.#db
            .prepare(
              "UPDATE alert_message SET state = ?, fault = ?, ended_at_ms = ?, attempts = attempts + 1 WHERE id = ? AND state = 'waiting'",
            )
            .run(state, fault, atMs, id);
          this.#db.prepare(deliveries).run(id);
        })
        .immediate(),
    );
  }

  /** It is tried again then. */
  failed(id: string, fault: string, nextMs: number): void {
    const again = this.#db.prepare(
      "UPDATE alert_message SET attempts = attempts + 1, fault = ?, next_ms = ? WHERE id = ? AND state = 'waiting'",
    );
    written(TRIED, () => again.run(fault, nextMs, id));
  }

  /** Messages that were given up are tried afresh. Returns how many. */
  revive(atMs: number): number {
    return written(TRIED, () =>
      this.#db
        .transaction(() => {
          this.#db
            .prepare(
              `UPDATE alert_delivery SET state = CASE WHEN alert_id = (SELECT lead_id FROM alert_message WHERE id = message_id)
                THEN 'queued' ELSE 'merged' END
               WHERE message_id IN (SELECT id FROM alert_message WHERE state = 'dead')`,
            )
            .run();
          return this.#db
            .prepare(
              "UPDATE alert_message SET state = 'waiting', attempts = 0, next_ms = ?, ended_at_ms = NULL WHERE state = 'dead'",
            )
            .run(atMs).changes;
        })
        .immediate(),
    );
  }

  /** A person has seen it: what was not sent of it is not sent any more. False: there is no such alert. */
  see(id: number, atMs: number): boolean {
    return written(SEEN, () =>
      this.#db
        .transaction(() => {
          this.#db
            .prepare(
              "UPDATE alert_delivery SET state = 'muted' WHERE alert_id = ? AND message_id IS NULL AND state IN ('queued', 'held')",
            )
            .run(id);
          const seen = this.#db.prepare("UPDATE alert SET seen_at_ms = coalesce(seen_at_ms, ?) WHERE id = ?");
          return seen.run(atMs, id).changes === 1;
        })
        .immediate(),
    );
  }

  /** Those of a channel that there is no more: nobody can send them. */
  dropChannels(known: readonly string[]): void {
    const marks = known.map(() => "?").join(", ");
    written(SEEN, () =>
      this.#db
        .transaction(() => {
          this.#db
            .prepare(
              `UPDATE alert_delivery SET state = 'dead' WHERE state IN ('queued', 'held') AND channel NOT IN (${marks})`,
            )
            .run(...known);
          this.#db
            .prepare(
              `UPDATE alert_message SET state = 'dead', fault = 'the channel is no longer configured' WHERE state = 'waiting' AND channel NOT IN (${marks})`,
            )
            .run(...known);
        })
        .immediate(),
    );
  }

  /** The newest alerts, newest first. */
  newest(count: number): AlertHistory[] {
    const alerts = this.#db
      .prepare<[number], KeptAlert & { seenAtMs: number | null }>(
        "SELECT id, kind, severity, title, text, at_ms AS atMs, seen_at_ms AS seenAtMs FROM alert ORDER BY id DESC LIMIT ?",
      )
      .all(count);
    const deliveries = this.#db.prepare<[number], DeliveryRow>(
      "SELECT channel, state, due_ms AS dueMs FROM alert_delivery WHERE alert_id = ? ORDER BY channel",
    );
    return alerts.map((alert) => ({ ...alert, deliveries: deliveries.all(alert.id) }));
  }

  /** How a channel stands. */
  standOf(channel: string): ChannelStand {
    const sql = `SELECT
      (SELECT count(*) FROM alert_delivery WHERE channel = @channel AND message_id IS NULL AND state IN ('queued', 'held')) AS waiting,
      (SELECT count(*) FROM alert_delivery WHERE channel = @channel AND message_id IS NULL AND state = 'held') AS held,
      (SELECT max(ended_at_ms) FROM alert_message WHERE channel = @channel AND state = 'sent') AS lastSentMs,
      (SELECT count(*) FROM alert_message WHERE channel = @channel AND state = 'dead') AS dead`;
    const counts = this.#db
      .prepare<{ channel: string }, Pick<ChannelStand, "waiting" | "held" | "lastSentMs" | "dead">>(sql)
      .get({ channel });
    const underWay = this.#db
      .prepare<[string], { attempts: number; fault: string | null; nextMs: number }>(
        `SELECT attempts, fault, next_ms AS nextMs FROM alert_message
         WHERE channel = ? AND (state = 'waiting' OR state = 'dead') ORDER BY state DESC, made_at_ms LIMIT 1`,
      )
      .get(channel);
    return {
      ...(counts ?? { waiting: 0, held: 0, lastSentMs: null, dead: 0 }),
      attempts: underWay?.attempts ?? 0,
      fault: underWay?.fault ?? null,
      nextMs: underWay?.nextMs ?? null,
    };
  }
}
