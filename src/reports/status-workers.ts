/** The two worker blocks of `status`: what each does, and how near its limits it is. */
import { levelIcon } from "../throttle/levels.ts";
import { cellWidth, cut, oneLine } from "./cells.ts";
import { heldWords, levelCell, type LimitRow, percentUsed, usedWords } from "./limits-table.ts";
import { costOf, count, limitAmount, NOTHING, tokensOf } from "./numbers.ts";
import { isNarrow, isWide, lineWidth, withIcon, type Paper } from "./paper.ts";
import { admittedWords } from "./priorities.ts";
import type { StatusModel, WorkerLevel } from "./status-model.ts";
import { type Column, tableLines } from "./table.ts";
import {
  attentionLines,
  contextCell,
  elapsedCell,
  modelCell,
  nameCell,
  soFarCell,
  stateCell,
  type WorkerRow,
} from "./workers-table.ts";

const NO_WORKERS = "  No workers. Start some with: spawn";
const NO_MANAGER = "  No manager runs: `ctm` or `ctm serve` starts one with its workers";

/** The workers of the status, and below them what a person must see to. */
export function workerLines(model: StatusModel, paper: Paper): string[] {
  const rows = model.workers;
  if (rows.length === 0) return [model.mode.kind === "offline" ? NO_MANAGER : NO_WORKERS];
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
      // The documents' labels stay at 80 cells whatever the state: the text of the task gives way.
      min: 4,
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
    { head: "", before: " | So far: ", align: "right", leaves: -1, cells: rows.map(soFarCell) },
  ];
}

/** Its name, or on narrow paper what a person may type instead. */
function shownName(name: string, alias: string, paper: Paper): string {
  return nameCell(isNarrow(paper) ? alias : name, paper);
}

/** The level of each worker with its token limits. */
export function levelLines(rows: readonly WorkerLevel[], paper: Paper): string[] {
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
      { used: 6, share: 4 },
    ),
    ...windowColumns(
      " | Day: ",
      rows.map((row) => row.day),
      paper,
      { used: 5, share: 3 },
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

/** The used amount, what is held beside it, and the share; on wide paper the limit as well. Held amounts leave first. */
function windowColumns(
  before: string,
  rows: readonly (LimitRow | null)[],
  paper: Paper,
  leaves: { readonly used: number; readonly share: number },
): Column[] {
  const wide = isWide(paper);
  const used = rows.map((row) => (row === null ? NOTHING : usedWords(row)));
  const held = rows.map((row) => (row === null ? "" : heldWords(row)));
  const limits = rows.map((row) => (row === null ? "" : `/ ${limitAmount(row.limit, row.unit)}`));
  const shares = rows.map((row) => {
    if (row === null || row.limit === null) return "";
    return wide ? percentUsed(row) : `(${percentUsed(row)})`;
  });
  return [
    { head: "", before, align: "right", leaves: leaves.used, cells: used },
    ...(held.some((words) => words !== "")
      ? [{ head: "", before: " ", align: "left" as const, leaves: 1, cells: held }]
      : []),
    ...(wide ? [{ head: "", before: " ", align: "left" as const, leaves: leaves.used, cells: limits }] : []),
    { head: "", before: wide ? "  " : " ", align: "right", leaves: leaves.share, cells: shares },
  ];
}
