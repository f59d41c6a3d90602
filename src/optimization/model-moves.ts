/**
 * What measured success says of the models of a type of task: another one would do as well for less, or the present one
 * does not do. Both models need enough ended tasks of just this agent and type; nothing is concluded from prices alone.
 */
import type { TaskType } from "../tasks/task.ts";
import { minForRates } from "./rules.ts";
import { wilson95, type Interval } from "./wilson.ts";

/** Ended attempts of one agent, type and model. */
export interface ModelClass {
  readonly agent: string;
  readonly type: TaskType;
  /** Empty: the agent's own default. */
  readonly model: string;
  /** Completed, failed or lost; what a person cancelled says nothing. */
  readonly ended: number;
  readonly completed: number;
  /** Of those whose cost is measured in full: how many ended and completed, and what all of them cost. */
  readonly pricedEnded: number;
  readonly pricedCompleted: number;
  readonly nanoUsd: number;
}

/** Where tasks of a type go now. */
export interface PresentRoute {
  readonly type: TaskType;
  readonly agent: string;
  readonly model: string | null;
}

export interface ModelMove {
  /** down: as well for less. up: better, for what it costs. */
  readonly direction: "down" | "up";
  readonly from: ModelClass;
  readonly to: ModelClass;
  /** Per completed task; negative: it costs more. null: a cost is not known. */
  readonly savedNanoUsd: number | null;
}

/** The least success a cheaper model must be sure of, and below which the present one surely is: the bound of rule T2. */
export const successBound = 0.85;
/** A cheaper model must save more than a tenth: less may be chance. */
const costAtMostPercent = 90n;

export function successOf({ completed, ended }: ModelClass): Interval {
  return wilson95(completed, ended);
}

/** What one completed task cost, the failed ones' cost included, in nano-dollars; null: too few costs are measured. */
export function costPerCompleted({ pricedEnded, pricedCompleted, nanoUsd }: ModelClass): number | null {
  if (pricedEnded < minForRates || pricedCompleted === 0) return null;
  return Math.round(nanoUsd / pricedCompleted);
}

/** The best move of a type, or null. `classes` may be of any agents and types. */
export function modelMove(present: PresentRoute, classes: readonly ModelClass[]): ModelMove | null {
  const alike = classes.filter(({ agent, type }) => agent === present.agent && type === present.type);
  const from = alike.find(({ model }) => model === (present.model ?? ""));
  if (from === undefined || from.ended < minForRates) return null;
  // A route must name its model: an agent's own default cannot be moved to.
  const others = alike.filter(
    ({ model, ended }) => model !== "" && model !== from.model && ended >= minForRates,
  );
  const isFailing = successOf(from).high < successBound;
  const fit = others.filter((to) => (isFailing ? isBetter(from, to) : isAsGoodForLess(from, to)));
  const to = fit.sort(byCost)[0];
  if (to === undefined) return null;
  return { direction: isFailing ? "up" : "down", from, to, savedNanoUsd: savedBy(from, to) };
}

/** Surely above the bound, not seen to be worse than the present one, and more than a tenth cheaper. */
function isAsGoodForLess(from: ModelClass, to: ModelClass): boolean {
  const success = successOf(to);
  return success.low >= successBound && success.high >= from.completed / from.ended && isCheaper(to, from);
}

/** Surely better than the one that surely is below the bound. */
function isBetter(from: ModelClass, to: ModelClass): boolean {
  return successOf(to).low > successOf(from).high;
}

/** Exact: costs as fractions. */
function isCheaper(to: ModelClass, from: ModelClass): boolean {
  if (costPerCompleted(to) === null || costPerCompleted(from) === null) return false;
  const part = BigInt(to.nanoUsd) * BigInt(from.pricedCompleted) * 100n;
  return part < BigInt(from.nanoUsd) * BigInt(to.pricedCompleted) * costAtMostPercent;
}

/** The cheapest first, what nobody knows last; alike, the surer first. */
function byCost(a: ModelClass, b: ModelClass): number {
  const [costA, costB] = [costPerCompleted(a) ?? Infinity, costPerCompleted(b) ?? Infinity];
  return costA === costB ? successOf(b).low - successOf(a).low : costA - costB;
}

function savedBy(from: ModelClass, to: ModelClass): number | null {
  const [before, after] = [costPerCompleted(from), costPerCompleted(to)];
  return before === null || after === null ? null : before - after;
}
