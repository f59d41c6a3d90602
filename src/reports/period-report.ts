/**
 * What `report weekly` and `report monthly` tell, as plain data: the JSON of `--format json`, whose shape is kept. Money
 * is in whole nano-dollars, times in milliseconds; what nobody knows is null, and a figure says how it is known.
 */
import type { Rule } from "../optimization/rules.ts";
import type { PeriodKind } from "../throttle/periods.ts";
import type { LimitUnit } from "../throttle/limits.ts";
import { sumFigures, UNKNOWN, type Figure } from "./figure.ts";

/** Rises when a name or a meaning changes; what is only added leaves it. */
export const PERIOD_REPORT_VERSION = 1;

/** What was used, and by whom or what. */
export interface SpendRow {
  /** A day, model, type, agent, department or tier; `none` where there is none. */
  readonly name: string;
  /** As limits count them. */
  readonly tokens: Figure;
  readonly cost: Figure;
}

/** And what came of it: attempts by how they ended, counted when they ended. */
export interface PeriodSums extends SpendRow {
  readonly completed: number;
  /** Failed and lost. */
  readonly failed: number;
  readonly cancelled: number;
  /** All cost, that of failures too, by completed tasks. */
  readonly costPerCompleted: Figure;
  /** Of what completed, failed or was lost; 0 to 1. */
  readonly successRate: number | null;
  /** Of completed tasks, exact to a tenth of a second; null with fewer than three. */
  readonly p95Ms: number | null;
}

export interface PeriodSpan {
  /** `2026-11-16`, the Monday of a week, or `2026-11`. */
  readonly period: string;
  /** Local dates. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly fromMs: number;
  /** First moment that is no longer counted. */
  readonly toMs: number;
}

export interface PeriodSaving {
  /** What the tokens of this period cost at the prices now in force. */
  readonly spentNanoUsd: number;
  readonly uniformModel: string;
  /** What they would have cost with that one model. */
  readonly uniformNanoUsd: number;
  readonly savedNanoUsd: number;
  readonly savedPercent: number | null;
  /** Left out on both sides: nobody knows a price. */
  readonly unpricedTokens: number;
  readonly estimated: boolean;
}

/** A limit or budget, in each of its windows that this period holds. */
export interface BudgetRow {
  /** `global cost/day`, or `department frontend cost/week`; a budget is one that a roster names. */
  readonly name: string;
  readonly kind: "limit" | "budget";
  readonly unit: LimitUnit;
  /** Tokens or nano-dollars, as it stands now. */
  readonly amount: number;
  readonly windows: number;
  /** Windows in which more was used. */
  readonly broken: number;
  readonly most: number;
  /** Day, or first day, of the window that used most; null: nothing was used. */
  readonly mostOn: string | null;
  /** Whose it was, of a limit for each worker, model or agent. */
  readonly mostBy: string | null;
}

export interface FindingRow {
  readonly rule: Rule;
  readonly subject: string;
  readonly evidence: string;
  readonly state: "open" | "acknowledged" | "resolved";
  readonly sinceMs: number;
  readonly endedAtMs: number | null;
}

export interface PeriodFindings {
  readonly opened: number;
  readonly resolved: number;
  /** At the end of the period. */
  readonly open: number;
  /** The newest of them. */
  readonly newest: readonly FindingRow[];
}

export interface TopTask {
  readonly taskId: number;
  readonly text: string;
  readonly type: string;
  readonly agent: string;
  /** What it has used in all. */
  readonly tokens: Figure;
  readonly cost: Figure;
}

export const COMPARED = [
  "cost",
  "tokens",
  "completed",
  "costPerCompleted",
  "successRate",
  "p95Ms",
  "saved",
] as const;

export interface Comparison {
  readonly figure: (typeof COMPARED)[number];
  readonly now: number | null;
  readonly before: number | null;
  readonly change: number | null;
  /** null also where there is nothing to relate it to, and of rates. */
  readonly changePercent: number | null;
  readonly estimated: boolean;
}

/** Cost per completed task in the first and the second half of the days. */
export interface CostTrend {
  readonly firstHalf: Figure;
  readonly secondHalf: Figure;
  readonly changePercent: number | null;
}

