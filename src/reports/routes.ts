/** `routes`: where each type of task goes, what is measured of each model, and what that says; what adopting changes. */
import type { AdoptedRoute } from "../delegation/adopted-route.ts";
import { costPerCompleted, successOf, type ModelClass, type ModelMove } from "../optimization/model-moves.ts";
import type { TaskType } from "../tasks/task.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, dollars, NOT_KNOWN } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { arrow, lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { shortMoment } from "./times.ts";
import { modelCell, nameCell } from "./workers-table.ts";

export interface RouteRow {
  /** What `routes adopt` takes; a type keeps its number. */
  readonly number: number;
  readonly type: TaskType;
  readonly agent: string;
  /** null = the agent's own default. */
  readonly model: string | null;
  /** What is measured of its agent's models in this type. */
  readonly classes: readonly ModelClass[];
  readonly move: ModelMove | null;
}

export interface RoutesModel {
  /** Attempts that were looked at are at most so many, the newest. */
  readonly attemptsMax: number;
  /** Ended tasks a model needs before anything is said of it. */
  readonly tasksMin: number;
  readonly routes: readonly RouteRow[];
  readonly adopted: readonly AdoptedRoute[];
  /** Everything goes to the cheap model: routes of types are not asked. */
  readonly preferCheap: boolean;
}

/** What adopting or dropping a route changes. */
export interface RouteChange {
  readonly done: boolean;
  /** `coding tasks` or `tasks of react-expert`. */
  readonly whose: string;
  readonly agent: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly because: string | null;
  /** The command that does it, where it is not done. */
  readonly doIt: string;
  /** The command that takes it back; null = this is the taking back. */
  readonly undo: string | null;
}

export function renderRoutes(model: RoutesModel, paper: Paper): string[] {
  const { routes, adopted, attemptsMax, tasksMin } = model;
  const moves = routes.filter(({ move }) => move !== null);
  const lines = [
    ...heading("ROUTES", [`${moves.length} suggested`, `${adopted.length} adopted`], "  ", paper),
    ...tableOf(routes, paper),
    "",
    ...adopted.flatMap((route) => wrapWords("  ", standingWords(route, paper), paper)),
    ...moves.flatMap((row) => moveLines(row, paper)),
    ...(moves.length > 0 ? [] : wrapWords("  ", nothingWords(model), paper)),
    "",
    ...wrapWords(
      "  ",
      `Measured on the newest ${count(attemptsMax)} attempts; from ${tasksMin} tasks of both models on. Which tasks went to which model was not left to chance.`,
      paper,
    ).map((line) => paintFor(paper).faint(line)),
  ];
  return fitLines(lines, paper);
}

interface TableRow {
  readonly row: RouteRow;
  readonly model: string | null;
  readonly measured: ModelClass | null;
}

