/**
 * Events that begin here: what becomes of tasks, levels and workers, and the ticks of schedules. What tasks did is read
 * from the ledger's own moves, from a mark on: a crash loses none and repeats none. Types nobody looks at are not kept.
 */
import type { Envelope } from "../activation/envelope.ts";
import { typeMatches } from "../activation/filter.ts";
import { TICK } from "../activation/gates.ts";
import { dueMoments, nextMoment } from "../activation/schedule.ts";
import type { Trigger } from "../activation/trigger.ts";
import { chainName } from "../activation/wake.ts";
import type { Fact } from "../events/facts.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isFinal, type Task } from "../tasks/task.ts";
import type { Intake } from "./intake.ts";

/** A tick that comes later than this was missed. */
const lateMs = 60_000;
/** Moves that are read at once. */
const pageSize = 500;
const MOVES_MARK = "events:moves";
const TASKS_MARK = "events:tasks";

export interface OwnEventParts {
  readonly ledger: Ledger;
  readonly intake: Intake;
  readonly triggers: readonly Trigger[];
  now(): number;
}

export class OwnEvents {
  readonly #parts: OwnEventParts;

  constructor(parts: OwnEventParts) {
    this.#parts = parts;
  }

  /** From now on, where no mark says how far it was told before. */
  begin(): void {
    const { ledger } = this.#parts;
    const marks = { [MOVES_MARK]: ledger.journal.lastMoveSeq(), [TASKS_MARK]: ledger.journal.lastTaskId() };
    for (const [name, value] of Object.entries(marks))
      if (ledger.settings.get(name) === null) ledger.settings.set(name, String(value));
    this.tellTasks();
  }

  /** A fact may be an event. */
  hear(fact: Fact): void {
    const { kind } = fact;
    if (kind === "task-added" || (kind === "task-moved" && (isFinal(fact.to) || fact.to === "needs-input")))
      return this.tellTasks();
    if (kind === "level-changed") this.#tell("budget.level", fact.limitId, fact);
    if (kind === "worker-changed" && fact.state === "idle") this.#tell("worker.idle", fact.worker, fact);
  }

  #tell(type: string, subject: string, fact: Fact): void {
    if (!this.#listened(type)) return;
    const { intake } = this.#parts;
    const id = `${subject} ${fact.atMs}`;
    intake.take(ownEvent({ id, type, subject, data: { ...fact }, timeMs: fact.atMs }), {
      foreign: false,
      via: "fact",
    });
  }

  /** What became of tasks since the last time. */
  tellTasks(): void {
    if (this.#listened("task.added")) this.#tellAdded();
    if (
      ["completed", "failed", "cancelled", "lost", "needs_input"].some((end) => this.#listened(`task.${end}`))
    )
      this.#tellMoved();
  }

  #tellAdded(): void {
    const { ledger, intake } = this.#parts;
    const after = Number(ledger.settings.get(TASKS_MARK) ?? ledger.journal.lastTaskId());
    const last = Math.min(ledger.journal.lastTaskId(), after + pageSize);
    if (last <= after) return;
    const events = Array.from({ length: last - after }, (_, at) => ledger.tasks.byId(after + 1 + at))
      .filter((task) => task !== null)
      .map((task) => this.#ofTask("task.added", String(task.id), task, task.createdAtMs));
    intake.takeOwn(events, "task", { name: TASKS_MARK, value: String(last) });
  }

  #tellMoved(): void {
    const { ledger, intake } = this.#parts;
    const after = Number(ledger.settings.get(MOVES_MARK) ?? ledger.journal.lastMoveSeq());
    const moves = ledger.journal.movesAfter(after, pageSize);
    const last = moves.at(-1);
    if (last === undefined) return;
    const events = moves.flatMap(({ seq, taskId, to, atMs }) => {
      const type = to === "needs-input" ? "task.needs_input" : `task.${to}`;
      const task = isFinal(to) || to === "needs-input" ? ledger.tasks.byId(taskId) : null;
      return task === null || !this.#listened(type) ? [] : [this.#ofTask(type, `move ${seq}`, task, atMs)];
    });
    intake.takeOwn(events, "task", { name: MOVES_MARK, value: String(last.seq) });
    if (moves.length === pageSize) this.#tellMoved();
  }

  #ofTask(type: string, id: string, task: Task, timeMs: number): Envelope {
    const wake = this.#parts.ledger.journal.wakes.byTask(task.id);
    const { draft, assignment, state } = task;
    return ownEvent({
      ...{ id, type, timeMs, subject: `task ${task.id}` },
      correlation: wake === null ? null : chainName(wake.id),
      priority: draft.priority,
      data: {
        task: task.id,
        state: state.name,
        type: assignment.type,
        agent: assignment.agent,
        member: assignment.member?.id ?? null,
        worker: "worker" in state ? state.worker : null,
        origin: draft.origin,
        reason: "reason" in state ? state.reason.slice(0, 500) : null,
        text: draft.text.slice(0, 300),
      },
    });
  }

  /** Ticks that are due. Returns when the next is; null: there is none. */
  tick(): number | null {
    const { ledger, intake, triggers, now } = this.#parts;
    let nextMs: number | null = null;
    for (const { name, schedule } of triggers) {
      if (schedule === null) continue;
      const mark = `schedule:${name}`;
      const nowMs = now();
      const told = ledger.settings.get(mark);
      if (told === null) ledger.settings.set(mark, String(nowMs));
      const lastMs = told === null ? nowMs : Number(told);
      const due = dueMoments(schedule, lastMs, nowMs, lateMs);
      const events = due.map((atMs) => {
        const id = new Date(atMs).toISOString();
        return ownEvent({
          id: `${name} ${id}`,
          type: TICK,
          subject: name,
          timeMs: atMs,
          data: { moment: id },
        });
      });
      const missed = nextMoment(schedule, lastMs);
      if (missed !== null && missed <= nowMs)
        intake.takeOwn(events, "schedule", { name: mark, value: String(due.at(-1) ?? nowMs) });
      const next = nextMoment(schedule, nowMs);
      if (next !== null && (nextMs === null || next < nextMs)) nextMs = next;
    }
    return nextMs;
  }

  #listened(type: string): boolean {
    return this.#parts.triggers.some(({ on }) => on.some((pattern) => typeMatches(pattern, type)));
  }
}

/** An event of this program's own. */
export function ownEvent(change: Partial<Envelope> & Pick<Envelope, "id" | "type">): Envelope {
  return {
    source: "ctm",
    subject: null,
    timeMs: null,
    priority: "normal",
    correlation: null,
    expiresMs: null,
    target: null,
    replayOf: null,
    extensions: {},
    data: null,
    ...change,
  };
}
