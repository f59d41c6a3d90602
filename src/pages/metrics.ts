/** The figures: of all, of each worker, model and type, and of the hierarchy's agents, departments, tiers and system. */
import { busyShare } from "../reports/busy-share.ts";
import { costOf, count, NOT_KNOWN, tokensOf } from "../reports/numbers.ts";
import type { HierarchyMetrics } from "../reports/hierarchy-metrics.ts";
import type { MetricsModel, MetricsRow, ModelUse, TypeUse } from "../reports/metrics-model.ts";
import type { SubjectKind } from "../hierarchy/invocation.ts";
import { duration } from "../reports/times.ts";
import { look } from "./api.ts";
import { h, type Child } from "./dom.ts";
import { notices } from "./fleet.ts";
import { figures, section, table, type Column } from "./table.ts";
import type { View } from "./view.ts";
import { cost, shareWords, tokens } from "./words.ts";

interface Hierarchy {
  readonly hasRoster: boolean;
  readonly figures: readonly HierarchyMetrics[];
}

export const metrics: View = {
  name: "metrics",
  title: "Metrics",
  inNav: true,
  draw: async () => {
    const [model, hierarchy] = await Promise.all([
      look<MetricsModel>("/api/metrics"),
      look<Hierarchy>("/api/hierarchy"),
    ]);
    return [
      notices(model.notices),
      overall(model),
      section("Workers", workers(model)),
      h("div", { class: "pair" }, section("Models", models(model)), section("Types", types(model))),
      hierarchySections(hierarchy),
    ];
  },
};

function overall(model: MetricsModel): Child {
  const { total, saving } = model;
  return figures([
    ["Tasks completed", count(total.completed)],
    ["Success rate", shareWords(rate(total.completed, total.failed))],
    [
      "Tokens",
      tokens(total.tokens),
      `${tokensOf(model.inputTokens)} in, ${tokensOf(model.outputTokens)} out`,
    ],
    ["Cache", tokens(model.cacheReadTokens), `read; ${tokensOf(model.cacheWriteTokens)} written`],
    ["Cost", cost(total.cost), `prices of ${model.prices}`],
    ["Cost per task", perTask(total, total.cost.value)],
    ["95 of 100 done in", total.p95Ms === null ? NOT_KNOWN : duration(total.p95Ms)],
    [
      "Saved by routing",
      saving === null ? NOT_KNOWN : shareWords(saving.savedNanoUsd / Math.max(1, saving.uniformNanoUsd)),
      saving !== null && `against all ${saving.uniformModel} on the same tokens`,
    ],
  ]);
}

function rate(good: number, bad: number): number | null {
  return good + bad === 0 ? null : good / (good + bad);
}

function perTask({ measured }: MetricsRow, value: number | null): string {
  return value === null || measured === 0
    ? NOT_KNOWN
    : costOf({ value: Math.round(value / measured), source: "actual" });
}

function workers({ workers: rows, total }: MetricsModel): HTMLElement {
  return table<MetricsRow>(
    "Workers",
    [
      { head: "Worker", cell: ({ worker }) => worker, foot: "Total" },
      {
        head: "Tasks",
        figure: true,
        cell: ({ completed }) => count(completed),
        foot: count(total.completed),
      },
      {
        head: "Success",
        figure: true,
        wide: true,
        cell: ({ completed, failed }) => shareWords(rate(completed, failed)),
        foot: shareWords(rate(total.completed, total.failed)),
      },
      { head: "Tokens", figure: true, cell: (row) => tokens(row.tokens), foot: tokensOf(total.tokens) },
      { head: "Cost", figure: true, cell: (row) => cost(row.cost), foot: costOf(total.cost) },
      {
        head: "Cost per task",
        figure: true,
        wide: true,
        cell: (row) => perTask(row, row.cost.value),
        foot: perTask(total, total.cost.value),
      },
      {
        head: "p95 time",
        figure: true,
        wide: true,
        cell: ({ p95Ms }) => (p95Ms === null ? NOT_KNOWN : duration(p95Ms)),
      },
    ],
    rows,
    { key: ({ worker }) => worker },
  );
}

function models({ models: rows }: MetricsModel): HTMLElement {
  return table<ModelUse>(
    "Models",
    [
      { head: "Model", cell: ({ model }) => model },
      { head: "Tokens", figure: true, cell: (row) => tokens(row.tokens) },
      { head: "Cost", figure: true, cell: (row) => cost(row.cost) },
    ],
    rows,
  );
}

function types({ types: rows }: MetricsModel): HTMLElement {
  return table<TypeUse>(
    "Types",
    [
      { head: "Type", cell: ({ type }) => type },
      { head: "Tasks", figure: true, cell: ({ tasks }) => count(tasks) },
      { head: "Tokens", figure: true, cell: (row) => tokens(row.tokens) },
    ],
    rows,
  );
}

