/** Tasks as rows: how a row reads as a Task, and every query that lists them. What changes them: `draft-rows.ts`, `move-rows.ts`. */
import type { Db } from "./database.ts";
import { PRIORITIES, priorityOfRank, priorityRank, type Priority } from "../tasks/priority.ts";
import type { TaskLine } from "../tasks/task-line.ts";
import type { Complexity, Task, TaskState, TaskStateName, TaskType } from "../tasks/task.ts";

export interface TaskRow {
  id: number;
  text: string;
  priority: number;
  cwd: string;
  forced_type: TaskType | null;
  forced_model: string | null;
  forced_agent: string | null;
  forced_worker: string | null;
  forced_member: string | null;
  member: string | null;
  preamble: string | null;
  key: string | null;
  retry_lost: number;
  cap_tokens: number | null;
  cap_nano: number | null;
  origin: string;
  type: TaskType;
  complexity: Complexity;
  route: string;
  agent: string;
  model: string | null;
  estimate_tokens: number;
  reserve_tokens: number;
  reserve_nano: number;
  reserve_basis: string;
  state: TaskStateName;
  hold_reason: string | null;
  not_before_ms: number | null;
  attempts: number;
  attempt_id: string | null;
  worker: string | null;
  since_ms: number;
  question: string | null;
  reason: string | null;
  exit_code: number | null;
  created_at_ms: number;
  cleared: number;
}

/** What a list of tasks is narrowed by; null = everything. */
export interface TaskQuery {
  readonly states: readonly TaskStateName[] | null;
  readonly type: TaskType | null;
  readonly worker: string | null;
  readonly containing: string | null;
  readonly limit: number;
}

/** A page of a list, newest first; null = everything. */
export interface TaskPageQuery extends TaskQuery {
  /** Only tasks with a lower id: the last one of the page before. */
  readonly before: number | null;
  /** Only those that are held, only those that are not, or both. */
  readonly held: boolean | null;
}

/** Characters of a text that stand in a list. */
const lineMaxChars = 240;

interface TaskLineRow {
  readonly id: number;
  readonly text: string;
  readonly priority: number;
  readonly type: TaskType;
  readonly agent: string;
  readonly model: string | null;
  readonly member: string | null;
  readonly state: TaskStateName;
  readonly hold_reason: string | null;
  readonly question: string | null;
  readonly reason: string | null;
  readonly worker: string | null;
  readonly since_ms: number;
  readonly created_at_ms: number;
  readonly attempts: number;
  readonly estimate_tokens: number;
  readonly tokens: number | null;
  readonly nano: number | null;
  readonly guessed: number | null;
}

/** What the dispatcher must know of a waiting task without reading its text. */
export interface ReadyTask {
  readonly id: number;
  readonly priority: number;
  readonly notBeforeMs: number | null;
  /** Agent, model, worker and folder it needs: tasks that share them suit the same workers and touch the same limits. */
  readonly needs: string;
}

/** The needs of a task as one value: see `ReadyTask`. */
const NEEDS = "json_array(agent, model, forced_worker, cwd)";

interface ReadyQuery {
  readonly priority: number;
  readonly id: number;
  readonly count: number;
  readonly passedOver: string;
}

export function taskOfRow(row: TaskRow): Task {
  return {
    id: row.id,
    draft: {
      text: row.text,
      priority: priorityOfRank(row.priority),
      cwd: row.cwd,
      type: row.forced_type,
      model: row.forced_model,
      agent: row.forced_agent,
      worker: row.forced_worker,
      as: row.forced_member,
      key: row.key,
      holdReason: row.hold_reason,
      retryLost: row.retry_lost === 1,
      cap:
        row.cap_tokens === null && row.cap_nano === null
          ? null
          : { tokens: row.cap_tokens, nanoUsd: row.cap_nano },
      origin: row.origin,
    },
    assignment: {
      type: row.type,
      complexity: row.complexity,
      route: row.route,
      agent: row.agent,
      model: row.model,
      estimateTokens: row.estimate_tokens,
      member:
        row.member === null ? null : { id: row.member, preamble: row.preamble, worker: row.forced_worker },
      reserveTokens: row.reserve_tokens,
      reserveNanoUsd: row.reserve_nano,
      reserveBasis: row.reserve_basis,
    },
    state: stateOf({
      name: row.state,
      sinceMs: row.since_ms,
      attemptId: row.attempt_id,
      worker: row.worker,
      holdReason: row.hold_reason,
      notBeforeMs: row.not_before_ms,
      question: row.question,
      reason: row.reason,
      exitCode: row.exit_code,
    }),
    attempts: row.attempts,
    createdAtMs: row.created_at_ms,
  };
}

