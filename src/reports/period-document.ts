/** The report of a week or month as a document: what each section says, and in which words. */
import type { Figure } from "./figure.ts";
import { count, costOf, dollars, NOT_KNOWN, percent, shortCount, taskCount, tokensOf } from "./numbers.ts";
import type {
  BudgetRow,
  Comparison,
  FindingRow,
  PeriodReport,
  PeriodSaving,
  PeriodSums,
  SpendRow,
  TopTask,
} from "./period-report.ts";
import {
  section,
  type DocumentColumn,
  type DocumentSection,
  type DocumentTable,
  type ReportDocument,
} from "./report-document.ts";
import { dateAndMinute, duration } from "./times.ts";

export function periodDocument(report: PeriodReport): ReportDocument {
  return {
    title: `${report.kind === "weekly" ? "Weekly" : "Monthly"} report ${spanWords(report)}`,
    facts: [factWords(report)],
    notices: noticesOf(report),
    sections: isEmpty(report) ? [emptySection(report)] : sectionsOf(report),
  };
}

function isEmpty({ total }: PeriodReport): boolean {
  return total.tokens.value === 0 && total.completed + total.failed + total.cancelled === 0;
}

function emptySection({ kind, complete }: PeriodReport): DocumentSection {
  const running = complete ? ` The ${periodWord(kind)} that goes on: \`report ${kind} --of this\`.` : "";
  return section("Summary", {
    sentences: [`Nothing was used and no task ended in this ${periodWord(kind)}.${running}`],
  });
}

function sectionsOf(report: PeriodReport): DocumentSection[] {
  const { days, models, types, clis, agents, departments, tiers, total } = report;
  return [
    summary(report),
    byDay(report, days),
    section("By model", { table: spendTable("model", models, total) }),
    groups("By type of task", "type", types),
    groups("By agent CLI", "CLI", clis),
    ...(agents.length === 0 ? [] : [groups("By agent", "agent", agents)]),
    ...(departments.length === 0
      ? []
      : [
          groups(
            "By department",
            "department",
            departments,
            "An agent of several departments counts in each.",
          ),
        ]),
    ...(tiers.length === 0 ? [] : [groups("By tier", "tier", tiers)]),
    budgets(report.budgets),
    ...(report.findings === null ? [] : [findings(report)]),
    section("Saving", { sentences: savingWords(report.saving, report.prices) }),
    ...(report.top.length === 0 ? [] : [topCosts(report.top)]),
    section("How to read this", { items: LEGEND }),
  ];
}

function spanWords({ kind, period, firstDay, lastDay }: PeriodReport): string {
  return kind === "weekly" ? `${firstDay} to ${lastDay}` : period;
}

function periodWord(kind: PeriodReport["kind"]): string {
  return kind === "weekly" ? "week" : "month";
}

function factWords({ timeZone, madeAtMs, prices }: PeriodReport): string {
  return `Made ${minuteOf(madeAtMs, timeZone)}. Days of ${timeZone}, prices ${prices}.`;
}

function minuteOf(atMs: number, timeZone: string): string {
  return dateAndMinute(atMs, { timeZone, columns: 80, colour: false, unicode: true, nowMs: atMs });
}

function noticesOf({ complete, kind, before, simulated, total, timeZone }: PeriodReport): string[] {
  const word = periodWord(kind);
  const until =
    before === null ? "" : `, compared with the ${word} before up to ${minuteOf(before.toMs, timeZone)}`;
  const running = complete ? [] : [`This ${word} is not over: counted up to now${until}.`];
  if ((simulated.tokens.value ?? 0) === 0) return running;
  const all = simulated.tokens.value === total.tokens.value;
  const part = all ? "All of it" : `${tokensOf(simulated.tokens)} tokens and ${costOf(simulated.cost)} of it`;
  return [...running, `(simulated) ${part} was made up by rehearsals: nothing was spent on that.`];
}

// ── summary ─────────────────────────────────────────────────────────────────────────────────────────

const COMPARED_WORDS: Readonly<Record<Comparison["figure"], string>> = {
  cost: "Cost",
  tokens: "Tokens",
  completed: "Tasks completed",
  costPerCompleted: "Cost per completed task",
  successRate: "Success rate",
  p95Ms: "95th percentile of time",
  saved: "Saved by routing",
};

function summary(report: PeriodReport): DocumentSection {
  const { kind, before, total, comparison } = report;
  const word = periodWord(kind);
  const rows = comparison.map((compared) => [
    COMPARED_WORDS[compared.figure],
    comparedWords(compared.now, compared),
    comparedWords(compared.before, compared),
    changeWords(compared),
  ]);
  const counts = (sums: PeriodSums): string =>
    `${taskCount(sums.completed)} completed, ${count(sums.failed)} failed, ${count(sums.cancelled)} cancelled`;
  return section("Summary", {
    table: {
      columns: [left("figure"), right(`this ${word}`), right(`${word} before`), right("change")],
      rows,
    },
    sentences: [
      `n = ${counts(total)}; before: ${before === null ? "nothing" : `n = ${counts(before.total)}`}.`,
    ],
  });
}

