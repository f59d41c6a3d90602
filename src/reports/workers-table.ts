/** The workers: `workers`, and the lines below any list of workers that a person must see. */
import { cut, fitLines, oneLine } from "./cells.ts";
import type { Figure } from "./figure.ts";
import { heading, wrapWords } from "./lines.ts";
import { costOf, count, NOT_KNOWN, NOTHING, tokensOf } from "./numbers.ts";
import { paintFor, type Painter } from "./paint.ts";
import { arrow, lineWidth, withIcon, type Paper } from "./paper.ts";
import { type Cell, type Column, tableLines } from "./table.ts";
import { duration, shortMoment, span } from "./times.ts";

export type WorkerStateName = "starting" | "idle" | "busy" | "needs-input" | "limited" | "dead";

/** One worker as every view shows it. Text from agents and people may stand in it as it came. */
export interface WorkerRow {
  /** concurrent_worker1 */
  readonly name: string;
  /** What a person may type instead, e.g. w1. */
  readonly alias: string;
  readonly agent: string;
  readonly model: string | null;
  readonly state: WorkerStateName;
  readonly sinceMs: number;
  /** Why it is in this state, in one sentence; shown for limited and dead workers. */
  readonly because: string;
  /** limited: when it goes on; dead: when it is started again. Else, or when nobody knows, null. */
  readonly untilMs: number | null;
  /** The question it waits with (needs-input only). */
  readonly question: string | null;
  /** Takes no further task. */
  readonly draining: boolean;
  /** It gets no tasks because it coordinates. */
  readonly coordinates: boolean;
  /** A session a person started: never killed by us. */
  readonly adopted: boolean;
  /** A rehearsal: spends nothing. */
  readonly simulated: boolean;
  readonly done: number;
  readonly failed: number;
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  /** Share of the model's context in use, 0 to 100; null = not known. */
  readonly contextPercent: number | null;
  readonly task: WorkerTask | null;
}

export interface WorkerTask {
  readonly id: number;
  readonly text: string;
  readonly startedAtMs: number;
  /** What it has used so far. */
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
}

type ShownState =
  | "STARTING"
  | "IDLE"
  | "BUSY"
  | "NEEDS-INPUT"
  | "LIMITED"
  | "DEAD"
  | "DRAINING"
  | "COORDINATES";

const STATES: Record<
  ShownState,
  { readonly icon: string; readonly paint: "good" | "warn" | "bad" | "loud" }
> = {
  STARTING: { icon: "🔵", paint: "warn" },
  IDLE: { icon: "🟢", paint: "good" },
  BUSY: { icon: "🔴", paint: "bad" },
  "NEEDS-INPUT": { icon: "🟣", paint: "loud" },
  LIMITED: { icon: "🟠", paint: "warn" },
  DEAD: { icon: "⚫", paint: "bad" },
  DRAINING: { icon: "🟡", paint: "warn" },
  COORDINATES: { icon: "🟣", paint: "good" },
};

const WORDS: Record<WorkerStateName, ShownState> = {
  starting: "STARTING",
  idle: "IDLE",
  busy: "BUSY",
  "needs-input": "NEEDS-INPUT",
  limited: "LIMITED",
  dead: "DEAD",
};

const NAME_CELLS_MAX = 24;
const MODEL_CELLS_MAX = 16;

/** DRAINING (or COORDINATES) stands before IDLE and BUSY, but never hides a question or a fault. */
export function stateCell(row: Pick<WorkerRow, "state" | "draining" | "coordinates">, paper: Paper): Cell {
  const hidden = row.draining && (row.state === "idle" || row.state === "busy");
  const word: ShownState = hidden ? (row.coordinates ? "COORDINATES" : "DRAINING") : WORDS[row.state];
  const { icon, paint } = STATES[word];
  return { text: withIcon(icon, word, paper), paint: paintFor(paper)[paint] };
}

export function nameCell(name: string, paper: Paper): string {
  return cut(oneLine(name), NAME_CELLS_MAX, paper);
}

export function modelCell(model: string | null, paper: Paper): string {
  return model === null ? NOTHING : cut(oneLine(model), MODEL_CELLS_MAX, paper);
}

/** `ctx 38%`, or `ctx n/a`. */
export function contextCell(row: WorkerRow): string {
  return `ctx ${row.contextPercent === null ? NOT_KNOWN : `${Math.floor(row.contextPercent)}%`.padStart(3)}`;
}

export function elapsedCell(row: WorkerRow, nowMs: number): string {
  return row.task === null ? NOTHING : duration(nowMs - row.task.startedAtMs);
}

/** What the task in hand has used so far. */
export function soFarCell({ task }: WorkerRow): string {
  return task === null ? NOTHING : tokensOf(task.tokens);
}

