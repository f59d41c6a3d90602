/** `status`: the queue, the totals, the global limits, the workers and their levels on one screen. */
import { levelIcon } from "../throttle/levels.ts";
import { cellWidth, cut, fitLines, oneLine } from "./cells.ts";
import {
  attentionLines,
  contextCell,
  elapsedCell,
  modelCell,
  nameCell,
  stateCell,
  type WorkerRow,
} from "./workers-table.ts";
import {
  barColumn,
  heldNote,
  heldWords,
  levelCell,
  type LimitRow,
  limitWords,
  percentUsed,
  scopeWords,
  usedWords,
} from "./limits-table.ts";
import { atStops, heading, noticeLines, wrapWords } from "./lines.ts";
import {
  burnRate,
  costOf,
  count,
  dollars,
  limitAmount,
  NOTHING,
  tokensOf,
  unknownUsageWords,
} from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { isNarrow, isWide, lineWidth, withIcon, type Paper } from "./paper.ts";
import { admittedWords } from "./priorities.ts";
import type { DispatchMode, StatusModel, WorkerLevel } from "./status-model.ts";
import { type Column, tableLines } from "./table.ts";
import { dateAndTime, duration, shortMoment, span } from "./times.ts";

const TOTAL_STOPS = [0, 23, 52] as const;
const QUEUE_STOPS = [0, 23, 36, 52, 64] as const;
const BAR_CELLS_MAX = 40;
/** The bar's block may end two cells before the edge. */
const LIMIT_MARGIN = 2;

/** Draws the status. */
export function renderStatus(model: StatusModel, paper: Paper): string[] {
  const { title } = paintFor(paper);
  const lines = [
    ...statusHeading(model, paper),
    ...noticeLines([...pauseNotice(model.mode), ...model.notices], paper),
    ...totalLines(model, paper),
    "",
    `${title("Global Throttle Status:")} ${levelWords(model, paper)}`,
    ...limitLines(model, paper),
    "",
    title("Worker Status:"),
    ...workerLines(model, paper),
    "",
    title("Throttle Levels:"),
    ...levelLines(model.workerLevels, paper),
  ];
  return fitLines(lines, paper);
}

function statusHeading(model: StatusModel, paper: Paper): string[] {
  const up = model.upMs === null ? [] : [`up ${span(model.upMs)}`];
  const facts = [dateAndTime(model.nowMs, paper), ...up, modeWords(model.mode)];
  return heading("CONCURRENT TASK MANAGER STATUS", facts, "  ", paper);
}

function modeWords(mode: DispatchMode): string {
  switch (mode.kind) {
    case "auto":
      return `auto: on (${duration(mode.tickMs)})`;
    case "manual":
      return "auto: off";
    case "paused":
      return "PAUSED";
    case "offline":
      return "no manager";
    default:
      return mode satisfies never;
  }
}

function pauseNotice(mode: DispatchMode): string[] {
  if (mode.kind !== "paused") return [];
  return [`Dispatch is paused${mode.reason === null ? "" : `: ${mode.reason}`} (resume to go on)`];
}

function totalLines(model: StatusModel, paper: Paper): string[] {
  const { queued, held, running, failed, lost } = model.queue;
  const queue = [
    `Tasks in queue: ${count(queued)}`,
    `Held: ${count(held)}`,
    `Running: ${count(running)}`,
    `Failed: ${count(failed)}`,
    ...(lost > 0 ? [`Lost: ${count(lost)}`] : []),
  ];
  const totals = [
    `Total completed: ${count(model.completed)}`,
    `Total tokens used: ${tokensOf(model.tokens)}`,
    `Estimated cost: ${costOf(model.cost)}`,
  ];
  return [
    ...atStops(queue, QUEUE_STOPS, paper),
    ...atStops(totals, TOTAL_STOPS, paper),
    ...sourceLines(model, paper),
  ];
}

function sourceLines(model: StatusModel, paper: Paper): string[] {
  const { simulated, unknownUsageTasks } = model;
  const parts: string[] = [];
  if (simulated !== null) {
    const figures = `${count(simulated.tokens)} tokens and ${dollars(simulated.nanoUsd, 4)}`;
    parts.push(`(simulated) ${figures} of these totals come from rehearsals: nothing was spent`);
  }
  if (unknownUsageTasks > 0) {
    parts.push(`(n/a) ${unknownUsageWords(unknownUsageTasks)}: not in these totals`);
  }
  return parts.flatMap((part) => wrapWords("", part, paper)).map((line) => paintFor(paper).warn(line));
}

function levelWords(model: StatusModel, paper: Paper): string {
  return paintFor(paper).level(model.level)(withIcon(levelIcon(model.level), model.level, paper));
}

function limitLines(model: StatusModel, paper: Paper): string[] {
  const rows = model.limits;
  if (rows.length === 0) return ["  No limits are set."];
  const columns: Column[] = [
    { head: "", before: "  ", align: "left", cells: rows.map((row) => limitLabel(row, paper)) },
    { head: "used / limit", before: " ", align: "left", cells: rows.map(usedOfLimit) },
    ...(isNarrow(paper) ? [] : [barColumn(rows, BAR_CELLS_MAX, "  ", paper)]),
    { head: "%", before: " ", align: "right", minWidth: 6, cells: rows.map(percentUsed) },
    {
      head: "burn",
      before: "  ",
      align: "right",
      minWidth: 7,
      leaves: 1,
      cells: rows.map((row) => burnRate(row.burnPerHour, row.unit)),
    },
    {
      head: "resets",
      before: "  ",
      align: "right",
      leaves: 2,
      cells: rows.map((row) => resetsIn(row, model.nowMs)),
    },
    ...(isWide(paper) ? [runsOutColumn(rows, model.nowMs, paper)] : []),
  ];
  const width = lineWidth(paper) - LIMIT_MARGIN;
  const options = { width, rows: rows.length, heading: true, paintHeading: paintFor(paper).faint };
  return [...tableLines(columns, options), ...heldNote(rows, paper)];
}

