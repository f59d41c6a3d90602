/** Which tasks were submitted from inside another one. */
import type { Db } from "./database.ts";

export interface ChildPlace {
  /** The task at the head of the family: one that is no child. */
  readonly rootId: number;
  /** 0: it is no child itself. */
  readonly depth: number;
}

export class ChildRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Inside a transaction. */
  add(taskId: number, parentId: number, { rootId, depth }: ChildPlace): void {
    this.#db.prepare("INSERT INTO child_task VALUES (?, ?, ?, ?)").run(taskId, parentId, rootId, depth);
  }

  placeOf(taskId: number): ChildPlace {
    const sql = "SELECT root_id AS rootId, depth FROM child_task WHERE task_id = ?";
    return this.#db.prepare<[number], ChildPlace>(sql).get(taskId) ?? { rootId: taskId, depth: 0 };
  }

  counts(parentId: number, rootId: number): { readonly ofParent: number; readonly ofRoot: number } {
    const sql = `SELECT (SELECT count(*) FROM child_task WHERE parent_id = ?) AS ofParent,
      (SELECT count(*) FROM child_task WHERE root_id = ?) AS ofRoot`;
    return (
      this.#db.prepare<[number, number], { ofParent: number; ofRoot: number }>(sql).get(parentId, rootId) ?? {
        ofParent: 0,
        ofRoot: 0,
      }
    );
  }
}
