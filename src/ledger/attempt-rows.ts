/** Attempts as rows: which worker was given a task, what was typed, and what was seen of it. */
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const CANCEL = {
  intend: commitPoint("cancel-intent.commit"),
  withdraw: commitPoint("cancel-withdraw.commit"),
};
const RESUME = commitPoint("resume-intent.commit");

export interface AttemptRow {
  id: string;
  task_id: number;
  n: number;
  worker: string;
  agent: string;
  model: string | null;
  launch_id: string | null;
  pane: string | null;
  previous_attempt: string | null;
  text_sha256: string | null;
  session_id: string | null;
  record_path: string | null;
  reserved_at_ms: number;
  intent_at_ms: number | null;
  typed_at_ms: number | null;
  accepted_at_ms: number | null;
  enter_again_at_ms: number | null;
  ended_at_ms: number | null;
  outcome: string | null;
  answer: string | null;
  /** A person asked for its end; null = nobody did. */
  cancel_at_ms: number | null;
  /** What stood on its pane when it was last told to go on; null = never told. */
  resume_mark: string | null;
  /** It reached its task's cap: it waits for a person, or was let go on. null = neither. */
  cap_state: CapState | null;
  /** Agent of the roster it was for; null = nobody of it. */
  member: string | null;
}

export type CapState = "held" | "released";

/** The durable intent: written before a key is typed, so that a crash can tell what to ask the witness. */
export interface Intent {
  readonly attemptId: string;
  readonly launchId: string;
  /** The pane's identity as JSON: server pid and start, pane id, pane pid and its start. */
  readonly pane: string;
  /** The attempt this pane was last given; what the guard must find there. */
  readonly previousAttempt: string;
  readonly textSha256: string;
  readonly sessionId: string | null;
  readonly recordPath: string | null;
}

export class AttemptRows {
  readonly #db: Db;
  readonly #byId;
  readonly #insert;
  readonly #writeIntent;
  readonly #stamps;
  readonly #writeSession;
  readonly #end;

  constructor(db: Db) {
    this.#db = db;
    this.#byId = db.prepare<[string], AttemptRow>("SELECT * FROM attempt WHERE id = ?");
    this.#insert = db.prepare(
      `INSERT INTO attempt (id, task_id, n, worker, agent, model, member, reserved_at_ms)
       VALUES (@id, @taskId, @n, @worker, @agent, @model, @member, @atMs)`,
    );
    this.#writeIntent = db.prepare(
      `UPDATE attempt SET launch_id = ?, pane = ?, previous_attempt = ?, text_sha256 = ?, session_id = ?, record_path = ?,
       intent_at_ms = ? WHERE id = ?`,
    );
    const stamp = (column: string) =>
      db.prepare(`UPDATE attempt SET ${column} = coalesce(${column}, ?) WHERE id = ?`);
    this.#stamps = { typed_at_ms: stamp("typed_at_ms"), accepted_at_ms: stamp("accepted_at_ms") };
    this.#writeSession = db.prepare(
      "UPDATE attempt SET session_id = coalesce(?, session_id), record_path = coalesce(?, record_path) WHERE id = ?",
    );
    this.#end = db.prepare(
      "UPDATE attempt SET ended_at_ms = ?, outcome = ?, answer = ? WHERE id = ? AND ended_at_ms IS NULL",
    );
  }

  byId(id: string): AttemptRow | null {
    return this.#byId.get(id) ?? null;
  }

  ofTask(taskId: number): AttemptRow[] {
    return this.#db
      .prepare<[number], AttemptRow>("SELECT * FROM attempt WHERE task_id = ? ORDER BY n")
      .all(taskId);
  }

  /** The task last typed into this launch of an agent; null = none. */
  lastTaskOf(launchId: string): number | null {
    const sql = "SELECT task_id FROM attempt WHERE launch_id = ? ORDER BY reserved_at_ms DESC LIMIT 1";
    return this.#db.prepare<[string], { task_id: number }>(sql).get(launchId)?.task_id ?? null;
  }

  insert(row: {
    id: string;
    taskId: number;
    n: number;
    worker: string;
    agent: string;
    model: string | null;
    member: string | null;
    atMs: number;
  }): void {
    this.#insert.run(row);
  }

  writeIntent(intent: Intent, atMs: number): void {
    this.#writeIntent.run(
      intent.launchId,
      intent.pane,
      intent.previousAttempt,
      intent.textSha256,
      intent.sessionId,
      intent.recordPath,
      atMs,
      intent.attemptId,
    );
  }

  stamp(id: string, column: "typed_at_ms" | "accepted_at_ms", atMs: number): void {
    this.#stamps[column].run(atMs, id);
  }

  /** A guarded second Enter is about to be pressed. False: it was before. Inside a commit. */
  enterAgain(id: string, atMs: number): boolean {
    const sql = "UPDATE attempt SET enter_again_at_ms = ? WHERE id = ? AND enter_again_at_ms IS NULL";
    return this.#db.prepare(sql).run(atMs, id).changes === 1;
  }

  /** A person asks for its end, before it is interrupted; asked again it keeps the first time. */
  intendCancel(id: string, atMs: number): void {
    const sql =
      "UPDATE attempt SET cancel_at_ms = coalesce(cancel_at_ms, ?) WHERE id = ? AND ended_at_ms IS NULL";
    written(CANCEL.intend, () => this.#db.prepare(sql).run(atMs, id));
  }

  /** Its worker does not have it in hand: nothing was or will be interrupted. */
  withdrawCancel(id: string): void {
    const sql = "UPDATE attempt SET cancel_at_ms = NULL WHERE id = ? AND ended_at_ms IS NULL";
    written(CANCEL.withdraw, () => this.#db.prepare(sql).run(id));
  }

  /** It is about to be told to go on: the mark on its pane tells after a crash whether it was. null = it waits again. */
  intendResume(id: string, mark: string | null): void {
    const update = this.#db.prepare("UPDATE attempt SET resume_mark = ? WHERE id = ?");
    written(RESUME, () => update.run(mark, id));
  }

  /** Those that ended last, until a moment, the latest first. */
  lastEnded(untilMs: number, most: number): AttemptRow[] {
    return this.#db
      .prepare<[number, number], AttemptRow>(
        "SELECT * FROM attempt WHERE ended_at_ms <= ? ORDER BY ended_at_ms DESC LIMIT ?",
      )
      .all(untilMs, most);
  }

  /** Did a person ask for its end? */
  isCancelling(id: string): boolean {
    return this.byId(id)?.cancel_at_ms != null;
  }

  /** One that is made to wait at its cap has not been told to go on. */
  setCapState(id: string, state: CapState | null): void {
    const sql =
      "UPDATE attempt SET cap_state = @state, resume_mark = iif(@state = 'held', NULL, resume_mark) WHERE id = @id";
    this.#db.prepare(sql).run({ id, state });
  }

  capState(id: string): CapState | null {
    return this.byId(id)?.cap_state ?? null;
  }

  /** Where the agent says its record lies; learned at the latest when the prompt is accepted. */
  writeSession(id: string, sessionId: string | null, recordPath: string | null): void {
    this.#writeSession.run(sessionId, recordPath, id);
  }

  end(id: string, outcome: string, answer: string | null, atMs: number): void {
    this.#end.run(atMs, outcome, answer, id);
  }
}