/** What a worker waits with, or why it does not work, loud and with what to do; nothing for the others. */
export function attentionLines(rows: readonly WorkerRow[], paper: Paper): string[] {
  const paint = paintFor(paper);
  return rows.flatMap((row) => {
    if (row.state === "needs-input") return painted(askLines(row, paper), paint.loud);
    if (row.state === "limited" || row.state === "dead") return painted(faultLines(row, paper), paint.warn);
    return [];
  });
}

function painted(lines: readonly string[], paint: Painter): string[] {
  return lines.map((line) => paint(line));
}

function askLines(row: WorkerRow, paper: Paper): string[] {
  const alias = oneLine(row.alias);
  const dots = paper.unicode ? "…" : "...";
  const hint = `${arrow(paper)} answer ${alias} ${dots} | attach ${alias}`;
  const asks = `  ${nameCell(row.name, paper)} asks: `;
  const question = oneLine(row.question ?? "") || "(its screen shows the question)";
  const room = lineWidth(paper) - asks.length - hint.length - 2;
  if (question.length <= room) return fitLines([`${asks}${question}  ${hint}`], paper);
  return [...wrapWords(asks, cut(question, lineWidth(paper) * 3, paper), paper), `      ${hint}`];
}

function faultLines(row: WorkerRow, paper: Paper): string[] {
  const verb = row.state === "limited" ? "is limited" : "is dead";
  const then = row.state === "limited" ? "until" : "starts again at";
  const until = row.untilMs === null ? "" : ` ${then} ${shortMoment(row.untilMs, paper.nowMs, paper)}`;
  const because = cut(oneLine(row.because), lineWidth(paper) * 2, paper);
  const alias = oneLine(row.alias);
  const hint = `${arrow(paper)} ${staysDead(row) && !row.adopted ? "restart" : "why"} ${alias}`;
  const comma = row.state === "dead" && until !== "" ? "," : "";
  return wrapWords("  ", `${nameCell(row.name, paper)} ${verb}${comma}${until}: ${because}  ${hint}`, paper);
}

/** Dead, and nothing but a person starts it again. */
export function staysDead(row: Pick<WorkerRow, "state" | "untilMs">): boolean {
  return row.state === "dead" && row.untilMs === null;
}

/** `workers`: one line a worker, its task taking what is left. */
export function renderWorkers(rows: readonly WorkerRow[], paper: Paper): string[] {
  const table = tableLines(workerColumns(rows, paper), {
    width: lineWidth(paper),
    rows: rows.length,
    heading: true,
    paintHeading: paintFor(paper).faint,
  });
  const body = rows.length === 0 ? ["  No workers. Start some with: spawn"] : table;
  return fitLines([...heading("WORKERS", [], "  ", paper), ...body, ...attentionLines(rows, paper)], paper);
}

function workerColumns(rows: readonly WorkerRow[], paper: Paper): Column[] {
  const gap = "  ";
  return [
    { head: "worker", before: gap, align: "left", cells: rows.map((row) => nameCell(row.name, paper)) },
    {
      head: "",
      before: gap,
      align: "left",
      leaves: 6,
      cells: rows.map((row) => cut(oneLine(row.alias), 5, paper)),
    },
    { head: "state", before: gap, align: "left", cells: rows.map((row) => stateCell(row, paper)) },
    {
      head: "for",
      before: gap,
      align: "right",
      leaves: 4,
      cells: rows.map((row) => span(paper.nowMs - row.sinceMs)),
    },
    { head: "agent", before: gap, align: "left", leaves: 5, cells: rows.map((row) => agentCell(row, paper)) },
    {
      head: "model",
      before: gap,
      align: "left",
      leaves: 3,
      cells: rows.map((row) => modelCell(row.model, paper)),
    },
    { head: "done", before: gap, align: "right", leaves: 7, cells: rows.map((row) => count(row.done)) },
    { head: "failed", before: gap, align: "right", leaves: 2, cells: rows.map((row) => count(row.failed)) },
    {
      head: "tokens",
      before: gap,
      align: "right",
      leaves: 8,
      cells: rows.map((row) => tokensOf(row.tokens)),
    },
    { head: "cost", before: gap, align: "right", leaves: 1, cells: rows.map((row) => costOf(row.cost)) },
    { head: "context", before: gap, align: "right", leaves: 0, cells: rows.map(contextCell) },
    {
      head: "task",
      before: gap,
      min: 12,
      max: 200,
      draw: (index, width) => taskText(rows[index]?.task ?? null, width, paper),
    },
  ];
}

function agentCell(row: WorkerRow, paper: Paper): string {
  const agent = cut(oneLine(row.agent), 12, paper);
  return row.simulated ? `${agent} (simulated)` : row.adopted ? `${agent} (adopted)` : agent;
}

function taskText(task: WorkerTask | null, width: number, paper: Paper): string {
  return task === null ? NOTHING : cut(`${task.id}: ${oneLine(task.text)}`, width, paper);
}
