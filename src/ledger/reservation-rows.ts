/**
 * What is held for an attempt from its admission to its settlement, as rows. All inside transactions: a reservation stands
 * and falls with the move of its task. What is open is read with what it has used, so `spend-rows.ts` reads it.
 */
import { CtmError } from "../base/errors.ts";
import type { Extension } from "../throttle/extension.ts";
import type { Db } from "./database.ts";

/** Whom an attempt is given to: the agent and model it runs with count, whatever the task was assigned. */
export interface AttemptDraft {
  readonly id: string;
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
}

export interface ReservationDraft {
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly oversized: boolean;
}

export class ReservationRows {
  readonly #db: Db;
  readonly #open;
  readonly #close;

  constructor(db: Db) {
    this.#db = db;
    this.#open = db.prepare(
      "INSERT INTO reservation (attempt_id, worker, agent, model, tokens, nano, oversized, since_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#close = db.prepare(
      "UPDATE reservation SET settled_at_ms = ? WHERE attempt_id = ? AND settled_at_ms IS NULL",
    );
  }

  open({ id, worker, agent, model }: AttemptDraft, held: ReservationDraft, atMs: number): void {
    this.#open.run(id, worker, agent, model, held.tokens, held.nanoUsd, held.oversized ? 1 : 0, atMs);
  }

  /** Once: CtmError `ledger` where it was settled before. */
  close(attemptId: string, atMs: number): void {
    if (this.#close.run(atMs, attemptId).changes !== 1) {
      throw new CtmError("ledger", `the reservation of attempt ${attemptId} was settled before`);
    }
  }

  /** It reserves more, or is owed what did not fit. CtmError `illegal-move` when the attempt holds nothing. */
  extend(attemptId: string, { reserved, owed }: Extension): void {
    const sql = `UPDATE reservation SET tokens = ?, nano = ?, owed_tokens = ?, owed_nano = ?
      WHERE attempt_id = ? AND settled_at_ms IS NULL AND tokens <= ? AND nano <= ?`;
    const { tokens, nanoUsd } = reserved;
    const values = [tokens, nanoUsd, owed.tokens, owed.nanoUsd, attemptId, tokens, nanoUsd];
    if (this.#db.prepare(sql).run(...values).changes !== 1)
      throw new CtmError("illegal-move", `attempt ${attemptId} holds no reservation that could grow to this`);
  }
}
