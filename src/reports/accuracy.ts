/** How well finished tasks were forecast: `estimate accuracy`. */
import type { Accuracy } from "../delegation/forecast-accuracy.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, NOT_KNOWN } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";

export interface AccuracyModel {
  /** Finished tasks that were walked through. */
  readonly tasks: number;
  /** Tokens as limits count them, and cost. */
  readonly tokens: readonly AccuracyRow[];
  readonly cost: readonly AccuracyRow[];
  /** The same once so many tasks of a class had been seen. */
  readonly warmUp: number;
}

export interface AccuracyRow extends Accuracy {
  /** A type, or what the row stands for. */
  readonly name: string;
}

/** Draws the scores, formula beside forecast. */
export function renderAccuracy(model: AccuracyModel, paper: Paper): string[] {
  const lines =
    model.tasks === 0
      ? ["  No task with a known usage has ended yet: there is nothing to score."]
      : [
          ...labelled(
            "Scored:",
            `${count(model.tasks)} finished tasks, each forecast from those before it`,
            paper,
          ),
          "",
          ...tableOf("tokens", model.tokens, true, paper),
          "",
          ...tableOf("cost", model.cost, false, paper),
          "",
          ...wrapWords(
            "  ",
            "off by: the factor between estimate and actual, median (0.30 as a power of ten is a factor of 2). within p90: should be 90%.",
            paper,
          ),
        ];
  return fitLines([...heading("ESTIMATE ACCURACY", [], "  ", paper), ...lines], paper);
}

function tableOf(head: string, rows: readonly AccuracyRow[], withFormula: boolean, paper: Paper): string[] {
  const right = (title: string, of: (row: AccuracyRow) => string) => ({
    head: title,
    before: "  ",
    align: "right" as const,
    cells: rows.map(of),
  });
  return tableLines(
    [
      { head, before: "  ", align: "left", minWidth: 22, cells: rows.map(({ name }) => oneLine(name)) },
      right("tasks", ({ tasks }) => count(tasks)),
      ...(withFormula ? [right("formula off by", ({ formulaError }) => errorWords(formulaError))] : []),
      right("forecast off by", ({ forecastError }) => errorWords(forecastError)),
      right("within p90", ({ coveredPercent }) => percentWords(coveredPercent)),
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
}

/** `x63.1 (1.80)` */
function errorWords(error: number | null): string {
  return error === null ? NOT_KNOWN : `x${(10 ** error).toFixed(1)} (${error.toFixed(2)})`;
}

function percentWords(percent: number | null): string {
  return percent === null ? NOT_KNOWN : `${percent.toFixed(1)}%`;
}
