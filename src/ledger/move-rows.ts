/**
 * A task's moves from state to state: the one way a task changes its state, and the book of it. Each goes by
 * `UPDATE … WHERE id = ? AND state = ? AND attempts = ?`, so a late or doubled call changes nothing.
 */
import { CtmError } from "../base/errors.ts";
import { redactedOrNull } from "../base/redact.ts";
import type { Task, TaskStateName } from "../tasks/task.ts";
import { assertMove } from "../tasks/transitions.ts";
import type { Db } from "./database.ts";
import { stateOf } from "./task-rows.ts";

/** Data that goes with a move; absent fields are cleared. */
export interface MoveDetails {
  readonly attemptId?: string | null;
  readonly worker?: string | null;
  readonly holdReason?: string | null;
  readonly notBeforeMs?: number | null;
  readonly question?: string | null;
  readonly reason?: string | null;
  readonly exitCode?: number | null;
  readonly newAttempt?: boolean;
  readonly cause?: string;
}

export interface Move {
  readonly atMs: number;
  readonly from: TaskStateName;
  readonly to: TaskStateName;
  readonly cause: string | null;
}

interface MoveRow {
  at_ms: number;
  from_state: TaskStateName;
  to_state: TaskStateName;
  cause: string | null;
}

export class MoveRows {
  readonly #db: Db;
  readonly #move;
  readonly #note;

  constructor(db: Db) {
    this.#db = db;
    this.#move = db.prepare(
      `UPDATE task SET state = @to, attempt_id = @attemptId, worker = @worker, hold_reason = @holdReason,
        not_before_ms = @notBeforeMs, question = @question, reason = @reason, exit_code = @exitCode, since_ms = @atMs,
        attempts = attempts + @newAttempt, cleared = 0
       WHERE id = @id AND state = @from AND attempts = @attempts`,
    );
    this.#note = db.prepare(
      "INSERT INTO move (at_ms, task_id, from_state, to_state, cause) VALUES (?, ?, ?, ?, ?)",
    );
  }

  /**
   * Inside a transaction. Returns the task as it stands then, without reading it again: a task in hand is changed by its
   * moves alone. CtmError `illegal-move` where the task stands elsewhere, or no such move exists.
   */
  move(task: Task, to: TaskStateName, details: MoveDetails, atMs: number): Task {
    const from = task.state.name;
    assertMove(task.id, from, to);
    const values = {
      attemptId: details.attemptId ?? null,
      worker: details.worker ?? null,
      holdReason: details.holdReason ?? null,
      notBeforeMs: details.notBeforeMs ?? null,
      question: redactedOrNull(details.question ?? null),
      reason: redactedOrNull(details.reason ?? null),
      exitCode: details.exitCode ?? null,
      newAttempt: details.newAttempt === true ? 1 : 0,
    };
    const { changes } = this.#move.run({ id: task.id, from, to, attempts: task.attempts, atMs, ...values });
    if (changes !== 1)
      throw new CtmError("illegal-move", `task ${task.id} is no longer ${from}; nothing was changed`);
    this.#note.run(atMs, task.id, from, to, redactedOrNull(details.cause ?? details.reason ?? null));
    return {
      ...task,
      draft: { ...task.draft, holdReason: values.holdReason },
      state: stateOf({ name: to, sinceMs: atMs, ...values }),
      attempts: task.attempts + values.newAttempt,
    };
  }

  /** The moves of one task, oldest first. */
  ofTask(taskId: number): Move[] {
    return this.#db
      .prepare<[number], MoveRow>(
        "SELECT at_ms, from_state, to_state, cause FROM move WHERE task_id = ? ORDER BY seq",
      )
      .all(taskId)
      .map((row) => ({ atMs: row.at_ms, from: row.from_state, to: row.to_state, cause: row.cause }));
  }

  /** When anything last became of a task; null = never. */
  lastMs(): number | null {
    const sql = "SELECT at_ms FROM move ORDER BY seq DESC LIMIT 1";
    return this.#db.prepare<[], { at_ms: number }>(sql).get()?.at_ms ?? null;
  }
}