/** Each type with its present model first, then the others that are measured. */
function tableOf(routes: readonly RouteRow[], paper: Paper): string[] {
  const rows = routes.flatMap((row): TableRow[] => {
    const present = row.classes.find(({ model }) => model === (row.model ?? "")) ?? null;
    const others = row.classes.filter((one) => one !== present);
    return [
      { row, model: row.model, measured: present },
      ...others.map((measured) => ({ row, model: measured.model === "" ? null : measured.model, measured })),
    ];
  });
  const isFirst = rows.map(({ row }, index) => rows[index - 1]?.row !== row);
  const left = (head: string, of: (row: TableRow, first: boolean) => string) => ({
    ...{ head, before: "  ", align: "left" as const },
    cells: rows.map((row, index) => of(row, isFirst[index] === true)),
  });
  const right = (head: string, of: (measured: ModelClass) => string) => ({
    ...{ head, before: "  ", align: "right" as const },
    cells: rows.map(({ measured }) => (measured === null ? NOT_KNOWN : of(measured))),
  });
  return tableLines(
    [
      left("#", ({ row }, first) => (first ? String(row.number) : "")),
      left("type", ({ row }, first) => (first ? row.type : "")),
      { ...left("agent", ({ row }, first) => (first ? nameCell(row.agent, paper) : "")), leaves: 0 },
      left("model", ({ model }) => (model === null ? "default" : modelCell(model, paper))),
      left("goes", (_row, first) => (first ? "now" : "")),
      {
        ...right("tasks", ({ ended }) => count(ended)),
        cells: rows.map(({ measured }) => count(measured?.ended ?? 0)),
      },
      right("success", (one) => rateWords(one.completed / one.ended)),
      right("95% sure", (one) => intervalWords(one)),
      right("cost/done", (one) => costWords(costPerCompleted(one))),
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
}

function moveLines({ number, type, move }: RouteRow, paper: Paper): string[] {
  if (move === null) return [];
  const line = `${number}  ${type}: ${moveWords(move, paper)}. \`routes adopt ${number}\` shows what that changes.`;
  return wrapWords("  ", line, paper).map((words) => paintFor(paper).warn(words));
}

/** `sonnet → haiku: 38 of 40 succeeded (83.5% to 98.6%), $0.0100 a completed task instead of $0.0400, 75.0% less` */
function moveWords({ from, to, savedNanoUsd }: ModelMove, paper: Paper): string {
  const name = (model: string): string => (model === "" ? "default" : modelCell(model, paper));
  return `${name(from.model)} ${arrow(paper)} ${name(to.model)}: ${evidenceOf(from, to, savedNanoUsd)}`;
}

/** Both models' success, and what a completed task costs with each, in one sentence's part. */
export function evidenceWords({ from, to, savedNanoUsd }: ModelMove): string {
  return evidenceOf(from, to, savedNanoUsd);
}

function evidenceOf(from: ModelClass, to: ModelClass, saved: number | null): string {
  const success = (one: ModelClass): string =>
    `${count(one.completed)} of ${count(one.ended)} (${intervalWords(one)})`;
  const [before, after] = [costPerCompleted(from), costPerCompleted(to)];
  const cost =
    before === null || after === null || saved === null
      ? "what it would cost is n/a"
      : `${dollars(after, 4)} a completed task instead of ${dollars(before, 4)}${before === 0 ? "" : `, ${shareWords(saved, before)}`}`;
  return `${success(to)} succeeded, ${success(from)} until now; ${cost}`;
}

function shareWords(saved: number, before: number): string {
  const percent = ((Math.abs(saved) / before) * 100).toFixed(1);
  return `${percent}% ${saved < 0 ? "more" : "less"}`;
}

function intervalWords(one: ModelClass): string {
  const { low, high } = successOf(one);
  return `${rateWords(low)}-${rateWords(high)}`;
}

/** Cut off, so that what is below a bound is not shown at it. */
function rateWords(rate: number): string {
  return `${(Math.floor(rate * 1_000 + 1e-9) / 10).toFixed(1)}%`;
}

function costWords(nanoUsd: number | null): string {
  return nanoUsd === null ? NOT_KNOWN : dollars(nanoUsd, 4);
}

function standingWords(route: AdoptedRoute, paper: Paper): string {
  const whose = route.kind === "type" ? route.subject : `as ${route.subject}`;
  const change = `${route.insteadOf ?? "default"} ${arrow(paper)} ${route.model}`;
  return `adopted ${shortMoment(route.atMs, paper.nowMs, paper)}  ${oneLine(whose)}: ${oneLine(change)} on ${oneLine(route.agent)} (${oneLine(route.because)}); \`routes drop ${oneLine(route.subject)}\` takes it back`;
}

function nothingWords({ preferCheap, tasksMin, routes }: RoutesModel): string {
  if (preferCheap)
    return "preferCheap sends everything to the cheap model: there is nothing to suggest until it is off.";
  const compared = routes.some(({ classes }) => classes.filter(({ ended }) => ended >= tasksMin).length > 1);
  return compared
    ? "Nothing is suggested: no other model is measured to do as well for less, or to do what the present one does not."
    : "Nothing is suggested: no type has two models with enough tasks yet.";
}

export function renderRouteChange(change: RouteChange, paper: Paper): string[] {
  const { done, whose, agent, from, to, because, doIt, undo } = change;
  const name = (model: string | null): string =>
    model === null ? "the agent's own default" : oneLine(model);
  const paint = paintFor(paper);
  const verdict = done
    ? ["Done. It counts for tasks from now on; those that wait keep the model they were given."]
    : [`Nothing is changed yet: \`${doIt}\` does it.`];
  return fitLines(
    [
      ...heading("ROUTE", [done ? "changed" : "preview"], "  ", paper),
      ...labelled("Changes:", `${oneLine(whose)} on ${oneLine(agent)}`, paper),
      ...labelled("Model:", `${name(from)} ${arrow(paper)} ${name(to)}`, paper),
      ...(because === null ? [] : labelled("Because:", oneLine(because), paper)),
      ...labelled("Stays:", "a type, model, agent or worker named for a task, and running tasks", paper),
      ...(undo === null ? [] : labelled("Back:", `\`${undo}\``, paper)),
      "",
      ...wrapWords("  ", verdict.join(" "), paper).map((line) =>
        done ? paint.good(line) : paint.warn(line),
      ),
    ],
    paper,
  );
}
