/** `accounts`: which credentials agents run with, what their providers allow, and what waits for them. */
import type { AccountPark } from "../throttle/account-parking.ts";
import type { Level } from "../throttle/levels.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { levelCell } from "./limits-table.ts";
import { heading, wrapWords } from "./lines.ts";
import { count } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { type Column, tableLines } from "./table.ts";
import { duration, shortMoment } from "./times.ts";

export interface AccountRow {
  readonly account: string;
  /** Workers whose agents run with it. */
  readonly workers: number;
  /** Why it takes no work now; null = it is free. */
  readonly park: AccountPark | null;
  /** Attempts that wait for it in their conversations. */
  readonly waiting: number;
  /** Percent of its windows that is kept for the person. */
  readonly reservePercent: number;
  readonly windows: readonly AccountWindow[];
}

/** One of the provider's own windows, e.g. five_hour. */
export interface AccountWindow {
  readonly window: string;
  readonly usedPermille: number;
  readonly resetsAtMs: number | null;
  readonly level: Level;
}

const NAME_CELLS_MAX = 24;

/** Draws the accounts. */
export function renderAccounts(rows: readonly AccountRow[], paper: Paper): string[] {
  const lines = [
    ...heading("ACCOUNTS", [], "   ", paper),
    ...(rows.length === 0 ? ["  No agent runs with an account."] : accountTable(rows, paper)),
    ...rows.flatMap((row) => parkLines(row, paper)),
  ];
  return fitLines(lines, paper);
}

function accountTable(rows: readonly AccountRow[], paper: Paper): string[] {
  const paint = paintFor(paper);
  const state = ({ park }: AccountRow) =>
    park === null ? { text: "free", paint: paint.good } : { text: "parked", paint: paint.bad };
  const columns: Column[] = [
    {
      head: "account",
      before: "  ",
      align: "left",
      minWidth: 12,
      cells: rows.map(({ account }) => cut(oneLine(account), NAME_CELLS_MAX, paper)),
    },
    { head: "state", before: "  ", align: "left", cells: rows.map(state) },
    { head: "workers", before: "  ", align: "right", cells: rows.map(({ workers }) => count(workers)) },
    { head: "waiting", before: "  ", align: "right", cells: rows.map(({ waiting }) => count(waiting)) },
    {
      head: "kept for you",
      before: "  ",
      align: "right",
      cells: rows.map((row) => `${row.reservePercent}%`),
    },
  ];
  const options = { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paint.faint };
  return tableLines(columns, options);
}

function parkLines(row: AccountRow, paper: Paper): string[] {
  const name = oneLine(row.account);
  const park = row.park === null ? [] : wrapWords("  ", `${name}: ${parkWords(row.park, paper)}`, paper);
  const windows = row.windows.flatMap((window) =>
    wrapWords("  ", `${name}: ${windowWords(window, paper)}`, paper),
  );
  const free = row.park?.untilMs === null ? [`  -> accounts free ${name}`] : [];
  return [...park, ...free, ...windows];
}

function parkWords({ cause, message, untilMs }: AccountPark, paper: Paper): string {
  const until =
    untilMs === null
      ? "until you say that it is free"
      : `until ${shortMoment(untilMs, paper.nowMs, paper)} (${duration(untilMs - paper.nowMs)})`;
  return `parked ${until}, ${cause}: ${oneLine(message)}`;
}

function windowWords(window: AccountWindow, paper: Paper): string {
  const reset =
    window.resetsAtMs === null ? "" : `, begins anew ${shortMoment(window.resetsAtMs, paper.nowMs, paper)}`;
  const level = levelCell(window.level, paper);
  return `${oneLine(window.window)} window ${(window.usedPermille / 10).toFixed(1)}% used ${typeof level === "string" ? level : level.text}${reset}`;
}
