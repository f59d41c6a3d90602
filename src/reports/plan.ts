/** `plan`: will it fit? When the waiting tasks would go and end, before which reset, and what is left then. */
import type { Priority } from "../tasks/priority.ts";
import type { LimitUnit } from "../throttle/limits.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { amount, count, NOTHING, taskCount } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { duration, shortMoment } from "./times.ts";

/** A figure in the usual and in the bad case; null = never, or nobody knows. */
export interface Both<T> {
  readonly p50: T;
  readonly p90: T;
}

export interface PlanModel {
  readonly nowMs: number;
  /** In the order of the queue. */
  readonly tasks: readonly PlanTask[];
  /** Waiting tasks behind those that are planned. */
  readonly beyond: number;
  /** Tasks that are held by name: they go nowhere until they are released. */
  readonly held: number;
  /** When the last of the planned tasks ends that do. */
  readonly doneAtMs: Both<number>;
  /** How many of them do not begin within a month. */
  readonly never: Both<number>;
  readonly resets: readonly PlanReset[];
  /** Room of the limits when the queue is done. */
  readonly left: readonly PlanLeft[];
  /** What the plan takes for true, in one sentence. */
  readonly assumes: string;
}

export interface PlanTask {
  readonly id: number;
  readonly text: string;
  readonly priority: Priority;
  readonly tokens: Both<number>;
  /** null: not within the horizon. */
  readonly startsAtMs: Both<number | null>;
  readonly endsAtMs: Both<number | null>;
  readonly waitsFor: string | null;
}

/** A limit or provider's window that begins anew, and how many of the planned tasks have ended by then. */
export interface PlanReset {
  readonly names: readonly string[];
  readonly atMs: number;
  readonly fits: Both<number>;
}

export interface PlanLeft {
  readonly limitId: string;
  readonly unit: LimitUnit;
  readonly left: Both<number>;
}

const tasksShownMax = 40;

export function renderPlan(model: PlanModel, paper: Paper): string[] {
  const { tasks } = model;
  const lines = [
    ...heading("PLAN", [taskCount(tasks.length + model.beyond), `${count(model.held)} held`], "   ", paper),
    ...(tasks.length === 0 ? ["  Nothing waits that could go."] : taskTable(model, paper)),
    ...(tasks.length > tasksShownMax ? [`  and ${count(tasks.length - tasksShownMax)} more`] : []),
    "",
    ...(tasks.length === 0 ? [] : summaryLines(model, paper)),
    ...wrapWords("  ", `Assumes: ${model.assumes}`, paper),
  ];
  return fitLines(lines, paper);
}

function taskTable({ tasks, nowMs }: PlanModel, paper: Paper): string[] {
  const rows = tasks.slice(0, tasksShownMax);
  const left = { before: "  ", align: "left" as const };
  const right = { before: "  ", align: "right" as const };
  const at = (atMs: number | null): string => (atMs === null ? "never" : inMs(atMs - nowMs));
  const columns = [
    { ...right, head: "id", cells: rows.map(({ id }) => String(id)) },
    { ...left, head: "priority", leaves: 1, cells: rows.map(({ priority }) => priority) },
    { ...right, head: "tokens p50", leaves: 0, cells: rows.map(({ tokens }) => `~${count(tokens.p50)}`) },
    { ...right, head: "starts in", cells: rows.map(({ startsAtMs }) => at(startsAtMs.p50)) },
    { ...right, head: "ends in p50", cells: rows.map(({ endsAtMs }) => at(endsAtMs.p50)) },
    { ...right, head: "p90", cells: rows.map(({ endsAtMs }) => at(endsAtMs.p90)) },
    {
      head: "waits for",
      before: "  ",
      min: 10,
      max: 200,
      draw: (index: number, width: number) => cut(oneLine(rows[index]?.waitsFor ?? NOTHING), width, paper),
    },
  ];
  const options = { width: lineWidth(paper), rows: rows.length, heading: true };
  return tableLines(columns, { ...options, paintHeading: paintFor(paper).faint });
}

function inMs(ms: number): string {
  return ms < 1_000 ? "now" : duration(ms);
}

function summaryLines(model: PlanModel, paper: Paper): string[] {
  const { nowMs, doneAtMs, never, tasks } = model;
  const done = (which: "p50" | "p90"): string => {
    const ended = tasks.length - never[which];
    if (ended === 0) return `nothing at ${which}`;
    const all = never[which] === 0 ? "" : `${count(ended)} of ${count(tasks.length)} by `;
    const atMs = doneAtMs[which];
    return `${all}${shortMoment(atMs, nowMs, paper)} (${inMs(atMs - nowMs)}) at ${which}`;
  };
  const fits = model.resets.map(
    ({ names, atMs, fits: { p50, p90 } }) =>
      `before ${shortMoment(atMs, nowMs, paper)} (${names.map(oneLine).join(", ")}) ${count(p50)} of ${count(tasks.length)} at p50, ${count(p90)} at p90`,
  );
  const left = model.left.map(
    (row) =>
      `${oneLine(row.limitId)} ~${amount(row.left.p50, row.unit)} at p50, ~${amount(row.left.p90, row.unit)} at p90`,
  );
  return [
    ...labelled("Done:", `${done("p50")}, ${done("p90")}`, paper),
    ...fits.flatMap((line, at) => labelled(at === 0 ? "Fit:" : "", line, paper)),
    ...left.flatMap((line, at) => labelled(at === 0 ? "Left:" : "", line, paper)),
  ];
}
