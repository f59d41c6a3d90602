/**
 * Six rules over the figures of a hierarchy: what they say to do. All comparisons are strict and exact (integers and
 * fractions of them), so that a rule fires behind its bound and not a hair before. One that has fired stays until its
 * figure is back at a bound of its own, so that nothing flickers.
 */
import { memberOf, membersIn, type Roster } from "../roster/roster.ts";
import type { Aggregate } from "../hierarchy/aggregate.ts";
import type { Subject } from "../hierarchy/invocation.ts";

export const RULES = ["T1", "T2", "T3", "T4", "T5", "T6"] as const;
export type Rule = (typeof RULES)[number];

/** Fewer invocations than this say nothing of a cost per task. */
export const minTasks = 5;
/** Fewer than this say nothing of a rate. */
export const minForRates = 20;

/** A task whose agent has given out so much and has not ended. */
export interface LongTask {
  readonly taskId: number;
  readonly member: string;
  readonly outputTokens: number;
  /** How much its tier may carry forward. */
  readonly retainedTokens: number;
}

/** Money spent in a window, and its budget, in nano-dollars. */
export interface BudgetStand {
  /** null = of all together. */
  readonly department: string | null;
  readonly window: string;
  readonly spentNanoUsd: number;
  readonly budgetNanoUsd: number;
}

export interface Figures {
  sums(subject: Subject): Aggregate;
  readonly roster: Roster;
  readonly budgets: readonly BudgetStand[];
  readonly longTasks: readonly LongTask[];
}

/** What a rule found now. */
export interface Finding {
  readonly rule: Rule;
  /** Agent, department, `system`, or a task such as #7. */
  readonly subject: string;
  readonly evidence: string;
  readonly suggestion: string;
}

/** A finding as it is kept. */
export interface KeptFinding extends Finding {
  readonly id: number;
  readonly state: "open" | "acknowledged" | "resolved";
  readonly sinceMs: number;
  readonly endedAtMs: number | null;
}

/** A finding's name: the same thing found again. */
export function findingKey({ rule, subject }: Pick<Finding, "rule" | "subject">): string {
  return `${rule} ${subject}`;
}

/** All of them. `open`: names of those that were found before and are not over. */
export function findingsOf(figures: Figures, open: ReadonlySet<string>): Finding[] {
  const { members } = figures.roster;
  const ids = members.map(({ id }) => id);
  return [
    ...ids.flatMap((id) => costlyAgent(id, figures, open)),
    ...ids.flatMap((id) => failingAgent(id, figures, open)),
    ...ids.flatMap((id) => escalatingAgent(id, figures, open)),
    ...figures.budgets.flatMap((stand) => overspent(stand, figures, open)),
    ...figures.longTasks.flatMap(longTask),
  ];
}

/** Is part / whole beyond the bound (percent), or, once it was, not back at the other one? Exact. */
export function beyond(
  part: bigint,
  whole: bigint,
  percent: number,
  backAtPercent: number,
  was: boolean,
): boolean {
  return part * 100n > whole * BigInt(was ? backAtPercent : percent);
}

function below(part: bigint, whole: bigint, percent: number, backAtPercent: number, was: boolean): boolean {
  return part * 100n < whole * BigInt(was ? backAtPercent : percent);
}

/** T1: an agent's cost per task is above 120 % of the mean of the others of a department of its. */
function costlyAgent(id: string, { roster, sums }: Figures, open: ReadonlySet<string>): Finding[] {
  const member = memberOf(roster, id);
  const own = sums({ kind: "agent", id });
  if (member === null || own.costKnown < minTasks) return [];
  for (const department of member.departments) {
    const others = membersIn(roster, department)
      .filter((other) => other.id !== id)
      .map((other) => sums({ kind: "agent", id: other.id }))
      .filter((sum) => sum.costKnown >= minTasks);
    const mean = meanCost(others);
    if (mean === null || mean.part === 0n) continue;
    const part = BigInt(own.costNanoUsd) * mean.whole;
    const whole = mean.part * BigInt(own.costKnown);
    if (!beyond(part, whole, 120, 110, open.has(findingKey({ rule: "T1", subject: id })))) continue;
    return [
      {
        rule: "T1",
        subject: id,
        evidence: `${dollarWords(own.costNanoUsd / own.costKnown)} a task is ${percentWords(part, whole)} of the mean of ${others.length} others in ${department} (more than 120%)`,
        suggestion: "shorten its preamble, or give it a cheaper model in the roster",
      },
    ];
  }
  return [];
}

