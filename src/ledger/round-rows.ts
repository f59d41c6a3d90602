/** Dispatch rounds as rows: which tasks they hold, when what happened in them, and what it came to. */
import { CtmError } from "../base/errors.ts";
import type { UsageSource } from "../metering/usage.ts";
import type { Round, RoundCourse, RoundOrigin, Stretch } from "../rounds/round.ts";
import type { ToldFigures } from "../rounds/told-figures.ts";
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const BEGIN = commitPoint("round-begin.commit");
const END = commitPoint("round-end.commit");
const IMPORT = commitPoint("round-import.commit");

export type RoundDraft = Omit<Round, "id">;

/** A round and, where it came out of another log, what that says of it. */
export type KeptRound = RoundCourse & { readonly told: ToldFigures | null };

/** What became of the tasks of a round. */
export interface RoundTaskCounts {
  readonly total: number;
  readonly completed: number;
  readonly otherwise: number;
}

/** One attempt of a round's task that was typed. */
export interface RoundAttempt extends Stretch {
  readonly worker: string;
  /** Characters typed before the task's own text. */
  readonly addedChars: number;
}

interface RoundRow {
  id: number;
  name: string;
  workspace: string;
  phase: string | null;
  notes: string | null;
  origin: RoundOrigin;
  started_at_ms: number;
  ended_at_ms: number | null;
  told: string | null;
}

const OF_ROUND = "FROM round_tasks AS r JOIN task ON task.id BETWEEN r.first_id AND r.last_id";
const ATTEMPTS = `${OF_ROUND} JOIN attempt AS a ON a.task_id = task.id`;