/** What the table keeps of a state; each state reads its own part of it. */
interface StoredState {
  readonly name: TaskStateName;
  readonly sinceMs: number;
  readonly attemptId: string | null;
  readonly worker: string | null;
  readonly holdReason: string | null;
  readonly notBeforeMs: number | null;
  readonly question: string | null;
  readonly reason: string | null;
  readonly exitCode: number | null;
}

export function stateOf(stored: StoredState): TaskState {
  const { name, sinceMs, exitCode } = stored;
  const attemptId = stored.attemptId ?? "";
  const worker = stored.worker ?? "";
  const reason = stored.reason ?? "";
  switch (name) {
    case "queued":
      return { name, holdReason: stored.holdReason, notBeforeMs: stored.notBeforeMs };
    case "reserved":
    case "dispatching":
      return { name, attemptId, worker };
    case "dispatched":
      return { name, attemptId, worker, typedAtMs: sinceMs };
    case "running":
      return { name, attemptId, worker, startedAtMs: sinceMs };
    case "needs-input":
      return { name, attemptId, worker, question: stored.question ?? "", sinceMs };
    case "parked":
      return { name, attemptId, worker, reason, sinceMs };
    case "completed":
      return { name, attemptId, endedAtMs: sinceMs, exitCode };
    case "failed":
      return { name, attemptId: stored.attemptId, endedAtMs: sinceMs, reason, exitCode };
    case "cancelled":
      return { name, attemptId: stored.attemptId, endedAtMs: sinceMs };
    case "lost":
      return { name, attemptId, endedAtMs: sinceMs, reason };
    default:
      return name satisfies never;
  }
}

/** The read side of the task table. */
export class TaskRows {
  readonly #db: Db;
  readonly #byId;
  readonly #byKey;
  readonly #readyBehind;
  readonly #readyBelow;
  readonly #counts;

  constructor(db: Db) {
    this.#db = db;
    this.#byId = db.prepare<[number], TaskRow>("SELECT * FROM task WHERE id = ?");
    this.#byKey = db.prepare<[string], TaskRow>("SELECT * FROM task WHERE key = ?");
    const ready = (where: string): string =>
      `SELECT id, priority, not_before_ms AS notBeforeMs, ${NEEDS} AS needs FROM task
       WHERE state = 'queued' AND hold_reason IS NULL AND ${where}
        AND ${NEEDS} NOT IN (SELECT value FROM json_each(@passedOver)) ORDER BY priority DESC, id LIMIT @count`;
    this.#readyBehind = db.prepare<ReadyQuery, ReadyTask>(ready("priority = @priority AND id > @id"));
    this.#readyBelow = db.prepare<ReadyQuery, ReadyTask>(ready("priority < @priority"));
    this.#counts = db.prepare<[], { state: string; n: number }>("SELECT state, n FROM task_count");
  }

  byId(id: number): Task | null {
    const row = this.#byId.get(id);
    return row === undefined ? null : taskOfRow(row);
  }

  byKey(key: string): Task | null {
    const row = this.#byKey.get(key);
    return row === undefined ? null : taskOfRow(row);
  }

