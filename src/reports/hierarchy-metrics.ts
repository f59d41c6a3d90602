/** `metrics agent` and its like: the figures of one subject, as a table, Markdown or comma-separated values. */
import type { SubjectKind } from "../hierarchy/invocation.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { csvLines, type CsvCell } from "./csv.ts";
import { heading } from "./lines.ts";
import type { MetricsFile } from "./metrics-file.ts";
import { count, NOT_KNOWN } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { type Column, tableLines } from "./table.ts";
import { dateAndTime } from "./times.ts";

export interface HierarchyMetrics {
  readonly kind: SubjectKind;
  readonly name: string;
  /** Only what began at or after this moment; null = all. */
  readonly sinceMs: number | null;
  readonly file: MetricsFile;
}

export interface MetricsRebuilt {
  readonly files: number;
  /** null: none are written. */
  readonly folder: string | null;
}

type Value = string | number | null;
type Part = readonly [label: string, shown: string];

const LABEL_CELLS = 26;

/** Draws the figures, and the newest tasks below. */
export function renderHierarchyMetrics(model: HierarchyMetrics, paper: Paper): string[] {
  const paint = paintFor(paper);
  const since = model.sinceMs === null ? [] : [`since ${dateAndTime(model.sinceMs, paper)}`];
  const { file } = model;
  const place = Object.entries(file).flatMap(([key, word]) =>
    ["tier", "department", "model"].includes(key) && typeof word === "string" ? [word] : [],
  );
  const lines = [
    ...heading(titleOf(model), [...place.map(oneLine), ...since], "  ", paper),
    ...sections(file).flatMap(([title, parts]) => [paint.title(`${title}:`), ...parts.map(partLine)]),
    ...recentLines(file, paper),
  ];
  return fitLines(lines, paper);
}

/** The same for a document: a table of two columns. */
export function hierarchyMarkdown(model: HierarchyMetrics): string[] {
  const rows = sections(model.file).flatMap(([, parts]) => parts);
  return [
    `## ${titleOf(model)}`,
    "",
    "| figure | value |",
    "|---|---:|",
    ...rows.map(([label, shown]) => `| ${label} | ${shown.replaceAll("|", "\\|")} |`),
  ];
}

/** One row, every key of the file a column. */
export function hierarchyCsv({ kind, name, file }: HierarchyMetrics): string[] {
  const { summary, performance, quality, budget, timeline } = file.metrics;
  const values: Record<string, Value> = { ...summary, ...performance, ...quality, ...budget, ...timeline };
  const cells: CsvCell[] = [kind, name, ...Object.values(values)];
  return csvLines(["kind", "name", ...Object.keys(values)], [cells]);
}

function titleOf({ kind, name }: HierarchyMetrics): string {
  return kind === "system" ? "SYSTEM METRICS" : `${kind.toUpperCase()} METRICS: ${oneLine(name)}`;
}

function sections({ metrics }: MetricsFile): [string, Part[]][] {
  const { summary, performance, quality, budget, timeline } = metrics;
  const ended = summary.successful_tasks + summary.failed_tasks;
  return [
    [
      "Summary",
      [
        ["Invocations", count(summary.total_invocations)],
        [
          "Success rate",
          `${percentWords(summary.success_rate)} (${count(summary.successful_tasks)} of ${count(ended)})`,
        ],
        ["Tokens", known(summary.total_tokens, count)],
        [
          "  input / output",
          `${known(summary.total_tokens_input, count)} / ${known(summary.total_tokens_output, count)}`,
        ],
        ["Tokens per task", known(summary.avg_tokens_per_task, count)],
        ["Cost", known(summary.total_cost, dollarWords)],
        ["Cost per task", known(summary.avg_cost_per_task, dollarWords)],
      ],
    ],
    [
      "Performance",
      [
        ["Completion time", known(performance.avg_completion_time_seconds, secondWords)],
        ["  95th percentile", known(performance.p95_completion_time_seconds, secondWords)],
        [
          "  shortest / longest",
          `${known(performance.min_completion_time_seconds, secondWords)} / ${known(performance.max_completion_time_seconds, secondWords)}`,
        ],
      ],
    ],
    [
      "Quality",
      [
        ["Recovered by itself", count(quality.self_recovery_count)],
        ["Asked another agent", count(quality.peer_consultation_count)],
        ["Handed to a coordinator", count(quality.coordinator_escalation_count)],
        ["Handed to a person", count(quality.human_escalation_count)],
        ["Tests passed", percentWords(quality.test_pass_rate)],
        ["Rejected in review", known(quality.code_review_rejections, count)],
        ["Quality score", known(quality.avg_quality_score, String)],
      ],
    ],
    [
      "Context",
      [
        [
          "Warnings / overruns",
          `${known(budget.budget_warnings, count)} / ${known(budget.budget_overruns, count)}`,
        ],
        ["Tokens of a conversation", known(budget.max_tokens_in_session, (most) => `at most ${count(most)}`)],
        ["  in the present one", known(budget.current_session_tokens, count)],
      ],
    ],
    [
      "Timeline",
      [
        [
          "First / last",
          `${timeline.first_invocation ?? NOT_KNOWN} / ${timeline.last_invocation ?? NOT_KNOWN}`,
        ],
        ["Minutes between", known(timeline.session_duration_minutes, count)],
      ],
    ],
  ];
}

function partLine([label, shown]: Part): string {
  return `  ${label.padEnd(LABEL_CELLS)}${shown}`;
}

function recentLines({ metrics }: MetricsFile, paper: Paper): string[] {
  const rows = metrics.recent_tasks.slice(0, 10);
  if (rows.length === 0) return [];
  const right = (head: string, cells: readonly string[]): Column => ({
    head,
    before: "  ",
    align: "right",
    cells,
  });
  const left = (head: string, cells: readonly string[]): Column => ({
    head,
    before: "  ",
    align: "left",
    cells,
  });
  const columns = [
    left(
      "task",
      rows.map(({ task_id }) => task_id),
    ),
    left(
      "began",
      rows.map(({ timestamp }) => timestamp),
    ),
    left(
      "ended",
      rows.map(({ status }) => cut(status, 10, paper)),
    ),
    right(
      "input",
      rows.map((row) => known(row.tokens_input, count)),
    ),
    right(
      "output",
      rows.map((row) => known(row.tokens_output, count)),
    ),
    right(
      "cost",
      rows.map((row) => known(row.cost, dollarWords)),
    ),
    right(
      "time",
      rows.map((row) => known(row.duration_seconds, secondWords)),
    ),
    right(
      "level",
      rows.map((row) => String(row.escalation_level)),
    ),
  ];
  const options = {
    width: lineWidth(paper),
    rows: rows.length,
    heading: true,
    paintHeading: paintFor(paper).faint,
  };
  return ["", ...tableLines(columns, options)];
}

function known(value: number | null, words: (value: number) => string): string {
  return value === null ? NOT_KNOWN : words(value);
}

function percentWords(rate: number | null): string {
  return rate === null ? NOT_KNOWN : `${(rate * 100).toFixed(1)}%`;
}

function dollarWords(dollars: number): string {
  return `$${dollars.toFixed(4)}`;
}

function secondWords(seconds: number): string {
  return `${seconds.toFixed(1)}s`;
}
