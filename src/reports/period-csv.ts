/** The report of a week or month for spreadsheets: one figure a line, so that periods can be put below each other. */
import { csvLines, type CsvCell } from "./csv.ts";
import type { Figure } from "./figure.ts";
import type { BudgetRow, PeriodReport, PeriodSums, SpendRow } from "./period-report.ts";

const HEAD = ["report", "period", "section", "name", "figure", "value", "unit", "known"] as const;

type Line = readonly [
  section: string,
  name: string,
  figure: string,
  value: number | null,
  unit: string,
  known: string,
];

export function periodCsv(report: PeriodReport): string[] {
  const { total, before, days, models, types, clis, agents, departments, tiers } = report;
  const lines: Line[] = [
    ...sumLines("total", total),
    ...(before === null ? [] : sumLines("before", { ...before.total, name: before.period })),
    ...days.flatMap((row) => sumLines("day", row)),
    ...models.flatMap((row) => spendLines("model", row)),
    ...types.flatMap((row) => sumLines("type", row)),
    ...clis.flatMap((row) => sumLines("cli", row)),
    ...agents.flatMap((row) => sumLines("agent", row)),
    ...departments.flatMap((row) => sumLines("department", row)),
    ...tiers.flatMap((row) => sumLines("tier", row)),
    ...report.budgets.flatMap(budgetLines),
    ...findingLines(report),
    ...savingLines(report),
    ...report.top.flatMap((task) => spendLines("task", { ...task, name: `#${task.taskId}` })),
  ];
  return csvLines(
    HEAD,
    lines.map((line): CsvCell[] => [report.kind, report.period, ...line]),
  );
}

function spendLines(section: string, { name, tokens, cost }: SpendRow): Line[] {
  return [
    [section, name, "tokens", tokens.value, "tokens", tokens.source],
    costLine(section, name, "cost", cost),
  ];
}

function costLine(section: string, name: string, figure: string, { value, source }: Figure): Line {
  return [section, name, figure, value === null ? null : value / 1e9, "usd", source];
}

function sumLines(section: string, row: PeriodSums): Line[] {
  const { name } = row;
  const known = (value: number | null): string => (value === null ? "unknown" : "actual");
  const plain = (figure: string, value: number | null, unit: string): Line => [
    section,
    name,
    figure,
    value,
    unit,
    known(value),
  ];
  return [
    ...spendLines(section, row),
    plain("completed", row.completed, "tasks"),
    plain("failed", row.failed, "tasks"),
    plain("cancelled", row.cancelled, "tasks"),
    costLine(section, name, "cost_per_completed", row.costPerCompleted),
    plain("success_rate", row.successRate, "share"),
    plain("p95_time", row.p95Ms === null ? null : row.p95Ms / 1_000, "seconds"),
  ];
}

function budgetLines({ kind, name, unit, amount, windows, broken, most }: BudgetRow): Line[] {
  const value = (of: number): number => (unit === "cost" ? of / 1e9 : of);
  const unitWord = unit === "cost" ? "usd" : "tokens";
  return [
    [kind, name, "amount", value(amount), unitWord, "actual"],
    [kind, name, "windows", windows, "windows", "actual"],
    [kind, name, "broken", broken, "windows", "actual"],
    [kind, name, "most", value(most), unitWord, "actual"],
  ];
}

function findingLines({ findings }: PeriodReport): Line[] {
  if (findings === null) return [];
  return (["opened", "resolved", "open"] as const).map((figure) => [
    "findings",
    "all",
    figure,
    findings[figure],
    "findings",
    "actual",
  ]);
}

function savingLines({ saving, total }: PeriodReport): Line[] {
  if (saving === null) return [];
  const source = total.cost.source === "estimated" ? "estimated" : "actual";
  return [
    costLine("saving", saving.uniformModel, "uniform_cost", { value: saving.uniformNanoUsd, source }),
    costLine("saving", saving.uniformModel, "saved", { value: saving.savedNanoUsd, source }),
  ];
}