function comparedWords(value: number | null, { figure, estimated }: Comparison): string {
  if (value === null) return NOT_KNOWN;
  const about = estimated ? "~" : "";
  switch (figure) {
    case "cost":
    case "costPerCompleted":
    case "saved":
      return `${about}${dollars(value, 4)}`;
    case "tokens":
      return `${about}${count(value)}`;
    case "completed":
      return count(value);
    case "successRate":
      return rateWords(value);
    case "p95Ms":
      return timeWords(value);
    default:
      return figure satisfies never;
  }
}

function changeWords(compared: Comparison): string {
  const { figure, change, changePercent } = compared;
  if (change === null) return NOT_KNOWN;
  if (figure === "successRate") return `${signed(change * 100, (points) => points.toFixed(1))} points`;
  const words = signed(change, (value) => comparedWords(value, { ...compared, estimated: false }));
  const about = compared.estimated ? "~" : "";
  return `${about}${words}${changePercent === null ? "" : ` (${percentChange(changePercent)})`}`;
}

function signed(value: number, words: (value: number) => string): string {
  return `${value < 0 ? "-" : "+"}${words(Math.abs(value))}`;
}

function percentChange(value: number): string {
  return Math.abs(value) >= 1_000
    ? value < 0
      ? "<-999%"
      : ">+999%"
    : signed(value, (one) => `${one.toFixed(1)}%`);
}

// ── days and groups ─────────────────────────────────────────────────────────────────────────────────

function byDay({ trend }: PeriodReport, days: readonly PeriodSums[]): DocumentSection {
  const most = Math.max(...days.map(({ cost }) => cost.value ?? 0));
  return section("By day", {
    table: {
      columns: [
        left("day"),
        right("tokens"),
        right("cost"),
        right("completed"),
        right("failed", 1),
        right("cost/task"),
      ],
      rows: days.map((day) => [
        day.name,
        tokensOf(day.tokens),
        costOf(day.cost),
        count(day.completed),
        count(day.failed),
        costOf(day.costPerCompleted),
      ]),
      bars: days.map(({ cost }) => (most === 0 ? 0 : (cost.value ?? 0) / most)),
    },
    sentences:
      trend === null
        ? []
        : [
            `Cost per completed task: ${costOf(trend.firstHalf)} in the first half of the days, ${costOf(trend.secondHalf)} in the second${trend.changePercent === null ? "" : ` (${percentChange(trend.changePercent)})`}.`,
          ],
  });
}

function spendTable(head: string, rows: readonly SpendRow[], total: PeriodSums): DocumentTable {
  return {
    columns: [flexible(head), right("tokens"), right("cost"), right("of all cost")],
    rows: rows.map((row) => [
      row.name,
      tokensOf(row.tokens),
      costOf(row.cost),
      shareWords(row.cost, total.cost),
    ]),
    bars: rows.map(({ cost }) => ratio(cost.value, total.cost.value)),
  };
}

function groups(
  title: string,
  head: string,
  rows: readonly PeriodSums[],
  ...sentences: string[]
): DocumentSection {
  return section(title, {
    sentences,
    table: {
      columns: [
        flexible(head),
        right("cost"),
        right("tokens", 4),
        right("completed", 3),
        right("success"),
        right("cost/task", 2),
        right("p95", 1),
      ],
      rows: rows.map((row) => [
        row.name,
        costOf(row.cost),
        shortTokens(row.tokens),
        count(row.completed),
        rateWords(row.successRate),
        costOf(row.costPerCompleted),
        timeWords(row.p95Ms),
      ]),
    },
  });
}

function shortTokens(figure: Figure): string {
  if (figure.value === null) return NOT_KNOWN;
  return `${figure.source === "estimated" ? "~" : ""}${shortCount(figure.value)}`;
}

function shareWords(part: Figure, whole: Figure): string {
  return part.value === null || !whole.value ? NOT_KNOWN : percent(part.value, whole.value);
}

function ratio(part: number | null, whole: number | null): number {
  return part === null || !whole ? 0 : part / whole;
}

function rateWords(rate: number | null): string {
  return rate === null ? NOT_KNOWN : `${(rate * 100).toFixed(1)}%`;
}