export interface PeriodReport extends PeriodSpan {
  readonly version: typeof PERIOD_REPORT_VERSION;
  readonly kind: PeriodKind;
  /** False: it was made while the period went on. */
  readonly complete: boolean;
  readonly timeZone: string;
  readonly madeAtMs: number;
  /** Id of the price table that savings are reckoned by. */
  readonly prices: string;
  readonly total: PeriodSums;
  /** Part of the total that rehearsals made up. */
  readonly simulated: SpendRow;
  /** The period before, as much of it as this one has had; null: nothing happened in it. */
  readonly before: (PeriodSpan & { readonly total: PeriodSums; readonly savedNanoUsd: number | null }) | null;
  readonly comparison: readonly Comparison[];
  /** null: fewer than two days. */
  readonly trend: CostTrend | null;
  readonly days: readonly PeriodSums[];
  readonly models: readonly SpendRow[];
  readonly types: readonly PeriodSums[];
  /** Kinds of agent CLI. */
  readonly clis: readonly PeriodSums[];
  /** Of the roster; empty without one. So are departments and tiers. */
  readonly agents: readonly PeriodSums[];
  /** An agent of several departments counts in each. */
  readonly departments: readonly PeriodSums[];
  readonly tiers: readonly PeriodSums[];
  readonly budgets: readonly BudgetRow[];
  /** null: no rules are looked at, for there is no roster. */
  readonly findings: PeriodFindings | null;
  /** null: nothing was priced. */
  readonly saving: PeriodSaving | null;
  /** The dearest tasks that ended. */
  readonly top: readonly TopTask[];
}

/** Cost by completed tasks; unknown where none was completed. */
export function perCompleted(cost: Figure, completed: number): Figure {
  if (cost.value === null || completed === 0) return UNKNOWN;
  return { value: Math.round(cost.value / completed), source: cost.source };
}

export function costTrend(days: readonly PeriodSums[]): CostTrend | null {
  if (days.length < 2) return null;
  const half = Math.ceil(days.length / 2);
  const [firstHalf, secondHalf] = [meanCost(days.slice(0, half)), meanCost(days.slice(half))];
  const related = firstHalf.value !== null && secondHalf.value !== null && firstHalf.value > 0;
  return {
    firstHalf,
    secondHalf,
    changePercent: related ? (secondHalf.value / firstHalf.value - 1) * 100 : null,
  };
}

function meanCost(days: readonly PeriodSums[]): Figure {
  const { figure } = sumFigures(days.map(({ cost }) => cost));
  return perCompleted(
    figure,
    days.reduce((sum, { completed }) => sum + completed, 0),
  );
}

type Compared = { readonly total: PeriodSums; readonly savedNanoUsd: number | null };

/** Each figure beside that of the period before. */
export function comparisons(now: Compared, before: Compared | null): Comparison[] {
  return COMPARED.map((figure) => {
    const [value, earlier] = [valueOf(figure, now), before === null ? null : valueOf(figure, before)];
    const change = value === null || earlier === null ? null : value - earlier;
    const related = change !== null && earlier !== null && earlier > 0 && figure !== "successRate";
    return {
      figure,
      now: value,
      before: earlier,
      change,
      changePercent: related ? (change / earlier) * 100 : null,
      estimated: [now, ...(before === null ? [] : [before])].some((one) => isEstimated(figure, one)),
    };
  });
}

function valueOf(figure: Comparison["figure"], { total, savedNanoUsd }: Compared): number | null {
  switch (figure) {
    case "cost":
    case "tokens":
    case "costPerCompleted":
      return total[figure].value;
    case "completed":
    case "successRate":
    case "p95Ms":
      return total[figure];
    case "saved":
      return savedNanoUsd;
    default:
      return figure satisfies never;
  }
}

function isEstimated(figure: Comparison["figure"], { total }: Compared): boolean {
  switch (figure) {
    case "cost":
    case "tokens":
    case "costPerCompleted":
      return total[figure].source === "estimated";
    case "saved":
      return total.cost.source === "estimated";
    case "completed":
    case "successRate":
    case "p95Ms":
      return false;
    default:
      return figure satisfies never;
  }
}
