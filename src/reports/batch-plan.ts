/** `batch --plan`: what a batch would cost, which limits it would meet and when, and when it would be done. */
import { fitLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, dollars, NOT_KNOWN, taskCount } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import type { Both } from "./plan.ts";
import { tableLines } from "./table.ts";
import { duration, shortMoment } from "./times.ts";

export interface BatchPlanModel {
  readonly nowMs: number;
  /** That would be queued. */
  readonly tasks: number;
  /** That are there already by their keys. */
  readonly known: number;
  /** Of those to be queued: held by name, they go nowhere until they are released. */
  readonly held: number;
  /** Waiting tasks that are in the queue already. */
  readonly ahead: number;
  /** Tasks too far behind in line to be planned. */
  readonly beyond: number;
  /** By agent and model. */
  readonly shares: readonly BatchPlanShare[];
  readonly limits: readonly BatchPlanLimit[];
  /** When the last of them ends that does; null = none does. */
  readonly doneAtMs: Both<number | null>;
  /** That some of them find no worker, in one sentence; null = all do. */
  readonly noWorker: string | null;
  /** How many of them do not begin within a month. */
  readonly never: Both<number>;
  readonly assumes: string;
}

export interface BatchPlanShare {
  readonly agent: string;
  readonly model: string | null;
  readonly tasks: number;
  readonly tokens: Both<number>;
  /** null: its model has no price. */
  readonly nanoUsd: Both<number> | null;
}

/** A limit that would keep tasks waiting, and from when on; null = not in this case. */
export interface BatchPlanLimit {
  readonly limitId: string;
  readonly atMs: Both<number | null>;
}

const sharesShownMax = 20;
const CASES = ["p50", "p90"] as const;

export function renderBatchPlan(model: BatchPlanModel, paper: Paper): string[] {
  const { tasks, ahead, known, held, beyond, noWorker } = model;
  const notes = [
    ...(known === 0 ? [] : [`${taskCount(known)} of the file had been queued before by their keys`]),
    ...(held === 0 ? [] : [`${taskCount(held)} wait for \`release\``]),
    ...(noWorker === null ? [] : [noWorker]),
    ...(beyond === 0 ? [] : [`${taskCount(beyond)} are too far behind to be planned`]),
  ];
  const lines = [
    ...heading("BATCH PLAN", [taskCount(tasks), `${count(ahead)} wait before them`], "   ", paper),
    ...(tasks === 0 ? ["  Nothing new would be queued."] : shareTable(model.shares, paper)),
    "",
    ...(tasks === held
      ? []
      : labelled("Done:", CASES.map((which) => doneWords(model, which, paper)).join(", "), paper)),
    ...limitLines(model, paper),
    ...notes.flatMap((note, at) => labelled(at === 0 ? "Note:" : "", note, paper)),
    ...wrapWords("  ", `Assumes: ${model.assumes}`, paper),
  ];
  return fitLines(lines, paper);
}

function shareTable(shares: readonly BatchPlanShare[], paper: Paper): string[] {
  const shown = shares.slice(0, sharesShownMax);
  const rows = shares.length > 1 ? [...shown, totalOf(shares)] : shown;
  const right = { before: "  ", align: "right" as const };
  const tokens = (which: "p50" | "p90") => rows.map((row) => `~${count(row.tokens[which])}`);
  const cost = (which: "p50" | "p90") =>
    rows.map(({ nanoUsd }) => (nanoUsd === null ? NOT_KNOWN : `~${dollars(nanoUsd[which], 4)}`));
  const columns = [
    {
      ...{ head: "", before: "  ", align: "left" as const },
      cells: rows.map(({ agent, model }) => oneLine([agent, model ?? ""].join(" ").trim())),
    },
    { ...right, head: "tasks", cells: rows.map((row) => count(row.tasks)) },
    { ...right, head: "tokens p50", cells: tokens("p50") },
    { ...right, head: "p90", cells: tokens("p90") },
    { ...right, head: "cost p50", cells: cost("p50") },
    { ...right, head: "p90", cells: cost("p90") },
  ];
  const options = { width: lineWidth(paper), rows: rows.length, heading: true };
  const more = shares.length - shown.length;
  return [
    ...tableLines(columns, { ...options, paintHeading: paintFor(paper).faint }),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** Of all together. What has no price makes the sum of costs unknown. */
function totalOf(shares: readonly BatchPlanShare[]): BatchPlanShare {
  const none = { p50: 0, p90: 0 };
  const add = (a: Both<number>, b: Both<number>): Both<number> => ({
    p50: a.p50 + b.p50,
    p90: a.p90 + b.p90,
  });
  return shares.reduce<BatchPlanShare>(
    (sum, { tasks, tokens, nanoUsd }) => ({
      ...sum,
      tasks: sum.tasks + tasks,
      tokens: add(sum.tokens, tokens),
      nanoUsd: sum.nanoUsd === null || nanoUsd === null ? null : add(sum.nanoUsd, nanoUsd),
    }),
    { agent: "Total", model: null, tasks: 0, tokens: none, nanoUsd: none },
  );
}

function doneWords(
  { doneAtMs, never, nowMs, tasks, held, beyond }: BatchPlanModel,
  which: "p50" | "p90",
  paper: Paper,
): string {
  const atMs = doneAtMs[which];
  if (atMs === null) return `nothing at ${which}`;
  const going = tasks - held;
  const missing = never[which] + beyond;
  const part = missing === 0 ? "" : `${count(Math.max(0, going - missing))} of ${count(going)} by `;
  return `${part}${momentWords(atMs, nowMs, paper)} at ${which}`;
}

function limitLines({ limits, nowMs, tasks }: BatchPlanModel, paper: Paper): string[] {
  if (tasks === 0) return [];
  if (limits.length === 0) return labelled("Limits:", "it meets none", paper);
  return limits.flatMap(({ limitId, atMs }, at) => {
    const met = CASES.flatMap((which) => {
      const moment = atMs[which];
      return moment === null ? [] : [`from ${momentWords(moment, nowMs, paper)} on at ${which}`];
    });
    return labelled(at === 0 ? "Limits:" : "", `${oneLine(limitId)} ${met.join(", ")}`, paper);
  });
}

function momentWords(atMs: number, nowMs: number, paper: Paper): string {
  const inMs = atMs - nowMs;
  return `${shortMoment(atMs, nowMs, paper)} (${inMs < 1_000 ? "now" : duration(inMs)})`;
}