  /**
   * Waiting tasks in dispatch order: priority, then first come first served. `after` is the last one already looked
   * at, so a long queue is walked in pages without an offset; tasks with these `needs` are passed over.
   */
  ready(after: ReadyTask | null, passedOver: ReadonlySet<string>, count: number): ReadyTask[] {
    const { priority, id } = after ?? { priority: PRIORITIES.length, id: 0 };
    const query = { priority, id, count, passedOver: JSON.stringify([...passedOver]) };
    const behind = after === null ? [] : this.#readyBehind.all(query);
    if (behind.length === count) return behind;
    return [...behind, ...this.#readyBelow.all({ ...query, count: count - behind.length })];
  }

  /** The task of this priority that is next in line; null when none waits. */
  firstWaiting(priority: Priority): Task | null {
    const row = this.#db
      .prepare<[number], TaskRow>(
        "SELECT * FROM task WHERE state = 'queued' AND hold_reason IS NULL AND priority = ? ORDER BY id LIMIT 1",
      )
      .get(priorityRank(priority));
    return row === undefined ? null : taskOfRow(row);
  }

  /** Tasks by filter, newest last, ended and cleared ones left out unless a state is asked for. */
  list(query: TaskQuery): Task[] {
    const { where, values } = conditionsOf(query);
    values.push(query.limit);
    const sql = `SELECT * FROM (SELECT * FROM task WHERE ${where.join(" AND ")} ORDER BY id DESC LIMIT ?) ORDER BY id`;
    return this.#db
      .prepare<(string | number)[], TaskRow>(sql)
      .all(...values)
      .map(taskOfRow);
  }

  /** A page of a list of any length: its first page costs no more than its last, and no text is read whole. */
  page(query: TaskPageQuery): TaskLine[] {
    const { where, values } = conditionsOf(query);
    if (query.before !== null) {
      where.push("id < ?");
      values.push(query.before);
    }
    if (query.held !== null) where.push(`hold_reason IS ${query.held ? "NOT NULL" : "NULL"}`);
    values.push(query.limit);
    const sql = `SELECT id, substr(text, 1, ${lineMaxChars}) AS text, priority, type, agent, model, member, state, hold_reason,
        question, reason, worker, since_ms, created_at_ms, attempts, estimate_tokens, task_spend.tokens, task_spend.nano,
        task_spend.guessed
       FROM (SELECT * FROM task WHERE ${where.join(" AND ")} ORDER BY id DESC LIMIT ?)
        LEFT JOIN task_spend ON task_spend.task_id = id ORDER BY id DESC`;
    return this.#db
      .prepare<(string | number)[], TaskLineRow>(sql)
      .all(...values)
      .map(taskLineOf);
  }

  /** Tasks a worker has in hand: typed, being typed, or about to be. */
  open(): Task[] {
    return this.#db
      .prepare<[], TaskRow>(
        "SELECT * FROM task WHERE state IN ('reserved', 'dispatching', 'dispatched', 'running', 'needs-input', 'parked') ORDER BY id",
      )
      .all()
      .map(taskOfRow);
  }

  /** How many waiting tasks go before this one. */
  ahead(task: Task): number {
    const rank = priorityRank(task.draft.priority);
    const row = this.#db
      .prepare<[number, number], { n: number }>(
        "SELECT count(*) AS n FROM task WHERE state = 'queued' AND hold_reason IS NULL AND (priority, -id) > (?, ?)",
      )
      .get(rank, -task.id);
    return row?.n ?? 0;
  }

  /** Waiting tasks that nobody holds by hand, by priority. */
  waitingByPriority(): Record<Priority, number> {
    const waiting: Record<Priority, number> = { low: 0, normal: 0, high: 0, critical: 0 };
    const rows = this.#db
      .prepare<[], { priority: number; n: number }>(
        "SELECT priority, count(*) AS n FROM task WHERE state = 'queued' AND hold_reason IS NULL GROUP BY priority",
      )
      .all();
    for (const { priority, n } of rows) waiting[priorityOfRank(priority)] = n;
    return waiting;
  }

  /** How many tasks stand in each state; `held` counts the queued ones with a reason. Constant time. */
  counts(): ReadonlyMap<TaskStateName | "held", number> {
    return new Map(this.#counts.all().map((row) => [row.state as TaskStateName | "held", row.n]));
  }
}

function conditionsOf(query: TaskQuery): { where: string[]; values: (string | number)[] } {
  const where: string[] = ["cleared = 0"];
  const values: (string | number)[] = [];
  if (query.states !== null) {
    where.push(`state IN (${query.states.map(() => "?").join(", ")})`);
    values.push(...query.states);
  }
  if (query.type !== null) {
    where.push("type = ?");
    values.push(query.type);
  }
  if (query.worker !== null) {
    where.push("worker = ?");
    values.push(query.worker);
  }
  if (query.containing !== null) {
    where.push("instr(lower(text), lower(?)) > 0");
    values.push(query.containing);
  }
  return { where, values };
}

function taskLineOf(row: TaskLineRow): TaskLine {
  const { id, text, type, agent, model, member, state, worker, attempts } = row;
  const held = state === "queued" && row.hold_reason !== null;
  return {
    ...{ id, text, type, agent, model, member, state, worker, attempts, held },
    priority: priorityOfRank(row.priority),
    because: held ? row.hold_reason : (row.question ?? row.reason),
    sinceMs: row.since_ms,
    createdAtMs: row.created_at_ms,
    estimateTokens: row.estimate_tokens,
    tokens: row.tokens,
    nanoUsd: row.nano,
    guessed: row.guessed === 1,
  };
}
