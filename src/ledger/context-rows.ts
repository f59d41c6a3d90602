/** Conversations near or over their context budget, what came of them, and what coordinators are to be told of it. */
import type { ContextStage, ContextStand } from "../roster/context-budget.ts";
import type { Db } from "./database.ts";

/** near: warned of. full: over the budget. compacted, renewed: it is over; renewed = another conversation began. */
export const CONTEXT_EVENTS = ["near", "full", "compacted", "renewed"] as const;
export type ContextEventKind = (typeof CONTEXT_EVENTS)[number];

/** What happened to a conversation's context, as one booking. */
export interface ContextChange {
  readonly atMs: number;
  readonly event: ContextEventKind | null;
  readonly stand: ContextStand;
  /** Is it over with this? Then nothing is kept of where it stood. */
  readonly over: boolean;
  /** Whom a note goes to, and its words; null = to nobody. */
  readonly note: { readonly member: string; readonly text: string } | null;
}

interface ContextRow {
  worker: string;
  session_id: string;
  member: string;
  name: string;
  task_id: number;
  tokens: number;
  max_tokens: number;
  stage: ContextStage;
  record_bytes: number;
  mark: string | null;
  asked_at_ms: number | null;
  wished: number;
}

export interface Note {
  readonly id: number;
  readonly text: string;
}

/** Most notes one prompt carries: the newest. */
const notesMax = 10;

export class ContextRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Every conversation that stands near or over its budget, by worker. */
  all(): ContextStand[] {
    return this.#db
      .prepare<[], ContextRow>("SELECT * FROM context ORDER BY worker")
      .all()
      .map(({ session_id, task_id, max_tokens, record_bytes, asked_at_ms, wished, ...row }) => ({
        ...row,
        ...{ sessionId: session_id, taskId: task_id, maxTokens: max_tokens },
        ...{ recordBytes: record_bytes, askedAtMs: asked_at_ms, wished: wished === 1 },
      }));
  }

  /** Inside a transaction. */
  apply({ atMs, event, stand, over, note }: ContextChange): void {
    const { worker, sessionId, member, taskId, tokens, maxTokens } = stand;
    if (over) this.#db.prepare("DELETE FROM context WHERE worker = ?").run(worker);
    else this.#save(stand);
    if (event !== null)
      this.#db
        .prepare(
          "INSERT INTO context_event (at_ms, kind, member, worker, session_id, task_id, tokens, max_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .run(atMs, event, member, worker, sessionId, taskId, tokens, maxTokens);
    if (note !== null)
      this.#db
        .prepare("INSERT INTO member_note (member, at_ms, text) VALUES (?, ?, ?)")
        .run(note.member, atMs, note.text);
  }

  #save(stand: ContextStand): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO context (worker, session_id, member, name, task_id, tokens, max_tokens, stage, record_bytes, mark, asked_at_ms, wished)
         VALUES (@worker, @sessionId, @member, @name, @taskId, @tokens, @maxTokens, @stage, @recordBytes, @mark, @askedAtMs, @wished)`,
      )
      .run({ ...stand, wished: stand.wished ? 1 : 0 });
  }

  /** How often it was so from a moment on with these agents of the roster; null = with all of them. */
  count(kind: ContextEventKind, members: readonly string[] | null, sinceMs: number): number {
    const sql = `SELECT count(*) AS n FROM context_event WHERE kind = @kind AND at_ms >= @sinceMs
      AND (@members IS NULL OR member IN (SELECT value FROM json_each(@members)))`;
    const values = { kind, sinceMs, members: members === null ? null : JSON.stringify(members) };
    return this.#db.prepare<typeof values, { n: number }>(sql).get(values)?.n ?? 0;
  }

  /** Notes this agent of the roster has not been told, oldest first. */
  notesFor(member: string): Note[] {
    return this.#db
      .prepare<[string, number], Note>(
        "SELECT id, text FROM member_note WHERE member = ? AND told_attempt IS NULL ORDER BY id DESC LIMIT ?",
      )
      .all(member, notesMax)
      .reverse();
  }

  /** They were typed before the text of this attempt; what is older is told no more. Inside a transaction. */
  told(member: string, lastId: number, attemptId: string): void {
    this.#db
      .prepare(
        "UPDATE member_note SET told_attempt = ? WHERE member = ? AND id <= ? AND told_attempt IS NULL",
      )
      .run(attemptId, member, lastId);
  }
}
