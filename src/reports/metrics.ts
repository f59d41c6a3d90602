/** `metrics`: what was spent, by whom, on which model, and what the routing saved. */
import { cut, fitLines, oneLine } from "./cells.ts";
import { type Figure, figureOf, UNKNOWN } from "./figure.ts";
import { atStops, heading, noticeLines, wrapParts, wrapWords } from "./lines.ts";
import type { MeasuredSaving, MetricsModel, MetricsRow } from "./metrics-model.ts";
import {
  costOf,
  count,
  dollars,
  NOT_KNOWN,
  NOTHING,
  percent,
  taskCount,
  tokensOf,
  unknownUsageWords,
} from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { isWide, lineWidth, tick, type Paper } from "./paper.ts";
import { type Column, tableLines } from "./table.ts";
import { dateAndMinute, duration } from "./times.ts";
import { modelCell, nameCell } from "./workers-table.ts";

const PAIR_STOPS = [2, 38] as const;
const LEFT_LABEL_CELLS = 24;
const RIGHT_LABEL_CELLS = 22;

/** Draws the metrics. */
export function renderMetrics(model: MetricsModel, paper: Paper): string[] {
  const { title } = paintFor(paper);
  const lines = [
    ...metricsHeading(model, paper),
    ...noticeLines(model.notices, paper),
    title("Global Metrics:"),
    ...globalLines(model, paper),
    ...simulatedLine(model, paper),
    "",
    title("Per-Worker Metrics:"),
    ...workerTable(model, paper),
    "",
    title("By model / task type:"),
    ...useLines(model, paper),
    "",
    ...externalLines(model, paper),
    title("Cost Optimization:"),
    ...optimizationLines(model, paper),
  ];
  return fitLines(lines, paper);
}

/** Apart from all sums: a person's own use of the same agents. */
function externalLines({ external }: MetricsModel, paper: Paper): string[] {
  if (external.length === 0) return [];
  const words = external.map(
    ({ agent, account, tokens, cost }) =>
      `${nameCell(agent, paper)}${account === agent ? "" : ` (${nameCell(account, paper)})`} ${tokensOf(tokens)} tokens, ${costOf(cost)}`,
  );
  const { title } = paintFor(paper);
  return [
    title("External (your own sessions, in no figure above):"),
    ...wrapParts("  ", words, " | ", paper),
    "",
  ];
}

function metricsHeading(model: MetricsModel, paper: Paper): string[] {
  const since = model.sinceMs === null ? [] : [`since ${dateAndMinute(model.sinceMs, paper)}`];
  const prices = `prices ${cut(oneLine(model.prices), 24, paper)}`;
  return heading("TOKEN USAGE & COST METRICS", [...since, prices], "  ", paper);
}

function globalLines(model: MetricsModel, paper: Paper): string[] {
  const { total } = model;
  const pairs: [string, string, string, string][] = [
    ["Total tasks completed:", count(total.completed), "Usage source:", sourceWords(model)],
    [
      "Total tokens used:",
      tokensOf(total.tokens),
      "Input / output:",
      both(model.inputTokens, model.outputTokens),
    ],
    [
      "Estimated total cost:",
      costOf(total.cost),
      "Cache read / write:",
      both(model.cacheReadTokens, model.cacheWriteTokens),
    ],
    ["Average tokens/task:", tokensOf(average(total.tokens, total)), "Success rate:", successWords(total)],
    ["Average cost/task:", costOf(average(total.cost, total)), "Coordinator share:", coordinatorWords(model)],
  ];
  return pairs.flatMap(([label, value, further, furtherValue]) =>
    atStops(
      [label.padEnd(LEFT_LABEL_CELLS) + value, further.padEnd(RIGHT_LABEL_CELLS) + furtherValue],
      PAIR_STOPS,
      paper,
    ),
  );
}

function both(a: Figure, b: Figure): string {
  return `${tokensOf(a)} / ${tokensOf(b)}`;
}

/** `11 exact, 1 est.`: only what occurs. */
function sourceWords(model: MetricsModel): string {
  const { actual, estimated, simulated, unknown } = model.tasksBySource;
  const parts = [
    ...(actual > 0 ? [`${count(actual)} exact`] : []),
    ...(estimated > 0 ? [`${count(estimated)} est.`] : []),
    ...(simulated > 0 ? [`${count(simulated)} sim.`] : []),
    ...(unknown > 0 ? [`${count(unknown)} n/a`] : []),
  ];
  return parts.length === 0 ? NOTHING : parts.join(", ");
}

function simulatedLine(model: MetricsModel, paper: Paper): string[] {
  const { simulated, unknown } = model.tasksBySource;
  const parts: string[] = [];
  if (simulated > 0)
    parts.push(`(simulated) ${taskCount(simulated)} of a rehearsal: nothing was spent on them`);
  if (unknown > 0) parts.push(`(n/a) ${unknownUsageWords(unknown)}: not in the totals and averages`);
  return parts.flatMap((part) => wrapWords("  ", part, paper)).map((line) => paintFor(paper).warn(line));
}

