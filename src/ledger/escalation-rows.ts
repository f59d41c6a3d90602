/** How far up tasks were handed, as rows. The task itself keeps its highest level. */
import type { Escalation, EscalationLevel } from "../roster/escalation.ts";
import type { Db } from "./database.ts";

interface EscalationRow {
  at_ms: number;
  level: EscalationLevel;
  member: string | null;
  reason: string;
}

export class EscalationRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Inside a transaction. */
  note(taskId: number, attemptId: string | null, { atMs, level, member, reason }: Escalation): void {
    this.#db
      .prepare(
        "INSERT INTO escalation (task_id, attempt_id, at_ms, level, member, reason) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(taskId, attemptId, atMs, level, member, reason);
    this.#db.prepare("UPDATE task SET escalation = max(escalation, ?) WHERE id = ?").run(level, taskId);
  }

  /** The highest level a task reached. */
  levelOf(taskId: number): EscalationLevel {
    const sql = "SELECT escalation FROM task WHERE id = ?";
    return this.#db.prepare<[number], { escalation: EscalationLevel }>(sql).get(taskId)?.escalation ?? 0;
  }

  /** Oldest first. */
  ofTask(taskId: number): Escalation[] {
    return this.#db
      .prepare<[number], EscalationRow>(
        "SELECT at_ms, level, member, reason FROM escalation WHERE task_id = ? ORDER BY id",
      )
      .all(taskId)
      .map(({ at_ms, level, member, reason }) => ({ atMs: at_ms, level, member, reason }));
  }
}
