/** What a person says of a task, as its row: how it is queued, and what is changed of it afterwards. Inside transactions. */
import type { TaskCap } from "../tasks/cap.ts";
import { priorityRank, type Priority } from "../tasks/priority.ts";
import type { Assignment, TaskDraft, TaskStateName } from "../tasks/task.ts";
import type { Db } from "./database.ts";

type Values = Readonly<Record<string, string | number | null>>;

export class DraftRows {
  readonly #db: Db;
  readonly #insert;

  constructor(db: Db) {
    this.#db = db;
    this.#insert = db.prepare(
      `INSERT INTO task (text, priority, cwd, forced_type, forced_model, forced_agent, forced_worker, forced_member, key, retry_lost, cap_tokens, cap_nano, origin,
        member, preamble, type, complexity, route, agent, model, estimate_tokens, reserve_tokens, reserve_nano, reserve_basis,
        state, hold_reason, since_ms, created_at_ms)
       VALUES (@text, @priority, @cwd, @forcedType, @forcedModel, @forcedAgent, @forcedWorker, @forcedMember, @key, @retryLost, @capTokens, @capNano, @origin,
        @member, @preamble, @type, @complexity, @route, @agent, @model, @estimateTokens, @reserveTokens, @reserveNano, @reserveBasis,
        'queued', @holdReason, @atMs, @atMs)`,
    );
  }

  /** Returns the new task's id. */
  insert(draft: TaskDraft, assignment: Assignment, atMs: number): number {
    const { lastInsertRowid } = this.#insert.run({
      ...draftValues(draft),
      ...assignmentValues(assignment),
      ...memberValues(draft, assignment),
      atMs,
    });
    return Number(lastInsertRowid);
  }

  edit(id: number, draft: TaskDraft, assignment: Assignment): void {
    const sql = `UPDATE task SET text = @text, type = @type, complexity = @complexity, route = @route, agent = @agent,
        model = @model, estimate_tokens = @estimateTokens, reserve_tokens = @reserveTokens, reserve_nano = @reserveNano,
        reserve_basis = @reserveBasis, forced_member = @forcedMember, member = @member, preamble = @preamble,
        forced_worker = @forcedWorker
       WHERE id = @id`;
    const values = { ...assignmentValues(assignment), ...memberValues(draft, assignment) };
    this.#db.prepare(sql).run({ id, text: draft.text, ...values });
  }

  prioritize(id: number, priority: Priority): void {
    this.#db.prepare("UPDATE task SET priority = ? WHERE id = ?").run(priorityRank(priority), id);
  }

  /** reason null releases. */
  hold(id: number, reason: string | null): void {
    this.#db.prepare("UPDATE task SET hold_reason = ? WHERE id = ?").run(reason, id);
  }

  cap(id: number, { tokens, nanoUsd }: TaskCap): void {
    this.#db.prepare("UPDATE task SET cap_tokens = ?, cap_nano = ? WHERE id = ?").run(tokens, nanoUsd, id);
  }

  /** Takes tasks in these states out of the lists. Returns how many. */
  clear(states: readonly TaskStateName[]): number {
    const marks = states.map(() => "?").join(", ");
    const sql = `UPDATE task SET cleared = 1 WHERE cleared = 0 AND state IN (${marks})`;
    return this.#db.prepare(sql).run(...states).changes;
  }
}

function draftValues(draft: TaskDraft): Values {
  return {
    text: draft.text,
    priority: priorityRank(draft.priority),
    cwd: draft.cwd,
    forcedType: draft.type,
    forcedModel: draft.model,
    forcedAgent: draft.agent,
    key: draft.key,
    retryLost: draft.retryLost ? 1 : 0,
    capTokens: draft.cap?.tokens ?? null,
    capNano: draft.cap?.nanoUsd ?? null,
    origin: draft.origin,
    holdReason: draft.holdReason,
  };
}

function assignmentValues(assignment: Assignment): Values {
  return {
    type: assignment.type,
    complexity: assignment.complexity,
    route: assignment.route,
    agent: assignment.agent,
    model: assignment.model,
    estimateTokens: assignment.estimateTokens,
    reserveTokens: assignment.reserveTokens,
    reserveNano: assignment.reserveNanoUsd,
    reserveBasis: assignment.reserveBasis,
  };
}

/** An agent of the roster that has a worker of its own forces it, where nobody forced another. */
function memberValues(draft: TaskDraft, { member }: Assignment): Values {
  return {
    forcedWorker: draft.worker ?? member?.worker ?? null,
    forcedMember: draft.as,
    member: member?.id ?? null,
    preamble: member?.preamble ?? null,
  };
}
