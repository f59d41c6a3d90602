/** Assembles what `estimate accuracy` shows: finished tasks, scored in their order. */
import type { AgentKind } from "../agents/adapter.ts";
import { forecastAccuracy, type AccuracyReport, type ScoredTask } from "../delegation/forecast-accuracy.ts";
import type { Prior, Size } from "../delegation/forecast.ts";
import type { AgentFloor } from "../delegation/reservation.ts";
import { priorsOf } from "../delegation/task-forecast.ts";
import { finishedTask, type SampleRow, type SampleRows } from "../ledger/sample-rows.ts";
import type { PriceTable } from "../metering/prices.ts";
import type { AccuracyModel, AccuracyRow } from "../reports/accuracy.ts";

/** Tasks of a class from which on a second score is taken. */
const warmUp = 50;

/** Newest finished tasks that are scored. */
const scoredMax = 5_000;

/** Scores finished tasks, oldest first. Those of agents that spend nothing need no forecast, and get no score. */
export function accuracyModel(
  samples: SampleRows,
  floors: Readonly<Record<AgentKind, AgentFloor>>,
  prices: PriceTable,
): AccuracyModel {
  const floorOf = (agent: string): AgentFloor | null => floors[agent] ?? null;
  const spending = samples.newest(scoredMax).filter(({ agent }) => floorOf(agent)?.spends === true);
  const score = (size: Size, from: readonly SampleRow[], least: number): AccuracyReport =>
    forecastAccuracy(from.map(scoredTask), size, (task) => priorOf(task, size), least);
  const priorOf = (task: ScoredTask, size: Size): Prior => {
    const firstRequestTokens = floorOf(task.agent)?.firstRequestTokens ?? 0;
    const grounds = { firstRequestTokens, estimateTokens: task.formulaTokens, prices };
    return priorsOf(task.model === "" ? null : task.model, grounds)[size];
  };
  const priced = spending.filter((row) => row.priced === 1);
  return {
    tasks: spending.length,
    warmUp,
    tokens: rowsOf(score("tokens", spending, 0), score("tokens", spending, warmUp)),
    cost: rowsOf(score("nanoUsd", priced, 0), score("nanoUsd", priced, warmUp)),
  };
}

function rowsOf({ types, all }: AccuracyReport, warm: AccuracyReport): AccuracyRow[] {
  return [
    ...types.map(({ type, ...accuracy }) => ({ name: type, ...accuracy })),
    { name: "all", ...all },
    { name: `after ${warmUp} of a class`, ...warm.all },
  ];
}

function scoredTask(row: SampleRow): ScoredTask {
  return { ...finishedTask(row), formulaTokens: row.formula_tokens };
}
