/** `usage`: recorded usage as a table or as CSV. */
import { cut, fitLines, oneLine } from "./cells.ts";
import { csvLines, type CsvCell } from "./csv.ts";
import { heading, noticeLines, wrapWords } from "./lines.ts";
import { count, dollars, NOT_KNOWN, NOTHING } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines, type Column, type FixedColumn } from "./table.ts";
import { dateAndMinute, duration, timeOfDay } from "./times.ts";
import type { UsageBlock } from "./usage-blocks.ts";
import type { UsagePeriod, UsageRow, UsageSums } from "./usage-periods.ts";

/** What all reports of usage say beside their rows. */
interface UsageFrame {
  readonly totals: UsageSums;
  readonly timeZone: string;
  /** Id of the table that priced it. */
  readonly prices: string;
  readonly notices: readonly string[];
  readonly breakdown: boolean;
  readonly csv: boolean;
}

export type UsageModel =
  | (UsageFrame & { readonly report: "daily"; readonly daily: readonly UsageRow[] })
  | (UsageFrame & { readonly report: "weekly"; readonly weekly: readonly UsageRow[] })
  | (UsageFrame & { readonly report: "monthly"; readonly monthly: readonly UsageRow[] })
  | (UsageFrame & { readonly report: "session"; readonly session: readonly UsageRow[] })
  | (UsageFrame & { readonly report: "blocks"; readonly blocks: readonly UsageBlock[] });

const GAP = "  ";
const PERIOD_HEADS: Readonly<Record<UsagePeriod, string>> = {
  daily: "date",
  weekly: "week of",
  monthly: "month",
  session: "session",
};
const SESSION_CELLS = 10;

export function renderUsage(model: UsageModel, paper: Paper): readonly string[] {
  if (model.csv) return model.report === "blocks" ? blocksCsv(model.blocks) : rowsCsv(rowsOf(model), model);
  const facts = [model.timeZone, `prices ${model.prices}`];
  const lines = [
    ...heading(`RECORDED USAGE ${model.report.toUpperCase()}`, facts, GAP, paper),
    ...noticeLines(model.notices, paper),
    ...(model.report === "blocks"
      ? blockTable(model.blocks, paper)
      : rowTable(rowsOf(model), model, model.report, paper)),
  ];
  return fitLines([...lines, ...footnotes(model, paper)], paper);
}

function rowsOf(model: Exclude<UsageModel, { report: "blocks" }>): readonly UsageRow[] {
  switch (model.report) {
    case "daily":
      return model.daily;
    case "weekly":
      return model.weekly;
    case "monthly":
      return model.monthly;
    case "session":
      return model.session;
    default:
      return model satisfies never;
  }
}

/** One line of the table: a row, a model of it, or the total. */
interface TableLine {
  readonly name: string;
  readonly agent: string;
  readonly what: string;
  readonly sums: UsageSums;
}

function rowTable(rows: readonly UsageRow[], model: UsageModel, by: UsagePeriod, paper: Paper): string[] {
  if (rows.length === 0) return ["  Nothing was recorded."];
  const lines = rows.flatMap((row) => [
    lineOf(row, by, paper),
    ...(model.breakdown ? row.modelBreakdowns.map((part) => breakdownLine(part, paper)) : []),
  ]);
  const all = [...lines, { name: "Total", agent: "", what: "", sums: model.totals }];
  const columns: Column[] = [
    left(
      PERIOD_HEADS[by],
      all.map(({ name }) => name),
    ),
    {
      ...left(
        "agent",
        all.map(({ agent }) => agent),
      ),
      leaves: 2,
    },
    {
      head: by === "session" ? "project, models" : "models",
      before: GAP,
      min: 12,
      max: 60,
      leaves: 1,
      draw: (row, width) => cut(all[row]?.what ?? "", width, paper),
    },
    ...sumColumns(all.map(({ sums }) => sums)),
  ];
  return tableLines(columns, tableOptions(all.length, paper));
}

function lineOf(row: UsageRow, by: UsagePeriod, paper: Paper): TableLine {
  const models = row.modelsUsed.map(shortModel).join(", ");
  const isSession = by === "session";
  const project = isSession && row.projects[0] !== undefined ? `${lastPart(row.projects[0])}: ` : "";
  return {
    name: isSession ? cut(oneLine(row.period), SESSION_CELLS, paper) : oneLine(row.period),
    agent: row.agents.join(", "),
    what: oneLine(project + models),
    sums: row,
  };
}

function breakdownLine(part: UsageRow["modelBreakdowns"][number], paper: Paper): TableLine {
  const name = `${paper.unicode ? "└" : "-"} ${cut(oneLine(shortModel(part.modelName)), 20, paper)}`;
  return { name, agent: part.agent, what: "", sums: part };
}

function blockTable(blocks: readonly UsageBlock[], paper: Paper): string[] {
  if (blocks.length === 0) return ["  Nothing was recorded."];
  const columns: Column[] = [
    left(
      "block",
      blocks.map((block) => blockSpan(block, paper)),
    ),
    left(
      "",
      blocks.map((block) => blockState(block, paper)),
    ),
    {
      head: "models",
      before: GAP,
      min: 12,
      max: 60,
      leaves: 1,
      draw: (row, width) =>
        cut(oneLine((blocks[row]?.modelsUsed ?? []).map(shortModel).join(", ")), width, paper),
    },
    right(
      "tokens",
      blocks.map((block) => (block.isGap ? NOTHING : count(block.totalTokens))),
    ),
    right(
      "cost",
      blocks.map((block) => (block.isGap ? NOTHING : costCell(block))),
    ),
  ];
  return tableLines(columns, tableOptions(blocks.length, paper));
}