/** The mean of their costs per task, as a fraction; null: there are none. */
function meanCost(others: readonly Aggregate[]): { part: bigint; whole: bigint } | null {
  if (others.length === 0) return null;
  let part = 0n;
  let whole = 1n;
  for (const { costNanoUsd, costKnown } of others) {
    part = part * BigInt(costKnown) + BigInt(costNanoUsd) * whole;
    whole *= BigInt(costKnown);
    const common = greatestCommon(part, whole);
    part /= common;
    whole /= common;
  }
  return { part, whole: whole * BigInt(others.length) };
}

function greatestCommon(a: bigint, b: bigint): bigint {
  return b === 0n ? (a === 0n ? 1n : a) : greatestCommon(b, a % b);
}

/** T2: fewer than 85 % of what ended has succeeded. */
function failingAgent(id: string, { sums }: Figures, open: ReadonlySet<string>): Finding[] {
  const { succeeded, failed } = sums({ kind: "agent", id });
  const ended = succeeded + failed;
  const was = open.has(findingKey({ rule: "T2", subject: id }));
  if (ended < minForRates || !below(BigInt(succeeded), BigInt(ended), 85, 88, was)) return [];
  return [
    {
      rule: "T2",
      subject: id,
      evidence: `${succeeded} of ${ended} tasks succeeded: ${percentWords(BigInt(succeeded), BigInt(ended))} (less than 85%)`,
      suggestion: "look at why they failed (`tasks --state failed`), or give it a better model in the roster",
    },
  ];
}

/** T3: more than 15 % went to a coordinator or a person. */
function escalatingAgent(id: string, { sums }: Figures, open: ReadonlySet<string>): Finding[] {
  const { invocations, levels } = sums({ kind: "agent", id });
  const handed = levels[2] + levels[3];
  const was = open.has(findingKey({ rule: "T3", subject: id }));
  if (invocations < minForRates || !beyond(BigInt(handed), BigInt(invocations), 15, 12, was)) return [];
  return [
    {
      rule: "T3",
      subject: id,
      evidence: `${handed} of ${invocations} tasks were handed to a coordinator or a person: ${percentWords(BigInt(handed), BigInt(invocations))} (more than 15%)`,
      suggestion: "make its preamble clearer, or give it a better model in the roster",
    },
  ];
}

/** T4 and T5: more than 110 % of a budget is spent. */
function overspent(stand: BudgetStand, { roster, sums }: Figures, open: ReadonlySet<string>): Finding[] {
  const { department, window, spentNanoUsd, budgetNanoUsd } = stand;
  const rule = department === null ? "T5" : "T4";
  const subject = `${department ?? "system"} by ${window}`;
  const [part, whole] = [BigInt(spentNanoUsd), BigInt(budgetNanoUsd)];
  if (!beyond(part, whole, 110, 100, open.has(findingKey({ rule, subject })))) return [];
  const dearest = department === null ? null : dearestIn(department, roster, sums);
  return [
    {
      rule,
      subject,
      evidence: `${dollarWords(spentNanoUsd)} spent this ${window} of a budget of ${dollarWords(budgetNanoUsd)}${budgetNanoUsd === 0 ? "" : `: ${percentWords(part, whole)}`} (more than 110%)`,
      suggestion:
        department === null
          ? "go through the dearest departments (`metrics department`), or raise the budget"
          : dearest === null
            ? "raise the budget, or give its agents cheaper models"
            : `begin with ${dearest}, which has cost most of its agents`,
    },
  ];
}

function dearestIn(department: string, roster: Roster, sums: Figures["sums"]): string | null {
  let dearest: { id: string; cost: number } | null = null;
  for (const { id } of membersIn(roster, department)) {
    const { costNanoUsd } = sums({ kind: "agent", id });
    if (costNanoUsd > (dearest?.cost ?? 0)) dearest = { id, cost: costNanoUsd };
  }
  return dearest?.id ?? null;
}

/** T6: a task that goes on has given out more than its tier may carry forward. */
function longTask({ taskId, member, outputTokens, retainedTokens }: LongTask): Finding[] {
  if (outputTokens <= retainedTokens) return [];
  return [
    {
      rule: "T6",
      subject: `#${taskId}`,
      evidence: `${member} has given out ${outputTokens} tokens without ending; its tier carries ${retainedTokens} forward`,
      suggestion: "have it summarize what it has so far, and split what is left into tasks",
    },
  ];
}

/** Two decimals, cut off: 84.99 % must not be shown as 85. */
function percentWords(part: bigint, whole: bigint): string {
  const hundredths = whole === 0n ? 0n : (part * 10_000n) / whole;
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}%`;
}

function dollarWords(nanoUsd: number): string {
  return `$${(nanoUsd / 1e9).toFixed(nanoUsd >= 1e9 ? 2 : 4)}`;
}