/** Whole units, the rest dropped; unknown when no task was measured. */
function average(figure: Figure, row: MetricsRow): Figure {
  if (figure.value === null || row.measured <= 0) return UNKNOWN;
  return figureOf(Math.floor(figure.value / row.measured), figure.source);
}

function successWords(row: MetricsRow): string {
  const ended = row.completed + row.failed;
  if (ended === 0) return NOT_KNOWN;
  return `${count(row.completed)}/${count(ended)} (${percent(row.completed, ended)})`;
}

function coordinatorWords(model: MetricsModel): string {
  const { coordinatorTokens, noCoordinator, coordinatedTokens } = model;
  if (noCoordinator) return "0 (no LLM coordinator)";
  if (coordinatorTokens.value === null) return NOT_KNOWN;
  return `${tokensOf(coordinatorTokens)} tokens (${shareWords(coordinatorTokens, coordinatedTokens)})`;
}

function shareWords(part: Figure, whole: Figure): string {
  if (part.value === null || whole.value === null) return NOT_KNOWN;
  return whole.value === 0 ? "0.0%" : percent(part.value, whole.value);
}

function workerTable(model: MetricsModel, paper: Paper): string[] {
  const rows = [...model.workers, { ...model.total, worker: "Total" }];
  const paint = paintFor(paper);
  const columns: Column[] = [
    {
      head: "",
      before: "  ",
      align: "left",
      minWidth: 19,
      cells: rows.map((row) => nameCell(row.worker, paper)),
    },
    right(
      "Tasks completed",
      rows.map((row) => count(row.completed)),
      6,
    ),
    right(
      "Tokens used",
      rows.map((row) => tokensOf(row.tokens)),
    ),
    right(
      isWide(paper) ? "Estimated cost" : "Est. cost",
      rows.map((row) => costOf(row.cost)),
    ),
    right(
      "Avg tokens/task",
      rows.map((row) => tokensOf(average(row.tokens, row))),
      5,
    ),
    ...(isWide(paper) ? wideColumns(rows) : []),
  ];
  const options = { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paint.faint };
  return tableLines(columns, options);
}

function wideColumns(rows: readonly MetricsRow[]): Column[] {
  return [
    right(
      "p95 time",
      rows.map((row) => (row.p95Ms === null ? NOT_KNOWN : duration(row.p95Ms))),
      4,
    ),
    right(
      "Success",
      rows.map((row) => `${count(row.completed)}/${count(row.completed + row.failed)}`),
      3,
    ),
    right(
      "Overhead",
      rows.map((row) => shareWords(row.overheadTokens, row.tokens)),
      2,
    ),
  ];
}

function right(head: string, cells: readonly string[], leaves?: number): Column {
  const column = { head, before: "  ", align: "right" as const, cells };
  return leaves === undefined ? column : { ...column, leaves };
}

function useLines(model: MetricsModel, paper: Paper): string[] {
  const models = model.models.map(
    ({ model: name, tokens, cost }) => `${modelCell(name, paper)} ${tokensOf(tokens)} tok ${costOf(cost)}`,
  );
  const types = model.types.map((use) => {
    const name = `${use.type} ${count(use.tasks)}`;
    return use.tasks === 0 ? name : `${name} (${tokensOf(use.tokens)} tok)`;
  });
  return [
    ...(models.length === 0 ? ["  no model was used yet"] : wrapParts("  ", models, " | ", paper)),
    ...wrapParts("  ", types, "   ", paper),
  ];
}

function optimizationLines(model: MetricsModel, paper: Paper): string[] {
  const { good, warn } = paintFor(paper);
  const enabled = `${tick(paper)} Task delegation enabled - routing to optimal models`;
  const disabled = "[off] Task delegation disabled - every task goes to one model";
  const expected = `${tick(paper)} Expected savings: 20-40% vs uniform model usage`;
  return [
    ...(model.delegating
      ? wrapWords("  ", enabled, paper).map((line) => good(line))
      : wrapWords("  ", disabled, paper).map((line) => warn(line))),
    ...wrapWords("  ", expected, paper),
    ...wrapWords("  ", `Measured: ${savingWords(model.saving, paper)}`, paper),
  ];
}

function savingWords(saving: MeasuredSaving | null, paper: Paper): string {
  if (saving === null) return `${NOT_KNOWN} (nothing was priced yet)`;
  const about = saving.estimated ? "~" : "";
  const verb = saving.savedNanoUsd < 0 ? "more than" : "saved of";
  const difference = Math.abs(saving.savedNanoUsd);
  const share = saving.uniformNanoUsd === 0 ? "0.0%" : percent(difference, saving.uniformNanoUsd);
  const uniform = `all-${modelCell(saving.uniformModel, paper)}`;
  const figures = `${about}${dollars(difference, 4)} ${verb} ${about}${dollars(saving.uniformNanoUsd, 4)} (${share})`;
  return `${figures} vs ${uniform} on the same tokens`;
}
