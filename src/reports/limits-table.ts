/** Every limit with what stands against it: `limits`. Also the words other views use for a limit. */
import type { UsageSource } from "../metering/usage.ts";
import { levelIcon, type Level } from "../throttle/levels.ts";
import type { Scope } from "../throttle/limits.ts";
import type { LimitStanding } from "../throttle/standings.ts";
import { bar } from "./bars.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { heading, noticeLines, wrapWords } from "./lines.ts";
import { amount, amountOf, limitAmount, NOTHING, percent } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, withIcon, type Paper } from "./paper.ts";
import { type Cell, type FlexColumn, tableLines } from "./table.ts";
import { shortMoment } from "./times.ts";

/** One limit on one scope, as it stands. */
export interface LimitRow extends LimitStanding {
  /** `estimated` as soon as a part of `used` is. What nobody knows is booked as held, so it is estimated too. */
  readonly usedSource: Exclude<UsageSource, "unknown">;
  /** A raise in force, or null. */
  readonly raised: LimitRaise | null;
}

export interface LimitRaise {
  /** The amount that holds again afterwards; null = no limit. */
  readonly standardAmount: number | null;
  readonly untilMs: number;
  readonly reason: string;
}

const SCOPE_CELLS_MAX = 24;

/** `🟢 NONE`, painted by its severity. */
export function levelCell(level: Level, paper: Paper): Cell {
  return { text: withIcon(levelIcon(level), level, paper), paint: paintFor(paper).level(level) };
}

/** `global`, a worker's name, `model opus`, `agent claude`, `department web`. */
export function scopeWords(scope: Scope, paper: Paper): string {
  if (!("name" in scope)) return scope.kind;
  const name = oneLine(scope.name);
  return cut(scope.kind === "worker" ? name : `${scope.kind} ${name}`, SCOPE_CELLS_MAX, paper);
}

/** `tokens/hour` */
export function limitWords(row: LimitRow): string {
  return `${row.unit}/${row.window}`;
}

/** `48,523`, with `~` before an estimate. */
export function usedWords(row: LimitRow): string {
  return amountOf({ value: row.used, source: row.usedSource }, row.unit);
}

/** `+12,000 held`, or nothing when nothing is held. */
export function heldWords(row: LimitRow): string {
  return row.held > 0 ? `+${amount(row.held, row.unit)} held` : "";
}

/** The bar column of limit rows: used, held, free. */
export function barColumn(
  rows: readonly LimitRow[],
  cellsMax: number,
  before: string,
  paper: Paper,
): FlexColumn {
  const least = 6;
  return {
    head: "",
    before,
    min: least,
    max: cellsMax + 2,
    leaves: 0,
    draw: (index, width) => {
      const row = rows[index];
      if (row === undefined) return "";
      return {
        text: bar(row.used, row.held, row.limit, width - 2, paper),
        paint: paintFor(paper).level(row.level),
      };
    },
  };
}

/** Says what a held share means, when there is one. */
export function heldNote(rows: readonly LimitRow[], paper: Paper): string[] {
  if (rows.every((row) => row.held <= 0)) return [];
  const mark = paper.unicode ? "▒" : "+";
  return wrapWords(
    "  ",
    `${mark} held: reserved by running tasks, on top of what is used; levels count both`,
    paper,
  );
}

/** `limits`: id, amounts, share, window, and any raise in force. */
export function renderLimits(rows: readonly LimitRow[], paper: Paper): string[] {
  const table = tableLines(
    [
      {
        head: "limit",
        before: "  ",
        align: "left",
        cells: rows.map((row) => cut(oneLine(row.limitId), 40, paper)),
      },
      {
        head: "amount",
        before: "  ",
        align: "right",
        cells: rows.map((row) => limitAmount(row.limit, row.unit)),
      },
      { head: "used", before: "  ", align: "right", cells: rows.map(usedWords) },
      ...(rows.some((row) => row.held > 0)
        ? [{ head: "held", before: "  ", align: "right" as const, leaves: 2, cells: rows.map(heldCell) }]
        : []),
      { head: "%", before: "  ", align: "right", minWidth: 6, leaves: 3, cells: rows.map(percentUsed) },
      { head: "window", before: "  ", align: "left", leaves: 1, cells: rows.map((row) => row.form) },
      { head: "level", before: "  ", align: "left", cells: rows.map((row) => levelCell(row.level, paper)) },
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
  const body = rows.length === 0 ? ["  No limits are set."] : table;
  return fitLines([...heading("LIMITS", [], "  ", paper), ...body, ...raiseLines(rows, paper)], paper);
}

/** The share of a row that is used, held amounts left out. */
export function percentUsed(row: LimitRow): string {
  return percent(row.used, row.limit);
}

export function heldCell(row: LimitRow): string {
  return row.held > 0 ? `+${amount(row.held, row.unit)}` : NOTHING;
}

function raiseLines(rows: readonly LimitRow[], paper: Paper): string[] {
  const notices = rows.flatMap((row) => {
    if (row.raised === null) return [];
    const { standardAmount, untilMs, reason } = row.raised;
    const until = shortMoment(untilMs, paper.nowMs, paper);
    const standard = limitAmount(standardAmount, row.unit);
    return [
      `${row.limitId} is raised to ${limitAmount(row.limit, row.unit)} until ${until}, then ${standard}: ${reason}`,
    ];
  });
  return notices.length === 0 ? [] : ["", ...noticeLines(notices, paper)];
}