function blockSpan({ startTime, endTime }: UsageBlock, paper: Paper): string {
  const dash = paper.unicode ? "–" : "-";
  const start = dateAndMinute(Date.parse(startTime), paper);
  return `${start} ${dash} ${timeOfDay(Date.parse(endTime), paper).slice(0, 5)}`;
}

function blockState({ isGap, isActive, endTime, startTime, projection }: UsageBlock, paper: Paper): string {
  if (isGap) return `nothing for ${duration(Date.parse(endTime) - Date.parse(startTime))}`;
  if (!isActive) return "";
  const end = projection === null ? "" : `, ends at ~${count(projection.totalTokens)} tokens`;
  return `active, ${duration(Date.parse(endTime) - paper.nowMs)} left${end}`;
}

function sumColumns(sums: readonly UsageSums[]): Column[] {
  return [
    right(
      "input",
      sums.map(({ inputTokens }) => count(inputTokens)),
    ),
    right(
      "output",
      sums.map(({ outputTokens }) => count(outputTokens)),
    ),
    {
      ...right(
        "cache write",
        sums.map(({ cacheCreationTokens }) => count(cacheCreationTokens)),
      ),
      leaves: 3,
    },
    {
      ...right(
        "cache read",
        sums.map(({ cacheReadTokens }) => count(cacheReadTokens)),
      ),
      leaves: 4,
    },
    right(
      "total",
      sums.map(({ totalTokens }) => count(totalTokens)),
    ),
    right("cost", sums.map(costCell)),
  ];
}

/** A sum that lacks the price of some of its tokens is a lower bound. */
function costCell({ costNanoUsd, unpricedTokens }: UsageSums): string {
  if (costNanoUsd === null) return NOT_KNOWN;
  return `${unpricedTokens > 0 ? ">=" : ""}${dollars(costNanoUsd, 2)}`;
}

function footnotes(model: UsageModel, paper: Paper): string[] {
  const notes: string[] = [];
  const { unpricedTokens } = model.totals;
  if (unpricedTokens > 0)
    notes.push(
      `${count(unpricedTokens)} tokens are of models without a price: their cost is ${NOT_KNOWN}, not 0.`,
    );
  const flags = model.report === "blocks" ? [] : new Set(rowsOf(model).flatMap((row) => row.flags));
  for (const flag of flags) {
    if (flag === "output-under-recorded")
      notes.push(
        "Claude Code before 2.1.97 recorded less output than there was: those figures are lower bounds.",
      );
    if (flag === "compaction-unseen")
      notes.push("Conversations were compacted: the requests that did so stand in no record.");
  }
  return notes.flatMap((note) => wrapWords("  ", note, paper));
}

const SUM_HEADS = [
  "input_tokens",
  "output_tokens",
  "reasoning_tokens",
  "cache_write_5m_tokens",
  "cache_write_1h_tokens",
  "cache_read_tokens",
  "total_tokens",
  "cost_usd",
  "unpriced_tokens",
];

function sumCsv(sums: UsageSums): CsvCell[] {
  return [
    sums.inputTokens,
    sums.outputTokens,
    sums.reasoningTokens,
    sums.cacheWrite5mTokens,
    sums.cacheWrite1hTokens,
    sums.cacheReadTokens,
    sums.totalTokens,
    sums.totalCost,
    sums.unpricedTokens,
  ];
}

function rowsCsv(rows: readonly UsageRow[], { report, breakdown }: UsageModel): string[] {
  const head = [report === "session" ? "session" : "period", "agents", "projects", "models", ...SUM_HEADS];
  const cells = rows.flatMap((row): CsvCell[][] => {
    const names = [row.period, row.agents.join(" "), row.projects.join(" ")];
    if (!breakdown) return [[...names, row.modelsUsed.join(" "), ...sumCsv(row)]];
    return row.modelBreakdowns.map((part) => [
      row.period,
      part.agent,
      row.projects.join(" "),
      part.modelName,
      ...sumCsv(part),
    ]);
  });
  return csvLines(head, cells);
}

function blocksCsv(blocks: readonly UsageBlock[]): string[] {
  const head = ["start", "end", "last_activity", "active", "gap", "models", ...SUM_HEADS];
  const rows = blocks.map((block): CsvCell[] => [
    block.startTime,
    block.endTime,
    block.actualEndTime,
    String(block.isActive),
    String(block.isGap),
    block.modelsUsed.join(" "),
    ...sumCsv(block),
  ]);
  return csvLines(head, rows);
}

/** `sonnet-4-5` of `claude-sonnet-4-5-20250929`. */
function shortModel(model: string): string {
  return model.replace(/^claude-/, "").replace(/-\d{8}(?=-|$)/, "");
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

function left(head: string, cells: readonly string[]): FixedColumn {
  return { head, before: GAP, align: "left", cells };
}

function right(head: string, cells: readonly string[]): FixedColumn {
  return { head, before: GAP, align: "right", cells };
}

function tableOptions(rows: number, paper: Paper) {
  return { width: lineWidth(paper), rows, heading: true, paintHeading: paintFor(paper).faint };
}