export class RoundRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** A new round with these tasks. CtmError `refused` where its name is taken. */
  begin(draft: RoundDraft, taskIds: readonly number[]): Round {
    return written(BEGIN, () =>
      this.#db
        .transaction(() => {
          const id = this.#insert(draft, null);
          this.#hold(id, taskIds);
          return { id, ...draft };
        })
        .immediate(),
    );
  }

  /** Further tasks of a round: those that no round holds yet. */
  hold(roundId: number, taskIds: readonly number[]): void {
    written(BEGIN, () => this.#db.transaction(() => this.#hold(roundId, taskIds)).immediate());
  }

  /** Rounds of another log, all or none. */
  takeOver(rounds: readonly { readonly draft: RoundDraft; readonly told: ToldFigures }[]): void {
    written(IMPORT, () =>
      this.#db
        .transaction(() => {
          for (const { draft, told } of rounds) this.#insert(draft, told);
        })
        .immediate(),
    );
  }

  /** It is over; `notes` null leaves them as they are. */
  end(roundId: number, notes: string | null, atMs: number): void {
    const sql =
      "UPDATE round SET ended_at_ms = ?, notes = coalesce(?, notes) WHERE id = ? AND ended_at_ms IS NULL";
    written(END, () => this.#db.prepare(sql).run(atMs, notes, roundId));
  }

  /** The round of this name, else the newest of this workspace; null = there is none. */
  find(nameOrWorkspace: string): KeptRound | null {
    const sql =
      "SELECT * FROM round WHERE name = @it OR workspace = @it ORDER BY name = @it DESC, id DESC LIMIT 1";
    const row = this.#db.prepare<{ it: string }, RoundRow>(sql).get({ it: nameOrWorkspace });
    return row === undefined ? null : this.#kept(row);
  }

  /** The round a task is in; null = in none. */
  ofTask(taskId: number): Round | null {
    const sql = `SELECT round.* FROM (SELECT * FROM round_tasks WHERE first_id <= ? ORDER BY first_id DESC LIMIT 1) AS r
      JOIN round ON round.id = r.round_id WHERE r.last_id >= ?`;
    const row = this.#db.prepare<[number, number], RoundRow>(sql).get(taskId, taskId);
    return row === undefined ? null : roundOf(row);
  }

  /** The newest of them, oldest first. */
  newest(count: number): KeptRound[] {
    return this.#db
      .prepare<[number], RoundRow>("SELECT * FROM round ORDER BY started_at_ms DESC, id DESC LIMIT ?")
      .all(count)
      .reverse()
      .map((row) => this.#kept(row));
  }

  count(): number {
    return this.#db.prepare<[], { n: number }>("SELECT count(*) AS n FROM round").get()?.n ?? 0;
  }

  /** When one was begun or said to be over last, of other logs none; 0: never. */
  lastChangeMs(): number {
    const sql =
      "SELECT coalesce(max(max(started_at_ms, coalesce(ended_at_ms, 0))), 0) AS atMs FROM round WHERE origin <> 'import'";
    return this.#db.prepare<[], { atMs: number }>(sql).get()?.atMs ?? 0;
  }

  /** How many have a name that begins so. */
  countNamed(prefix: string): number {
    const sql = "SELECT count(*) AS n FROM round WHERE substr(name, 1, length(@prefix)) = @prefix";
    return this.#db.prepare<{ prefix: string }, { n: number }>(sql).get({ prefix })?.n ?? 0;
  }

  taskCounts(roundId: number): RoundTaskCounts {
    const sql = `SELECT count(*) AS total, total(state = 'completed') AS completed,
      total(state IN ('failed', 'cancelled', 'lost')) AS otherwise ${OF_ROUND} WHERE r.round_id = ?`;
    const none = { total: 0, completed: 0, otherwise: 0 };
    return this.#db.prepare<[number], RoundTaskCounts>(sql).get(roundId) ?? none;
  }

  attempts(roundId: number): RoundAttempt[] {
    const sql = `SELECT a.worker, a.typed_at_ms AS fromMs, a.ended_at_ms AS untilMs,
      iif(task.preamble IS NULL, 0, length(task.preamble) + 2) AS addedChars ${ATTEMPTS} WHERE r.round_id = ? AND a.typed_at_ms IS NOT NULL`;
    return this.#db.prepare<[number], RoundAttempt>(sql).all(roundId);
  }

  /** Tokens of all its attempts, as limits count them, by how they are known. */
  tokens(roundId: number): { source: UsageSource; tokens: number }[] {
    const sql = `SELECT u.source, sum(u.booked_tokens) AS tokens ${ATTEMPTS} JOIN usage AS u ON u.attempt_id = a.id
      WHERE r.round_id = ? GROUP BY u.source`;
    return this.#db.prepare<[number], { source: UsageSource; tokens: number }>(sql).all(roundId);
  }

  /** Tests as last reported of each task, added up; null = of none. */
  tests(roundId: number): { passed: number; of: number } | null {
    const sql = `SELECT total(value) AS passed, total(of_n) AS "of", count(*) AS n FROM (
      SELECT report.value, report.of_n, max(report.id) ${ATTEMPTS} JOIN report ON report.attempt_id = a.id
      WHERE r.round_id = ? AND report.kind = 'tests' GROUP BY task.id)`;
    const sums = this.#db.prepare<[number], { passed: number; of: number; n: number }>(sql).get(roundId);
    return sums === undefined || sums.n === 0 ? null : { passed: sums.passed, of: sums.of };
  }

  /** Inside a transaction. */
  #insert(draft: RoundDraft, told: ToldFigures | null): number {
    const { name, workspace, phase, notes, origin, startedAtMs, endedAtMs } = draft;
    const taken = this.#db.prepare<[string], { id: number }>("SELECT id FROM round WHERE name = ?").get(name);
    if (taken !== undefined) throw new CtmError("refused", `there is a round ${name} already`);
    const sql = `INSERT INTO round (name, workspace, phase, notes, origin, started_at_ms, ended_at_ms, told)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
    const told_ = told === null ? null : JSON.stringify(told);
    const { lastInsertRowid } = this.#db
      .prepare(sql)
      .run(name, workspace, phase, notes, origin, startedAtMs, endedAtMs, told_);
    return Number(lastInsertRowid);
  }

  /** Inside a transaction. Ids that follow one another are one row. */
  #hold(roundId: number, taskIds: readonly number[]): void {
    const free = taskIds.filter((id) => this.ofTask(id) === null).sort((a, b) => a - b);
    for (const [first, last] of runsOf(free))
      this.#db.prepare("INSERT INTO round_tasks VALUES (?, ?, ?)").run(first, last, roundId);
  }

  #kept(row: RoundRow): KeptRound {
    const typed = `SELECT min(a.typed_at_ms) AS at ${ATTEMPTS} WHERE r.round_id = ?`;
    const ended = `SELECT CASE WHEN total(state NOT IN ('completed', 'failed', 'cancelled', 'lost')) = 0
      THEN max(task.since_ms) END AS at ${OF_ROUND} WHERE r.round_id = ?`;
    const at = (sql: string): number | null =>
      this.#db.prepare<[number], { at: number | null }>(sql).get(row.id)?.at ?? null;
    return {
      ...roundOf(row),
      firstTypedAtMs: at(typed),
      lastEndedAtMs: at(ended),
      told: row.told === null ? null : (JSON.parse(row.told) as ToldFigures),
    };
  }
}

function roundOf({ id, name, workspace, phase, notes, origin, started_at_ms, ended_at_ms }: RoundRow): Round {
  return { id, name, workspace, phase, notes, origin, startedAtMs: started_at_ms, endedAtMs: ended_at_ms };
}

/** Sorted ids as first and last of each row of neighbours. */
function runsOf(ids: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else if (last?.[1] !== id) runs.push([id, id]);
  }
  return runs;
}
