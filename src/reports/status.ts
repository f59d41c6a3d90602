/** `status`: the queue, the totals, the global limits, the workers and their levels on one screen. */
import { levelIcon } from "../throttle/levels.ts";
import { fitLines } from "./cells.ts";
import {
  barColumn,
  heldNote,
  heldWords,
  type LimitRow,
  limitWords,
  percentUsed,
  scopeWords,
  usedWords,
} from "./limits-table.ts";
import { atStops, heading, noticeLines, wrapWords } from "./lines.ts";
import { burnRate, costOf, count, limitAmount, NOTHING, tokensOf, unknownUsageWords } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { isNarrow, isWide, lineWidth, withIcon, type Paper } from "./paper.ts";
import { simulatedWords } from "./simulated-words.ts";
import { levelLines, workerLines } from "./status-workers.ts";
import type { DispatchMode, StatusModel } from "./status-model.ts";
import { type Column, tableLines } from "./table.ts";
import { telemetryStateLines } from "./telemetry.ts";
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
    ...telemetryStateLines(model.telemetry, paper),
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
    case "stopped":
      return "STOPPED";
    case "offline":
      return "no manager";
    default:
      return mode satisfies never;
  }
}

function pauseNotice(mode: DispatchMode): string[] {
  if (mode.kind === "stopped") return [`Dispatch has stopped: ${mode.reason}`];
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
  if (simulated !== null) parts.push(simulatedWords(simulated));
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
