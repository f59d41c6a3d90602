/** What a task is expected to use, and where that comes from: `estimate TEXT`. */
import type { ClassName, LearntClass, PromptEffect } from "../delegation/forecast.ts";
import type { Complexity, TaskType } from "../tasks/task.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, dollars, NOT_KNOWN } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { modelCell, nameCell } from "./workers-table.ts";

export interface EstimateModel {
  readonly type: TaskType;
  /** 0 to 1. */
  readonly confidence: number;
  readonly complexity: Complexity;
  readonly agent: string;
  readonly model: string | null;
  readonly folder: string;
  readonly promptChars: number;
  /** The plain estimate of the prompt alone. */
  readonly promptTokens: number;
  /** null: the agent spends nothing. */
  readonly forecast: EstimateForecast | null;
  readonly reserveTokens: number;
  readonly reserveNanoUsd: number;
  readonly reserveBasis: string;
  /** The price table behind the cost. */
  readonly priceTable: string;
}

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
}

export interface EstimateForecast {
  /** As limits count them. */
  readonly tokens: Quantiles;
  /** Cache reads included. */
  readonly totalTokens: Quantiles;
  /** null: the model has no price. */
  readonly nanoUsd: Quantiles | null;
  /** Where the tokens come from, the widest class first. */
  readonly classes: readonly LearntClass[];
  readonly prompt: PromptEffect;
  readonly promptNeeds: number;
  /** Taken for true before the first task. */
  readonly priorTokens: number;
}

/** Draws an estimate with its grounds. */
export function renderEstimate(model: EstimateModel, paper: Paper): string[] {
  const { forecast } = model;
  const by = `${nameCell(model.agent, paper)}, model ${modelCell(model.model, paper)}, in ${oneLine(model.folder)}`;
  const type = `${model.type} (confidence ${Math.floor(model.confidence * 100)}%), ${model.complexity}`;
  const lines = [
    ...heading("ESTIMATE", [`prices ${oneLine(model.priceTable)}`], "  ", paper),
    ...labelled("Type:", type, paper),
    ...labelled("By:", by, paper),
    ...labelled("Prompt:", `~${count(model.promptTokens)} tokens, the prompt alone`, paper),
    ...labelled("Reserves:", reserveWords(model), paper),
    "",
    ...(forecast === null
      ? wrapWords("  ", `${nameCell(model.agent, paper)} spends no tokens.`, paper)
      : forecastLines(model, forecast, paper)),
  ];
  return fitLines(lines, paper);
}

function reserveWords({ reserveTokens, reserveNanoUsd, reserveBasis }: EstimateModel): string {
  return `${count(reserveTokens)} tokens, ${dollars(reserveNanoUsd, 4)} (${oneLine(reserveBasis)})`;
}

function forecastLines(model: EstimateModel, forecast: EstimateForecast, paper: Paper): string[] {
  const money = forecast.nanoUsd;
  const rows: readonly (readonly [string, string, string])[] = [
    ["tokens, as limits count", tokens(forecast.tokens.p50), tokens(forecast.tokens.p90)],
    ["with cache reads", tokens(forecast.totalTokens.p50), tokens(forecast.totalTokens.p90)],
    ["cost", money === null ? NOT_KNOWN : cost(money.p50), money === null ? NOT_KNOWN : cost(money.p90)],
  ];
  const column = (head: string, at: 1 | 2) => ({
    head,
    before: "  ",
    align: "right" as const,
    cells: rows.map((row) => row[at]),
  });
  const options = { width: lineWidth(paper), heading: true, paintHeading: paintFor(paper).faint };
  return [
    ...tableLines(
      [
        { head: "the whole task", before: "  ", align: "left", cells: rows.map(([name]) => name) },
        column("half use up to", 1),
        column("9 in 10 up to", 2),
      ],
      { ...options, rows: rows.length },
    ),
    "",
    ...groundLines(model, forecast, paper),
    ...wrapWords("  ", promptWords(forecast), paper),
  ];
}

/** The classes the tokens were learnt from, each with what it came to. */
function groundLines(model: EstimateModel, forecast: EstimateForecast, paper: Paper): string[] {
  const rows = [
    { name: "such agents in general", tasks: "-", share: "-", median: forecast.priorTokens },
    ...forecast.classes.map(({ name, tasks, sharePercent, median }) => ({
      name: classWords(name, model, paper),
      tasks: count(tasks),
      share: `${sharePercent}%`,
      median,
    })),
  ];
  const right = (head: string, cells: string[]) => ({ head, before: "  ", align: "right" as const, cells });
  return tableLines(
    [
      { head: "learnt from tasks of", before: "  ", align: "left", cells: rows.map(({ name }) => name) },
      right(
        "tasks",
        rows.map(({ tasks }) => tasks),
      ),
      right(
        "their share",
        rows.map(({ share }) => share),
      ),
      right(
        "comes to",
        rows.map(({ median }) => tokens(median)),
      ),
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
}

function classWords(name: ClassName, { agent, model, type }: EstimateModel, paper: Paper): string {
  switch (name) {
    case "agent":
      return nameCell(agent, paper);
    case "model":
      return `... with model ${modelCell(model, paper)}`;
    case "type":
      return `... of type ${type}`;
    case "folder":
      return "... in this folder";
    default:
      return name satisfies never;
  }
}

function promptWords({ prompt, promptNeeds }: EstimateForecast): string {
  if (prompt.certainty === 0)
    return "The prompt's length is left out: too few tasks of this type have ended to tell its part.";
  const sure = `${prompt.certainty.toFixed(1)} standard errors, ${promptNeeds} are needed`;
  if (prompt.used)
    return `The prompt's length counts: tokens grow with its power ${prompt.power.toFixed(2)} (${sure}).`;
  return `The prompt's length is left out: it tells too little of the rest (${sure}).`;
}

function tokens(value: number): string {
  return `~${count(value)}`;
}

function cost(nanoUsd: number): string {
  return `~${dollars(nanoUsd, 4)}`;
}
