/** Costs before and after they are computed again: `reprice`. */
import { fitLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, dollars, NOT_KNOWN } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { modelCell } from "./workers-table.ts";

interface Sum {
  readonly nanoUsd: number;
  /** Tokens whose cost is not known. */
  readonly unpricedTokens: number;
}

export interface RepricedRow {
  readonly model: string;
  readonly bookings: number;
  readonly changed: number;
  readonly before: Sum;
  readonly after: Sum;
}

export interface RepriceModel {
  /** False: it was only computed. */
  readonly booked: boolean;
  /** The table that prices now. */
  readonly tableId: string;
  readonly models: readonly RepricedRow[];
  readonly tables: readonly { readonly id: string; readonly bookings: number }[];
  /** Bookings without counters, whose cost stays unknown. */
  readonly leftOut: number;
}

/** Draws both sums of every model, and says whether anything was changed. */
export function renderReprice(model: RepriceModel, paper: Paper): string[] {
  const { models, tables, leftOut } = model;
  const changed = models.reduce((sum, row) => sum + row.changed, 0);
  const by = tables.map(({ id, bookings }) => `${oneLine(id)} (${count(bookings)})`).join(", ");
  const left = `${count(leftOut)} bookings have no counters or no model; their cost stays unknown`;
  const lines = [
    ...heading("REPRICE", [`by ${oneLine(model.tableId)}`], "  ", paper),
    ...(tables.length === 0 ? [] : labelled("Priced by:", by, paper)),
    ...(models.length === 0 ? ["  Nothing is booked."] : tableOf(models, paper)),
    ...(leftOut === 0 ? [] : wrapWords("  ", left, paper)),
    "",
    ...wrapWords("  ", verdict(model.booked, changed), paper),
  ];
  return fitLines(lines, paper);
}

function verdict(booked: boolean, changed: number): string {
  if (changed === 0) return "No cost changes.";
  const what = changed === 1 ? "1 cost" : `${count(changed)} costs`;
  return booked
    ? `${what} changed. What limits have counted stays as it was.`
    : `${what} would change; nothing was changed yet: \`reprice --yes\` books it.`;
}

function tableOf(models: readonly RepricedRow[], paper: Paper): string[] {
  const total: RepricedRow = models.reduce((sum, row) => ({
    model: "Total",
    bookings: sum.bookings + row.bookings,
    changed: sum.changed + row.changed,
    before: plus(sum.before, row.before),
    after: plus(sum.after, row.after),
  }));
  const rows = models.length === 1 ? models : [...models, { ...total, model: "Total" }];
  const right = (head: string, of: (row: RepricedRow) => string) => ({
    head,
    before: "  ",
    align: "right" as const,
    cells: rows.map(of),
  });
  return tableLines(
    [
      { head: "model", before: "  ", align: "left", cells: rows.map(({ model }) => modelCell(model, paper)) },
      { ...right("bookings", ({ bookings }) => count(bookings)), leaves: 0 },
      right("before", ({ before }) => sumWords(before)),
      right("after", ({ after }) => sumWords(after)),
      right("difference", ({ before, after }) => differenceWords(before, after)),
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
}

/** A sum with parts whose price is not known is a lower bound; with nothing else it is not known. */
function sumWords({ nanoUsd, unpricedTokens }: Sum): string {
  if (unpricedTokens === 0) return dollars(nanoUsd, 4);
  return nanoUsd === 0 ? NOT_KNOWN : `>${dollars(nanoUsd, 4)}`;
}

function differenceWords(before: Sum, after: Sum): string {
  if (before.unpricedTokens > 0 || after.unpricedTokens > 0) return NOT_KNOWN;
  const delta = after.nanoUsd - before.nanoUsd;
  return delta === 0 ? "same" : `${delta > 0 ? "+" : "-"}${dollars(Math.abs(delta), 4)}`;
}

function plus(a: Sum, b: Sum): Sum {
  return { nanoUsd: a.nanoUsd + b.nanoUsd, unpricedTokens: a.unpricedTokens + b.unpricedTokens };
}