const KINDS: readonly (readonly [kind: SubjectKind, title: string])[] = [
  ["system", "All agents together"],
  ["tier", "Tiers"],
  ["department", "Departments"],
  ["agent", "Agents of the roster"],
];

function hierarchySections({ hasRoster, figures: all }: Hierarchy): Child {
  if (!hasRoster)
    return section(
      "Hierarchy",
      h("p", { class: "quiet" }, "There is no roster in this project: `ctm roster init` writes one."),
    );
  const invocations = all.find(({ kind }) => kind === "system")?.file.metrics.summary.total_invocations ?? 0;
  return KINDS.map(([kind, title]) =>
    section(
      title,
      subjects(
        title,
        all.filter((one) => one.kind === kind),
        invocations,
        all,
      ),
    ),
  );
}

function subjects(
  title: string,
  rows: readonly HierarchyMetrics[],
  invocations: number,
  all: readonly HierarchyMetrics[],
): HTMLElement {
  const dollarsOrNot = (value: number | null): string =>
    value === null ? NOT_KNOWN : `$${value.toFixed(4)}`;
  const columns: Column<HierarchyMetrics>[] = [
    { head: "Name", cell: ({ name }) => name },
    { head: "Invocations", figure: true, cell: ({ file }) => count(file.metrics.summary.total_invocations) },
    {
      head: "Share",
      figure: true,
      wide: true,
      cell: ({ file }) =>
        shareWords(invocations === 0 ? null : file.metrics.summary.total_invocations / invocations),
    },
    { head: "Success", figure: true, cell: ({ file }) => shareWords(file.metrics.summary.success_rate) },
    {
      head: "Mean time",
      figure: true,
      wide: true,
      cell: ({ file }) => secondsOrNot(file.metrics.performance.avg_completion_time_seconds),
    },
    {
      head: "Busy",
      figure: true,
      wide: true,
      cell: (one) => shareWords(busyShare(one.file, agentsOf(one, all))),
    },
    { head: "Cost", figure: true, cell: ({ file }) => dollarsOrNot(file.metrics.summary.total_cost) },
    {
      head: "Cost per task",
      figure: true,
      wide: true,
      cell: ({ file }) => dollarsOrNot(file.metrics.summary.avg_cost_per_task),
    },
    {
      head: "Tokens per task",
      figure: true,
      wide: true,
      cell: ({ file }) => numberOrNot(file.metrics.summary.avg_tokens_per_task),
    },
    { head: "Trend", wide: true, cell: ({ file }) => trend(file) },
    { head: "Handed up", figure: true, wide: true, cell: ({ file }) => shareWords(handedUp(file)) },
    {
      head: "Tests passed",
      figure: true,
      wide: true,
      cell: ({ file }) => shareWords(file.metrics.quality.test_pass_rate),
    },
    {
      head: "Recovered",
      figure: true,
      wide: true,
      cell: ({ file }) => count(file.metrics.quality.self_recovery_count),
    },
  ];
  return table(title, columns, rows, { key: ({ kind, name }) => `${kind} ${name}` });
}

/** Those of it that ever had a task. */
function agentsOf({ kind, file }: HierarchyMetrics, all: readonly HierarchyMetrics[]): number {
  if (kind === "agent") return 1;
  const name = placeIn(file, kind === "department" ? "department_id" : kind);
  return all.filter(
    (other) =>
      other.kind === "agent" &&
      other.file.metrics.summary.total_invocations > 0 &&
      (kind === "system" || placeIn(other.file, kind) === name),
  ).length;
}

/** What the head of a file says under this name. */
function placeIn(file: Figures, name: string): unknown {
  return Object.entries(file).find(([key]) => key === name)?.[1];
}

type Figures = HierarchyMetrics["file"];

function secondsOrNot(value: number | null): string {
  return value === null ? NOT_KNOWN : duration(value * 1_000);
}

function numberOrNot(value: number | null): string {
  return value === null ? NOT_KNOWN : count(value);
}

/** Of its invocations, those that went to a coordinator or a person. */
function handedUp({ metrics: { summary, quality } }: Figures): number | null {
  if (summary.total_invocations === 0) return null;
  return (quality.coordinator_escalation_count + quality.human_escalation_count) / summary.total_invocations;
}

/** Tokens of its newest tasks against those before them: does a task cost more or less than it did? */
function trend({ metrics: { recent_tasks: recent } }: Figures): string {
  const known = recent.flatMap((one) =>
    one.tokens_input === null || one.tokens_output === null ? [] : [one.tokens_input + one.tokens_output],
  );
  const half = Math.floor(known.length / 2);
  if (half < 3) return NOT_KNOWN;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [newer, older] = [mean(known.slice(0, half)), mean(known.slice(half, 2 * half))];
  if (older === 0) return NOT_KNOWN;
  const change = (newer - older) / older;
  return `${change > 0.005 ? "▲" : change < -0.005 ? "▼" : "="} ${Math.abs(change * 100).toFixed(0)} %`;
}
