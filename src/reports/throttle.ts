/** `throttle`: every limit against what is used of it, and what may run now. */
import { PRIORITIES } from "../tasks/priority.ts";
import { cellWidth, cut, fitLines, oneLine } from "./cells.ts";
import {
  barColumn,
  heldCell,
  heldNote,
  levelCell,
  type LimitRow,
  limitWords,
  percentUsed,
  scopeWords,
  usedWords,
} from "./limits-table.ts";
import { heading, noticeLines, wrapParts, wrapWords } from "./lines.ts";
import { amount, count, NOTHING } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { isNarrow, isWide, lineWidth, type Paper } from "./paper.ts";
import { admittedWords } from "./priorities.ts";
import { providerWindowLines } from "./provider-windows.ts";
import { type Column, tableLines } from "./table.ts";
import type { ThrottleModel } from "./throttle-model.ts";
import { duration, shortMoment } from "./times.ts";

const BAR_CELLS_MAX = 26;
/** Of `🚨 CRITICAL`: kept without icons too, so that the bar does not jump. */
const LEVEL_CELLS = 11;
const LEVEL_RANGES = ["NONE <80", "WARNING 80-<90", "SOFT 90-<95", "HARD 95-99", "CRITICAL >99"] as const;

/** Draws the throttle. */
export function renderThrottle(model: ThrottleModel, paper: Paper): string[] {
  const lines = [
    ...throttleHeading(model, paper),
    ...noticeLines(model.notices, paper),
    ...limitTable(model, paper),
    ...heldNote(model.limits, paper),
    ...providerWindowLines(model.windows, paper),
    ...externalLines(model, paper),
    "",
    ...runLines(model, paper),
    ...rangeLines(paper),
  ];
  return fitLines(lines, paper);
}

function throttleHeading(model: ThrottleModel, paper: Paper): string[] {
  const at = model.nextResetAtMs;
  const reset =
    at === null
      ? "no reset ahead"
      : `next reset ${shortMoment(at, model.nowMs, paper)} (${duration(at - model.nowMs)})`;
  return heading("THROTTLE STATUS", ["effective level = worst row", reset], "   ", paper);
}

function limitTable(model: ThrottleModel, paper: Paper): string[] {
  const rows = model.limits;
  if (rows.length === 0) return ["  No limits are set."];
  const held = rows.some((row) => row.held > 0);
  const columns: Column[] = [
    {
      head: "scope",
      before: "  ",
      align: "left",
      minWidth: 18,
      cells: rows.map((row) => scopeWords(row.scope, paper)),
    },
    { head: "limit", before: "  ", align: "left", minWidth: 11, cells: rows.map(limitWords) },
    { head: "used", before: "  ", align: "right", minWidth: 9, cells: rows.map(usedWords) },
    ...(held ? [{ head: "held", before: "  ", align: "right" as const, cells: rows.map(heldCell) }] : []),
    ...(isNarrow(paper) ? [] : [barColumn(rows, BAR_CELLS_MAX, "   ", paper)]),
    { head: "%", before: "  ", align: "right", minWidth: 6, cells: rows.map(percentUsed) },
    {
      head: "level",
      before: "  ",
      align: "left",
      minWidth: isNarrow(paper) ? 0 : LEVEL_CELLS,
      cells: rows.map((row) => levelCell(row.level, paper)),
    },
    ...(isWide(paper) ? forecastColumns(rows, model.nowMs, paper) : []),
  ];
  const options = {
    width: lineWidth(paper),
    rows: rows.length,
    heading: true,
    paintHeading: paintFor(paper).faint,
  };
  return tableLines(columns, options);
}

function forecastColumns(rows: readonly LimitRow[], nowMs: number, paper: Paper): Column[] {
  const runsOut = rows.map((row) =>
    row.runsOutAtMs === null ? NOTHING : shortMoment(row.runsOutAtMs, nowMs, paper),
  );
  return [
    { head: "headroom", before: "   ", align: "right", minWidth: 9, leaves: 2, cells: rows.map(headroom) },
    { head: "runs out", before: "   ", align: "right", minWidth: 8, leaves: 1, cells: runsOut },
  ];
}

/** What is left after what is used and held. */
function headroom(row: LimitRow): string {
  return row.limit === null ? NOTHING : amount(Math.max(0, row.limit - row.used - row.held), row.unit);
}

/** Your own use of the agents: beside the tasks', and no part of it. */
function externalLines({ external }: ThrottleModel, paper: Paper): string[] {
  return external.flatMap(({ agent, account, hourTokens, dayTokens, keptTokens }) => {
    const whose = account === agent ? "" : ` (account ${oneLine(account)})`;
    const kept =
      keptTokens === 0 ? "" : `; ${count(keptTokens)} of its limits are kept for what is not seen yet`;
    const used = `used ${count(hourTokens)} tokens in the last hour, ${count(dayTokens)} in the last day`;
    return wrapWords("  ", `external: your own sessions of ${oneLine(agent)}${whose} ${used}${kept}`, paper);
  });
}

function runLines(model: ThrottleModel, paper: Paper): string[] {
  const wide = isWide(paper);
  const lead = wide ? "Runs now:   " : "Runs now:  ";
  const parts = model.runs.map((run) => {
    const alias = cut(oneLine(run.alias), 24, paper);
    return `${alias} ${admittedWords(run.admits, wide ? " " : ",", "all")}`;
  });
  const runs = wrapParts(lead, parts.length === 0 ? ["no workers"] : parts, " | ", paper);
  return withTail(runs, heldTasks(model, wide), wide ? "     " : "   ", paper);
}

/** The tail at the end of the last line where it has room, else on a line of its own. */
function withTail(lines: readonly string[], tail: string, gap: string, paper: Paper): string[] {
  const last = `${lines.at(-1) ?? ""}${gap}${tail}`;
  return cellWidth(last) <= lineWidth(paper)
    ? [...lines.slice(0, -1), last]
    : [...lines, `           ${tail}`];
}

function heldTasks(model: ThrottleModel, wide: boolean): string {
  const kinds = PRIORITIES.filter((priority) => model.heldByPriority[priority] > 0);
  const all = kinds.reduce((sum, priority) => sum + model.heldByPriority[priority], 0);
  if (!wide) return `Held: ${count(all)}`;
  const words = kinds.map((priority) => `${count(model.heldByPriority[priority])} ${priority}`).join(", ");
  return `(held: ${words === "" ? "0" : words})`;
}

function rangeLines(paper: Paper): string[] {
  const wide = isWide(paper);
  const note = wide ? "   (percent of limit, unrounded)" : " (%)";
  const parts = LEVEL_RANGES.map((range, index) =>
    index === LEVEL_RANGES.length - 1 ? range + note : range,
  );
  return wrapParts(wide ? "Levels:     " : "Levels:    ", parts, "  ", paper);
}
