/** `usage tasks`: what each task used, as it was booked. */
import { cut, fitLines, oneLine } from "./cells.ts";
import { csvLines } from "./csv.ts";
import { sumFigures, type Figure } from "./figure.ts";
import { heading } from "./lines.ts";
import { costOf, count, NOT_KNOWN, NOTHING, tokensOf } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { signed } from "./telemetry.ts";
import { tableLines, type Column, type FixedColumn } from "./table.ts";

export interface TaskUsageRow {
  readonly id: number;
  readonly state: string;
  readonly agent: string;
  readonly model: string | null;
  readonly attempts: number;
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  /** What their agents told by telemetry, of those that were asked to, and by how much that is more than was booked. */
  readonly telemetry: { readonly tokens: number; readonly difference: number | null } | null;
  readonly flags: readonly string[];
  /** The beginning of it. */
  readonly text: string;
}

export interface TaskUsageModel {
  readonly tasks: readonly TaskUsageRow[];
  readonly csv: boolean;
}

export function renderTaskUsage({ tasks, csv }: TaskUsageModel, paper: Paper): readonly string[] {
  if (csv) return csvOf(tasks);
  const head = heading("USAGE BY TASK", [], "  ", paper);
  if (tasks.length === 0) return [...head, "  No task has run yet."];
  const tokens = sumFigures(tasks.map((row) => row.tokens)).figure;
  const cost = sumFigures(tasks.map((row) => row.cost)).figure;
  const fixed = (name: string, align: "left" | "right", cells: readonly string[]): FixedColumn => ({
    head: name,
    before: "  ",
    align,
    cells,
  });
  const columns: Column[] = [
    fixed("id", "right", [...tasks.map(({ id }) => String(id)), "Total"]),
    fixed(
      "state",
      "left",
      tasks.map(({ state }) => state),
    ),
    {
      ...fixed(
        "agent",
        "left",
        tasks.map(({ agent }) => oneLine(agent)),
      ),
      leaves: 2,
    },
    {
      ...fixed(
        "model",
        "left",
        tasks.map(({ model }) => oneLine(model ?? "")),
      ),
      leaves: 1,
    },
    fixed("tokens", "right", [...tasks.map((row) => tokensOf(row.tokens)), tokensOf(tokens)]),
    fixed("cost", "right", [...tasks.map((row) => costOf(row.cost)), costOf(cost)]),
    ...telemetryColumns(tasks, fixed),
    {
      head: "text",
      before: "  ",
      min: 12,
      max: 400,
      draw: (row, width) => cut(oneLine(tasks[row]?.text ?? ""), width, paper),
    },
  ];
  const options = { width: lineWidth(paper), rows: tasks.length + 1, heading: true };
  return fitLines(
    [...head, ...tableLines(columns, { ...options, paintHeading: paintFor(paper).faint })],
    paper,
  );
}

/** For comparison, and therefore without a total. */
function telemetryColumns(
  tasks: readonly TaskUsageRow[],
  fixed: (name: string, align: "left" | "right", cells: readonly string[]) => FixedColumn,
): FixedColumn[] {
  if (tasks.every(({ telemetry }) => telemetry === null)) return [];
  const tokens = tasks.map(({ telemetry }) => (telemetry === null ? NOTHING : count(telemetry.tokens)));
  const differences = tasks.map(({ telemetry }) => {
    if (telemetry === null) return NOTHING;
    return telemetry.difference === null ? NOT_KNOWN : signed(telemetry.difference);
  });
  return [fixed("telemetry", "right", tokens), fixed("diff", "right", differences)];
}

function csvOf(tasks: readonly TaskUsageRow[]): string[] {
  const head = ["id", "state", "agent", "model", "attempts", "tokens", "cost_usd", "source"];
  const more = ["telemetry_tokens", "telemetry_difference", "flags", "text"];
  return csvLines(
    [...head, ...more],
    tasks.map((row) => [
      row.id,
      row.state,
      row.agent,
      row.model,
      row.attempts,
      row.tokens.value,
      row.cost.value === null ? null : row.cost.value / 1e9,
      row.tokens.source,
      row.telemetry?.tokens ?? null,
      row.telemetry?.difference ?? null,
      row.flags.join(" "),
      row.text,
    ]),
  );
}