function limitLabel(row: LimitRow, paper: Paper): string {
  const words = limitWords(row);
  const label = `${words.charAt(0).toUpperCase()}${words.slice(1)}:`;
  return row.scope.kind === "global" ? label : `${scopeWords(row.scope, paper)} ${label}`;
}

function usedOfLimit(row: LimitRow): string {
  const used = row.held > 0 ? `${usedWords(row)} ${heldWords(row)}` : usedWords(row);
  return `${used} / ${limitAmount(row.limit, row.unit)}`;
}

function resetsIn(row: LimitRow, nowMs: number): string {
  return row.resetsAtMs === null ? NOTHING : duration(row.resetsAtMs - nowMs);
}

function runsOutColumn(rows: readonly LimitRow[], nowMs: number, paper: Paper): Column {
  const cells = rows.map((row) => {
    if (row.limit === null) return NOTHING;
    return row.runsOutAtMs === null ? "not before" : shortMoment(row.runsOutAtMs, nowMs, paper);
  });
  return { head: "runs out", before: "  ", align: "right", minWidth: 10, leaves: 0, cells };
}

function workerLines(model: StatusModel, paper: Paper): string[] {
  const rows = model.workers;
  if (rows.length === 0) return ["  No workers. Start some with: spawn"];
  const columns: Column[] = [
    {
      head: "",
      before: "  ",
      align: "left",
      cells: rows.map((row) => shownName(row.name, row.alias, paper)),
    },
    { head: "", before: "  ", align: "left", cells: rows.map((row) => stateCell(row, paper)) },
    {
      head: "",
      before: " | Done: ",
      align: "right",
      minWidth: 2,
      leaves: 4,
      cells: rows.map((row) => count(row.done)),
    },
    {
      head: "",
      before: " | Tokens: ",
      align: "right",
      leaves: 3,
      cells: rows.map((row) => tokensOf(row.tokens)),
    },
    ...(isWide(paper) ? wideWorkerColumns(rows, model.nowMs, paper) : []),
    {
      head: "",
      before: " | Task: ",
      min: 8,
      max: 400,
      draw: (index, width) => cut(oneLine(rows[index]?.task?.text ?? "None"), width, paper),
    },
  ];
  const table = tableLines(columns, { width: lineWidth(paper), rows: rows.length, heading: false });
  return [...table, ...attentionLines(rows, paper)];
}

function wideWorkerColumns(rows: readonly WorkerRow[], nowMs: number, paper: Paper): Column[] {
  return [
    { head: "", before: " | ", align: "right", leaves: 2, cells: rows.map((row) => costOf(row.cost)) },
    {
      head: "",
      before: " | ",
      align: "left",
      leaves: 1,
      cells: rows.map((row) => modelCell(row.model, paper)),
    },
    { head: "", before: " | ", align: "left", leaves: 0, cells: rows.map(contextCell) },
    {
      head: "",
      before: " | ",
      align: "right",
      minWidth: 5,
      leaves: 0,
      cells: rows.map((row) => elapsedCell(row, nowMs)),
    },
  ];
}

/** Its name, or on narrow paper what a person may type instead. */
function shownName(name: string, alias: string, paper: Paper): string {
  return nameCell(isNarrow(paper) ? alias : name, paper);
}

function levelLines(rows: readonly WorkerLevel[], paper: Paper): string[] {
  if (rows.length === 0) return ["  No workers."];
  const columns: Column[] = [
    {
      head: "",
      before: "  ",
      align: "left",
      cells: rows.map((row) => shownName(row.worker, row.alias, paper)),
    },
    {
      head: "",
      before: "  ",
      align: "left",
      minWidth: cellWidth(withIcon(levelIcon("CRITICAL"), "CRITICAL", paper)),
      cells: rows.map((row) => levelCell(row.level, paper)),
    },
    ...windowColumns(
      " | Hour: ",
      rows.map((row) => row.hour),
      paper,
      4,
    ),
    ...windowColumns(
      " | Day: ",
      rows.map((row) => row.day),
      paper,
      2,
    ),
    ...(isWide(paper)
      ? [
          {
            head: "",
            before: " | Runs: ",
            align: "left" as const,
            leaves: 0,
            cells: rows.map((row) => admittedWords(row.admits)),
          },
        ]
      : []),
  ];
  const width = lineWidth(paper);
  return tableLines(columns, { width, rows: rows.length, heading: false });
}

/** The used amount and its share; on wide paper the limit as well. */
function windowColumns(
  before: string,
  rows: readonly (LimitRow | null)[],
  paper: Paper,
  keep: number,
): Column[] {
  const wide = isWide(paper);
  const used = rows.map((row) => (row === null ? NOTHING : windowUse(row, wide)));
  const shares = rows.map((row) => {
    if (row === null || row.limit === null) return "";
    return wide ? percentUsed(row) : `(${percentUsed(row)})`;
  });
  return [
    { head: "", before, align: "right", leaves: keep + 1, cells: used },
    { head: "", before: wide ? "  " : " ", align: "right", leaves: keep, cells: shares },
  ];
}

function windowUse(row: LimitRow, wide: boolean): string {
  const used = row.held > 0 ? `${usedWords(row)} ${heldWords(row)}` : usedWords(row);
  return wide ? `${used} / ${limitAmount(row.limit, row.unit)}` : used;
}
