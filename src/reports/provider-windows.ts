/** The providers' own windows as `throttle` shows them: limits like the others, in percent of what they allow. */
import type { Level } from "../throttle/levels.ts";
import { cut, oneLine } from "./cells.ts";
import { levelCell } from "./limits-table.ts";
import { NOTHING } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { duration, shortMoment } from "./times.ts";

/** One window of one account. */
export interface ProviderWindowRow {
  readonly account: string;
  /** As the provider names it, e.g. five_hour. */
  readonly window: string;
  /** Thousandths that are used by everybody on the account. */
  readonly usedPermille: number;
  /** Percent of it that is kept for the person; the level counts against the rest. */
  readonly reservePercent: number;
  readonly resetsAtMs: number | null;
  readonly level: Level;
}

/** A table of its own below the limits; nothing where no provider has said anything. */
export function providerWindowLines(rows: readonly ProviderWindowRow[], paper: Paper): string[] {
  if (rows.length === 0) return [];
  const left = { before: "  ", align: "left" as const };
  const right = { before: "  ", align: "right" as const };
  return tableLines(
    [
      {
        ...left,
        head: "provider",
        cells: rows.map(({ account }) => cut(`account ${oneLine(account)}`, 24, paper)),
      },
      { ...left, head: "window", cells: rows.map(({ window }) => cut(oneLine(window), 16, paper)) },
      { ...right, head: "used", cells: rows.map(({ usedPermille }) => percent(usedPermille)) },
      { ...right, head: "for you", leaves: 1, cells: rows.map((row) => `${row.reservePercent}%`) },
      { ...left, head: "level", cells: rows.map(({ level }) => levelCell(level, paper)) },
      { ...left, head: "begins anew", leaves: 0, cells: rows.map((row) => resetWords(row, paper)) },
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
}

function percent(permille: number): string {
  return `${(permille / 10).toFixed(1)}%`;
}

function resetWords({ resetsAtMs }: ProviderWindowRow, paper: Paper): string {
  if (resetsAtMs === null || resetsAtMs <= paper.nowMs) return NOTHING;
  return `${shortMoment(resetsAtMs, paper.nowMs, paper)} (${duration(resetsAtMs - paper.nowMs)})`;
}
