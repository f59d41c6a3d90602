/**
 * Columns laid side by side. A fixed column is as wide as its widest cell; one flexible column takes what is
 * left. Where the line is too short, columns leave in the order they say.
 */
import { cellWidth, padLeft, padRight } from "./cells.ts";
import type { Painter } from "./paint.ts";

export interface PaintedText {
  readonly text: string;
  readonly paint: Painter;
}

export type Cell = string | PaintedText;

interface ColumnBase {
  readonly head: string;
  /** What stands before each cell: spaces, or words such as ` | Done: ` (spaces in the heading line). */
  readonly before: string;
  /** Lower numbers leave first when the line is too short; a column without one stays. */
  readonly leaves?: number;
}

export interface FixedColumn extends ColumnBase {
  readonly cells: readonly Cell[];
  readonly align: "left" | "right";
  readonly minWidth?: number;
}

export interface FlexColumn extends ColumnBase {
  /** Draws the cell of a row in exactly or at most this many display cells. */
  readonly draw: (row: number, width: number) => Cell;
  readonly min: number;
  readonly max: number;
}

export type Column = FixedColumn | FlexColumn;

export interface TableOptions {
  /** Display cells the table may take. */
  readonly width: number;
  /** Rows, as no column need have cells of its own. */
  readonly rows: number;
  readonly heading: boolean;
  readonly paintHeading?: Painter;
}

/** The table's lines, heading first. Trailing blanks are left out. */
export function tableLines(columns: readonly Column[], options: TableOptions): string[] {
  const shown = fitting(columns, options.width);
  const flexWidth = options.width - fixedWidth(shown);
  const widths = shown.map((column) =>
    isFlex(column) ? clamp(flexWidth, column.min, column.max) : widthOf(column),
  );
  const lines: string[] = [];
  for (let row = 0; row < options.rows; row += 1) lines.push(rowLine(shown, widths, row));
  if (!options.heading) return lines;
  const head = headingLine(shown, widths);
  return [options.paintHeading === undefined ? head : options.paintHeading(head), ...lines];
}

function fitting(columns: readonly Column[], width: number): readonly Column[] {
  let shown = columns;
  for (;;) {
    const least =
      fixedWidth(shown) + shown.reduce((sum, column) => sum + (isFlex(column) ? column.min : 0), 0);
    const leaving = shown
      .filter((column) => column.leaves !== undefined)
      .sort((a, b) => (a.leaves ?? 0) - (b.leaves ?? 0))
      .at(0);
    if (least <= width || leaving === undefined) return shown;
    shown = shown.filter((column) => column !== leaving);
  }
}

function fixedWidth(columns: readonly Column[]): number {
  return columns.reduce(
    (sum, column) => sum + cellWidth(column.before) + (isFlex(column) ? 0 : widthOf(column)),
    0,
  );
}

function widthOf(column: FixedColumn): number {
  return column.cells.reduce<number>(
    (widest, cell) => Math.max(widest, cellWidth(textOf(cell))),
    Math.max(column.minWidth ?? 0, cellWidth(column.head)),
  );
}

function headingLine(columns: readonly Column[], widths: readonly number[]): string {
  const cells = columns.map((column, index) => {
    const align = isFlex(column) ? "left" : column.align;
    return " ".repeat(cellWidth(column.before)) + padded(column.head, widths[index] ?? 0, align);
  });
  return cells.join("").trimEnd();
}

function rowLine(columns: readonly Column[], widths: readonly number[], row: number): string {
  const last = columns.length - 1;
  const cells = columns.map((column, index) => {
    const width = widths[index] ?? 0;
    const cell = isFlex(column) ? column.draw(row, width) : (column.cells[row] ?? "");
    const align = isFlex(column) ? "left" : column.align;
    // A left-aligned last cell needs no padding, and a painted line must not end in blanks.
    const drawn = index === last && align === "left" ? paintedText(cell) : padded(cell, width, align);
    return column.before + drawn;
  });
  return cells.join("").trimEnd();
}

function padded(cell: Cell, width: number, align: "left" | "right"): string {
  return align === "left" ? padRight(paintedText(cell), width) : padLeft(paintedText(cell), width);
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function paintedText(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.paint(cell.text);
}

function isFlex(column: Column): column is FlexColumn {
  return "draw" in column;
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
