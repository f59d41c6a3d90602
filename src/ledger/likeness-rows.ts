/** Which tasks may be alike, as index entries of the newest tasks: written with the task, looked through before the next. */
import { redacted } from "../base/redact.ts";
import { alike, keysOf, likenessOf } from "../tasks/likeness.ts";
import { isFinal, type Task, type TaskDraft, type TaskStateName } from "../tasks/task.ts";
import type { Db } from "./database.ts";
import type { TaskRows } from "./task-rows.ts";

/** Tasks that are found again, counted from the newest. */
const keptMax = 200_000;
/** Tasks that are looked at by the key of all words and by each of the others, the newest first. */
const lookedAtMax = { same: 2, near: 1 };
/** So long after its end a task may still be what somebody asks for again. */
const recentMs = 24 * 3_600_000;
const textShownChars = 200;

/** A task that asks for the same: it waits, is at work, or has ended lately. */
export interface AlikeTask {
  readonly id: number;
  /** Word for word; else nearly. */
  readonly same: boolean;
  readonly state: TaskStateName;
  /** null: it has not ended. */
  readonly endedAtMs: number | null;
  /** Its beginning. */
  readonly text: string;
}

/** What became of a draft. */
export interface AddedTask {
  readonly task: Task;
  /** False: it was there by its key. */
  readonly created: boolean;
  /** null: none is known, or it was there by its key. */
  readonly like: AlikeTask | null;
}

/** What is done in the same commit: with the ids of the new ones, and with all. */
export type AlsoAdded = (created: readonly number[], added: readonly AddedTask[]) => void;

/** As much of a task as is looked at. */
interface Candidate {
  readonly id: number;
  readonly text: string;
  readonly state: TaskStateName;
  readonly sinceMs: number;
}

export class LikenessRows {
  readonly #tasks: TaskRows;
  readonly #byOne;
  readonly #byThree;
  readonly #insert;
  readonly #delete;

  constructor(db: Db, tasks: TaskRows) {
    this.#tasks = tasks;
    const newest = (most: number): string =>
      `SELECT * FROM (SELECT task_id FROM task_likeness WHERE key = ? ORDER BY task_id DESC LIMIT ${most})`;
    const found = (ids: readonly string[]): string =>
      `SELECT id, text, state, since_ms AS sinceMs FROM task WHERE id IN (${ids.join(" UNION ALL ")}) AND cwd = ? ORDER BY id DESC`;
    const [same, near] = [newest(lookedAtMax.same), newest(lookedAtMax.near)];
    this.#byOne = db.prepare<(number | string)[], Candidate>(found([same]));
    this.#byThree = db.prepare<(number | string)[], Candidate>(found([same, near, near]));
    this.#insert = db.prepare<[number, number]>("INSERT OR IGNORE INTO task_likeness VALUES (?, ?)");
    this.#delete = db.prepare<[number, number]>("DELETE FROM task_likeness WHERE key = ? AND task_id = ?");
  }

  /** The newest task that is the same, else the newest that is nearly so (null: there is none); and the draft's own keys. */
  seek({ text, cwd }: TaskDraft, nowMs: number): { like: AlikeTask | null; keys: readonly number[] } {
    const likeness = likenessOf(text);
    const keys = keysOf(likeness, cwd);
    const found = (keys.length === 1 ? this.#byOne : this.#byThree).all(...keys, cwd);
    let near: Candidate | null = null;
    for (const candidate of found) {
      const how = counts(candidate, nowMs) ? alike(likeness, likenessOf(candidate.text)) : null;
      if (how === "same") return { like: shown(candidate, true), keys };
      if (how === "near") near ??= candidate;
    }
    return { like: near === null ? null : shown(near, false), keys };
  }

  /** The task can be found from now on, and one of long ago no more. Inside the transaction that adds it. */
  add(id: number, keys: readonly number[]): void {
    for (const key of keys) this.#insert.run(key, id);
    const old = id > keptMax ? this.#tasks.byId(id - keptMax) : null;
    if (old !== null) this.#remove(old);
  }

  /** Inside the transaction that changes its text. */
  change(before: Task, after: Task): void {
    if (before.draft.text === after.draft.text) return;
    this.#remove(before);
    this.add(after.id, keysOf(likenessOf(after.draft.text), after.draft.cwd));
  }

  #remove({ id, draft }: Task): void {
    for (const key of keysOf(likenessOf(draft.text), draft.cwd)) this.#delete.run(key, id);
  }
}

function counts({ state, sinceMs }: Candidate, nowMs: number): boolean {
  return !isFinal(state) || (state !== "cancelled" && nowMs - sinceMs <= recentMs);
}

function shown({ id, state, sinceMs, text }: Candidate, same: boolean): AlikeTask {
  // Cut off behind what is shown, so that no part of a secret is left over.
  const start = [...redacted(text.slice(0, 5 * textShownChars))].slice(0, textShownChars).join("");
  return { id, same, state, endedAtMs: isFinal(state) ? sinceMs : null, text: start };
}
