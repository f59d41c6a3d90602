/**
 * What a task will use in all, learnt from finished ones. Totals of agents' work spread over orders of magnitude, so
 * they are taken as log-normal: a median and a spread of logarithms, learnt for ever narrower classes (agent, model,
 * type, folder), each drawn towards the wider one it is part of, and the widest towards what is known of such agents.
 *
 *   median of a class:  n tasks with mean m of logarithms count n/(n+5), the wider class's median the rest
 *   spread of a class:  (5 s² + Σ(y-m)²) / (5 + n), s that of the wider class
 *   quantile:           median + t · spread · √(1 + 1/(n+5)), t Student's for 5 + n degrees of freedom
 *
 * The tasks of a narrow class are among those of the wider ones as well: that makes the prior a little surer than it
 * should be, and the spread, which is held against history by `estimate accuracy`, is not the worse for it.
 */

/** One finished task. Sizes are whole numbers, at least 0. */
export interface FinishedTask {
  readonly agent: string;
  readonly model: string;
  readonly type: string;
  /** The folder it ran in. */
  readonly folder: string;
  readonly promptChars: number;
  /** Tokens as limits count them. */
  readonly tokens: number;
  /** Cache reads included. */
  readonly totalTokens: number;
  readonly nanoUsd: number;
  /** False: its cost is what the dearest model would have asked. */
  readonly priced: boolean;
}

/** What is to be forecast: the class of a task, and its prompt. */
export type TaskClass = Pick<FinishedTask, ClassName | "promptChars">;

/** The three sizes that are forecast. */
export type Size = "tokens" | "totalTokens" | "nanoUsd";

/** What is taken for true before the first task: the median, and its spread as a standard deviation of logarithms. */
export interface Prior {
  readonly median: number;
  readonly spread: number;
}

export interface Forecast {
  /** Half of such tasks use no more. */
  readonly p50: number;
  /** Nine in ten use no more. */
  readonly p90: number;
}

/** What finished tasks say of one size of tasks of a class, whatever their prompt. */
export interface Learnt {
  /** Mean and variance of logarithms, and what they are worth in tasks. */
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
  /** From the widest class to the narrowest; those without a task are left out. */
  readonly classes: readonly LearntClass[];
  readonly prompt: PromptEffect;
  /** What was taken for true before the first task. */
  readonly prior: Prior;
}

export interface LearntClass {
  readonly name: ClassName;
  readonly tasks: number;
  /** Of this class, drawn towards the wider ones. */
  readonly median: number;
  /** Share its own tasks have in that median, in percent. */
  readonly sharePercent: number;
}

/** Does the length of the prompt tell anything? It is used only where it has earned it. */
export interface PromptEffect {
  readonly used: boolean;
  /** The size grows with this power of the length. */
  readonly power: number;
  /** How sure that is, in standard errors; `promptNeeds` is what it must be. */
  readonly certainty: number;
  /** Of the logarithms of the lengths that were seen. */
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** From the widest class to the narrowest: each is told by its own key and those before it. */
export const CLASSES = ["agent", "model", "type", "folder"] as const;
export type ClassName = (typeof CLASSES)[number];

/** Newest tasks of each class that count; older ones are another time. */
export const classTasksMax = 200;
/** What a wider class is worth in tasks. */
const priorTasks = 5;
/** Fewer tasks say nothing about the prompt's part. */
const promptTasksMin = 30;
/** Standard errors the prompt's part must be away from none. */
export const promptNeeds = 4;
/** The 90th percentile of the normal distribution, in standard deviations. */
const z90 = 1.2816;

/** What is learnt of one size. `tasksOf` gives the newest finished tasks of each class, in any order. */
export function learn(
  tasksOf: (name: ClassName) => readonly FinishedTask[],
  size: Size,
  prior: Prior,
): Learnt {
  const prompt = promptEffect(tasksOf("type"), size);
  const classes: LearntClass[] = [];
  let belief = { mean: Math.log(Math.max(1, prior.median)), variance: prior.spread ** 2, weight: priorTasks };
  for (const name of CLASSES) {
    const logs = tasksOf(name).map((task) => logSize(task, size) - promptShift(prompt, task.promptChars));
    if (logs.length === 0) break;
    belief = narrowed(belief, logs);
    const sharePercent = Math.round((100 * logs.length) / belief.weight);
    classes.push({ name, tasks: logs.length, median: whole(belief.mean), sharePercent });
  }
  return { ...belief, classes, prompt, prior };
}

/** The forecast for a prompt of this length. */
export function predict({ mean, variance, weight, prompt }: Learnt, promptChars: number): Forecast {
  const middle = mean + promptShift(prompt, promptChars);
  const spread = Math.sqrt(variance * (1 + 1 / weight));
  return { p50: whole(middle), p90: whole(middle + student90(weight) * spread) };
}

function narrowed(wider: Pick<Learnt, "mean" | "variance">, logs: readonly number[]) {
  const n = logs.length;
  const mean = meanOf(logs);
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  return {
    mean: (priorTasks * wider.mean + n * mean) / (priorTasks + n),
    variance: (priorTasks * wider.variance + squares) / (priorTasks + n),
    weight: priorTasks + n,
  };
}

/** Ordinary least squares of the logarithms of size and length. */
function promptEffect(tasks: readonly FinishedTask[], size: Size): PromptEffect {
  const lengths = tasks.map(({ promptChars }) => lengthLog(promptChars));
  const logs = tasks.map((task) => logSize(task, size));
  const [mean, meanLog] = [meanOf(lengths), meanOf(logs)];
  const seen = { mean, least: Math.min(...lengths), most: Math.max(...lengths) };
  const spread = lengths.reduce((sum, length) => sum + (length - mean) ** 2, 0);
  if (tasks.length < promptTasksMin || spread === 0) return { used: false, power: 0, certainty: 0, ...seen };
  const pairs = lengths.map((length, at) => [length - mean, (logs[at] ?? 0) - meanLog] as const);
  const power = pairs.reduce((sum, [x, y]) => sum + x * y, 0) / spread;
  const rest = pairs.reduce((sum, [x, y]) => sum + (y - power * x) ** 2, 0);
  const error = Math.sqrt(rest / (tasks.length - 2) / spread);
  const certainty = Math.abs(power) / Math.max(error, Number.EPSILON);
  return { used: certainty >= promptNeeds, power, certainty, ...seen };
}

/** Never beyond the lengths that were seen: outside of them the power is a guess. */
function promptShift({ used, power, mean, least, most }: PromptEffect, promptChars: number): number {
  return used ? power * (Math.min(Math.max(lengthLog(promptChars), least), most) - mean) : 0;
}

function lengthLog(promptChars: number): number {
  return Math.log(Math.max(1, promptChars));
}

function logSize(task: FinishedTask, size: Size): number {
  return Math.log(Math.max(1, task[size]));
}

/** Student's 90th percentile by the first terms of its expansion around the normal one; for 5 degrees and more. */
function student90(freedom: number): number {
  const z = z90;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A whole number of tokens or nano-dollars, exact as far as numbers are. */
function whole(log: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(Math.exp(log)));
}