/** Tenths of a second below a minute. */
function timeWords(ms: number | null): string {
  if (ms === null) return NOT_KNOWN;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)}s` : duration(ms);
}

// ── budgets, findings, savings, tasks ───────────────────────────────────────────────────────────────

function budgets(rows: readonly BudgetRow[]): DocumentSection {
  if (rows.length === 0)
    return section("Budgets and limits", { sentences: ["There are none by the day, week or month."] });
  const broken = rows.filter((row) => row.broken > 0).length;
  return section("Budgets and limits", {
    table: {
      columns: [
        flexible("budget or limit"),
        right("amount"),
        right("kept"),
        right("most used"),
        left("on", 2),
        left("by", 1),
      ],
      rows: rows.map((row) => [
        limitName(row.name),
        amountWords(row.amount, row),
        `${count(row.windows - row.broken)} of ${count(row.windows)}`,
        `${amountWords(row.most, row)} (${percent(row.most, row.amount)})`,
        row.mostOn?.slice(5) ?? "-",
        row.mostBy?.replace(/^concurrent_worker/, "w") ?? "-",
      ]),
    },
    sentences: [
      broken === 0
        ? "All were kept. Amounts are those in force now."
        : `${broken === 1 ? "One was" : `${count(broken)} were`} broken. Amounts are those in force now.`,
    ],
  });
}

/** `worker * tokens/day` is a limit for each of them. */
function limitName(name: string): string {
  return name.replace(/^(\w+) \*/, "each $1").replaceAll("concurrent_worker", "w");
}

function amountWords(value: number, { unit }: BudgetRow): string {
  return unit === "tokens" ? shortCount(value) : dollars(value, 2);
}

function findings({ findings: found, timeZone }: PeriodReport): DocumentSection {
  if (found === null) return section("Findings", {});
  return section("Findings", {
    sentences: [
      `${count(found.opened)} opened, ${count(found.resolved)} resolved, ${count(found.open)} standing at the end.`,
    ],
    items: found.newest.map((finding) => findingWords(finding, timeZone)),
  });
}

function findingWords(
  { rule, subject, evidence, state, sinceMs, endedAtMs }: FindingRow,
  zone: string,
): string {
  const since = `since ${minuteOf(sinceMs, zone)}`;
  const stands = endedAtMs === null ? `${state} ${since}` : `${since}, over ${minuteOf(endedAtMs, zone)}`;
  return `${rule} ${subject} (${stands}): ${evidence}`;
}

/** The claim such routing comes with stands in `metrics`; here stands only what was measured. */
function savingWords(saving: PeriodSaving | null, prices: string): string[] {
  if (saving === null) return [`Measured: ${NOT_KNOWN}, for nothing was priced.`];
  const { savedNanoUsd, uniformNanoUsd, uniformModel, unpricedTokens } = saving;
  const about = saving.estimated ? "~" : "";
  const verb = savedNanoUsd < 0 ? "more than" : "saved of";
  const share = percent(Math.abs(savedNanoUsd), uniformNanoUsd);
  const left =
    unpricedTokens === 0
      ? ""
      : ` ${count(unpricedTokens)} tokens (cache reads included) have no price and are left out on both sides.`;
  return [
    `Measured: ${about}${dollars(Math.abs(savedNanoUsd), 4)} ${verb} ${about}${dollars(uniformNanoUsd, 4)} (${share}) against ${uniformModel} for everything.`,
    `Assumed: ${uniformModel} would have used the same tokens; both sides at the prices now in force (${prices}).${left}`,
  ];
}

function topCosts(top: readonly TopTask[]): DocumentSection {
  return section("Top costs", {
    table: {
      columns: [
        left("task"),
        right("cost"),
        right("tokens", 2),
        left("type", 1),
        left("agent", 3),
        flexible("text"),
      ],
      rows: top.map((task) => [
        `#${task.taskId}`,
        costOf(task.cost),
        shortTokens(task.tokens),
        task.type,
        task.agent,
        task.text,
      ]),
    },
    sentences: ["Tasks that ended in this time, with all they have used."],
  });
}

const LEGEND: readonly string[] = [
  "A plain figure was read from an agent's own record, ~ is an estimate or lacks a part without a price, n/a is unknown.",
  "Tokens and cost count on the day they were used, tasks on the day they ended. Tokens as limits count them.",
  "Success: completed tasks of those that completed, failed or were lost.",
  "Cost/task: all cost, that of failures too, by completed tasks.",
  "p95: 95 of 100 completed tasks took at most so long.",
];

function left(head: string, leaves?: number): DocumentColumn {
  return leaves === undefined ? { head, align: "left" } : { head, align: "left", leaves };
}

function flexible(head: string): DocumentColumn {
  return { head, align: "left", flexible: true };
}

function right(head: string, leaves?: number): DocumentColumn {
  return leaves === undefined ? { head, align: "right" } : { head, align: "right", leaves };
}
