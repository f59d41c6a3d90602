/** Why a task waits and when it will go; which sign decided what state a worker is in. */
import type { TaskState } from "../tasks/task.ts";
import type { Level } from "../throttle/levels.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { heading, labelled } from "./lines.ts";
import { taskCount } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { arrow, lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { taskStateWords } from "./task-details.ts";
import { duration, shortMoment, span } from "./times.ts";
import { attentionLines, stateCell, type WorkerRow } from "./workers-table.ts";

export interface TaskWhy {
  readonly taskId: number;
  readonly state: TaskState;
  /** null: nothing holds it. */
  readonly holds: TaskHold | null;
  /** Tasks that go before it; null when it is not in the queue. */
  readonly ahead: number | null;
  /** What a person can do about it, one sentence each. */
  readonly advice: readonly string[];
}

/** What keeps a task waiting. */
export interface TaskHold {
  /** One sentence a person understands. */
  readonly reason: string;
  /** The limit that holds it, with its level; null when it is not a limit. */
  readonly limitId: string | null;
  readonly level: Level | null;
  /** When it goes if nothing else happens; null = when a running task ends, or a person acts. */
  readonly untilMs: number | null;
}

/** Draws why a task is where it is. */
export function renderTaskWhy(why: TaskWhy, paper: Paper): string[] {
  const lines = [
    ...heading(`WHY TASK ${why.taskId}`, [], "  ", paper),
    ...labelled("State:", taskStateWords(why.state, paper), paper),
    ...(why.holds === null ? [] : holdLines(why.holds, why.state, paper)),
    ...(why.ahead === null ? [] : labelled("Before it:", aheadWords(why.ahead), paper)),
    ...why.advice.flatMap((advice) => labelled(arrow(paper), oneLine(advice), paper)),
  ];
  return fitLines(lines, paper);
}

function holdLines(hold: TaskHold, { name }: TaskState, paper: Paper): string[] {
  const parked = name === "parked";
  const level = hold.level === null ? "" : ` (${hold.level})`;
  const goes =
    hold.untilMs === null
      ? "when a running task ends or a person acts"
      : `${shortMoment(hold.untilMs, paper.nowMs, paper)} (in ${duration(hold.untilMs - paper.nowMs)})`;
  return [
    ...labelled("Held because:", oneLine(hold.reason), paper),
    ...(hold.limitId === null ? [] : labelled("Limit:", `${oneLine(hold.limitId)}${level}`, paper)),
    // A parked one goes on by itself at a known time, or what it waits for stands in the reason.
    ...(parked && hold.untilMs === null ? [] : labelled(parked ? "Goes on:" : "Goes:", goes, paper)),
  ];
}

function aheadWords(ahead: number): string {
  if (ahead === 0) return "none: it is the next";
  return taskCount(ahead);
}

export interface WorkerWhy {
  readonly worker: WorkerRow;
  /** The sign that decided its state; null before the first one. */
  readonly decided: WorkerSign | null;
  /** The last word of every source, the most reliable first. */
  readonly signs: readonly WorkerSign[];
}

/** What one source said of a worker last. */
export interface WorkerSign {
  /** signal, process, record, screen or typing. */
  readonly source: string;
  readonly says: string;
  readonly atMs: number;
}

/** Draws what is known of a worker's state, with the age of each sign. */
export function renderWorkerWhy(why: WorkerWhy, paper: Paper): string[] {
  const { worker, decided } = why;
  const cell = stateCell(worker, paper);
  const state = typeof cell === "string" ? cell : cell.text;
  const lines = [
    ...heading(`WHY ${oneLine(worker.name)}`, [], "  ", paper),
    ...labelled("State:", `${state} for ${span(paper.nowMs - worker.sinceMs)}`, paper),
    ...labelled("Because:", oneLine(worker.because) || "nothing was seen of it yet", paper),
    ...(decided === null ? [] : labelled("Decided by:", signWords(decided, paper), paper)),
    ...signTable(why.signs, paper),
    ...attentionLines([worker], paper),
  ];
  return fitLines(lines, paper);
}

function signWords(sign: WorkerSign, paper: Paper): string {
  return `${oneLine(sign.source)}, ${ageOf(sign, paper)}: ${oneLine(sign.says)}`;
}

function signTable(signs: readonly WorkerSign[], paper: Paper): string[] {
  if (signs.length === 0) return [];
  const table = tableLines(
    [
      {
        head: "source",
        before: "  ",
        align: "left",
        minWidth: 12,
        cells: signs.map((sign) => cut(oneLine(sign.source), 20, paper)),
      },
      { head: "age", before: "  ", align: "right", cells: signs.map((sign) => ageOf(sign, paper)) },
      { head: "says", before: "  ", align: "left", cells: signs.map((sign) => oneLine(sign.says)) },
    ],
    { width: lineWidth(paper), rows: signs.length, heading: true, paintHeading: paintFor(paper).faint },
  );
  return ["", ...table];
}

function ageOf(sign: WorkerSign, paper: Paper): string {
  return `${duration(paper.nowMs - sign.atMs)} ago`;
}
