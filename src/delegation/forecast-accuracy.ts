/**
 * How well tasks were forecast, told honestly: history is walked through in its order, each task forecast from those
 * before it alone, then held against what it used.
 */
import { predict, type FinishedTask, type Forecast, type Prior, type Size } from "./forecast.ts";
import { TaskHistory } from "./task-history.ts";

/** A finished task with what the plain formula said of it. */
export interface ScoredTask extends FinishedTask {
  readonly formulaTokens: number;
}

export interface Accuracy {
  /** Tasks that were forecast. */
  readonly tasks: number;
  /** Median distance of estimate and actual, in powers of ten: 0.3 is a factor of two. null = no task. */
  readonly formulaError: number | null;
  readonly forecastError: number | null;
  /** Tasks that used no more than their p90, in percent. */
  readonly coveredPercent: number | null;
}

export interface AccuracyByType extends Accuracy {
  readonly type: string;
}

export interface AccuracyReport {
  readonly all: Accuracy;
  readonly types: readonly AccuracyByType[];
}

interface Score {
  readonly type: string;
  readonly formula: number;
  readonly forecast: number;
  readonly covered: boolean;
}

/**
 * Walks through finished tasks, oldest first. The first `warmUp` tasks of each class (agent, model, type) are learnt
 * from and not scored. `prior` is what is taken for true of such a task before the first one.
 */
export function forecastAccuracy(
  history: readonly ScoredTask[],
  size: Size,
  prior: (task: ScoredTask) => Prior,
  warmUp = 0,
): AccuracyReport {
  const scores: Score[] = [];
  const known = new TaskHistory();
  for (const task of history) {
    if (known.tasksOf(task, "type").length >= warmUp)
      scores.push(scoreOf(task, size, predict(known.learnt(task, size, prior(task)), task.promptChars)));
    known.add(task);
  }
  const types = [...new Set(scores.map(({ type }) => type))].sort();
  return {
    all: accuracyOf(scores),
    types: types.map((type) => ({ type, ...accuracyOf(scores.filter((score) => score.type === type)) })),
  };
}

function scoreOf(task: ScoredTask, size: Size, { p50, p90 }: Forecast): Score {
  const actual = task[size];
  return {
    type: task.type,
    formula: distance(task.formulaTokens, actual),
    forecast: distance(p50, actual),
    covered: actual <= p90,
  };
}

function accuracyOf(scores: readonly Score[]): Accuracy {
  const covered = scores.filter((score) => score.covered).length;
  return {
    tasks: scores.length,
    formulaError: medianOf(scores.map((score) => score.formula)),
    forecastError: medianOf(scores.map((score) => score.forecast)),
    coveredPercent: scores.length === 0 ? null : (100 * covered) / scores.length,
  };
}

function distance(estimate: number, actual: number): number {
  return Math.abs(Math.log10(Math.max(1, estimate) / Math.max(1, actual)));
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
