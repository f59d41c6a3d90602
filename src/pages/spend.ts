/** What was spent: daily, weekly or monthly, stacked by model; cost per task; shares of the models; what the rules found. */
import { count, dollars, NOT_KNOWN } from "../reports/numbers.ts";
import { spendQuestion } from "../reports/page-questions.ts";
import {
  TREND_STEPS,
  type CostTrend,
  type ModelShare,
  type TrendPoint,
  type TrendStep,
} from "../reports/cost-trend.ts";
import type { KeptFinding } from "../optimization/rules.ts";
import { look } from "./api.ts";
import { charts } from "./charts.ts";
import { h, type Child } from "./dom.ts";
import { figures, section, table } from "./table.ts";
import type { Place, View } from "./view.ts";
import { moment, shareWords, stateBadge } from "./words.ts";

/** Models with a colour of their own; the others share one. */
const coloursMax = 6;

let trend: CostTrend | null = null;

export const spend: View = {
  name: "spend",
  title: "Spend",
  inNav: true,
  draw: async (place, viewer) => {
    const step = stepOf(place);
    const [model, findings] = await Promise.all([
      look<CostTrend>(spendQuestion(step)),
      look<KeptFinding[]>("/api/findings"),
    ]);
    trend = model;
    return [
      h(
        "div",
        { class: "chips", role: "group", "aria-label": "Steps" },
        TREND_STEPS.map((one) =>
          h(
            "a",
            { class: "chip", href: `#/spend?step=${one}`, "aria-current": one === step ? "true" : null },
            one,
          ),
        ),
      ),
      overview(model),
      section("Spent, by model", chartPlace("spent", spentWords(model)), legend(model)),
      section(
        "Cost per completed task",
        chartPlace("per-task", "Cost per completed task over time; the figures stand in the table below"),
      ),
      h(
        "div",
        { class: "pair" },
        section("Model share", shares(model)),
        section("Findings", found(findings, viewer.acts)),
      ),
      section("Figures", points(model)),
    ];
  },
  drawn: () => {
    const spent = document.getElementById("chart-spent");
    const perTask = document.getElementById("chart-per-task");
    if (trend !== null && spent !== null && perTask !== null) void drawCharts(trend, spent, perTask);
  },
};

async function drawCharts(model: CostTrend, spent: HTMLElement, perTask: HTMLElement): Promise<void> {
  const { stackedBars, line } = await charts();
  stackedBars(spent, model.points, coloured(model));
  line(perTask, model.points);
}

function stepOf({ query }: Place): TrendStep {
  return TREND_STEPS.find((step) => step === query.get("step")) ?? "daily";
}

function chartPlace(name: string, words: string): HTMLElement {
  return h(
    "figure",
    { role: "img", "aria-label": words, class: "chart" },
    h("div", { id: `chart-${name}`, "data-own": name }),
  );
}

function spentWords({ points: all }: CostTrend): string {
  const most = all.toSorted((a, b) => b.nanoUsd - a.nanoUsd)[0];
  const top =
    most === undefined || most.nanoUsd === 0 ? "" : `; most on ${most.day}: ${dollars(most.nanoUsd, 2)}`;
  return `Dollars spent over time, stacked by model${top}. The figures stand in the table below`;
}

function overview({ points: all, models }: CostTrend): Child {
  const last = all.at(-1);
  const before = all.at(-2);
  const total = all.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  const completed = all.reduce((sum, point) => sum + point.completed, 0);
  const unpriced = models.reduce((sum, { unpricedTokens }) => sum + unpricedTokens, 0);
  return figures([
    [
      "Latest",
      last === undefined ? NOT_KNOWN : dollars(last.nanoUsd, 2),
      before !== undefined && `${dollars(before.nanoUsd, 2)} the one before`,
    ],
    ["All shown", dollars(total, 2), `since ${all[0]?.day ?? ""}`],
    [
      "Cost per task",
      perTask(completed === 0 ? null : Math.round(total / completed), unpriced),
      `${count(completed)} completed`,
    ],
    ...(unpriced > 0
      ? ([["Without a price", count(unpriced), "tokens, in no sum of dollars"]] as const)
      : []),
    ...(models.some(({ simulated }) => simulated)
      ? ([["Rehearsals", "included", "nothing was spent on them"]] as const)
      : []),
  ]);
}

/** At least so much, where the cost of a part is not known. */
function perTask(nanoUsd: number | null, unpricedTokens: number): string {
  if (nanoUsd === null) return NOT_KNOWN;
  return `${unpricedTokens > 0 ? "≥ " : ""}${dollars(nanoUsd, 4)}`;
}

function coloured({ models }: CostTrend): readonly string[] {
  return models.slice(0, coloursMax).map(({ model }) => model);
}

function legend(model: CostTrend): Child {
  const named = coloured(model);
  return h(
    "ul",
    { class: "legend" },
    named.map((name, at) =>
      h("li", {}, h("span", { class: `swatch colour-${at}`, "aria-hidden": "true" }), name),
    ),
    model.models.length > named.length &&
      h("li", {}, h("span", { class: "swatch colour-rest", "aria-hidden": "true" }), "others"),
  );
}

function shares({ models }: CostTrend): HTMLElement {
  const total = models.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  return table<ModelShare>(
    "Model share",
    [
      { head: "Model", cell: ({ model }) => model },
      { head: "Tokens", figure: true, cell: ({ tokens }) => count(tokens) },
      {
        head: "Cost",
        figure: true,
        cell: ({ nanoUsd, unpricedTokens, tokens }) =>
          unpricedTokens === tokens && tokens > 0 ? NOT_KNOWN : dollars(nanoUsd, 4),
      },
      {
        head: "Share",
        figure: true,
        cell: ({ nanoUsd }) => shareWords(total === 0 ? null : nanoUsd / total),
      },
    ],
    models,
    { key: ({ model }) => model },
  );
}

function found(findings: readonly KeptFinding[], acts: boolean): HTMLElement {
  return table<KeptFinding>(
    "Findings",
    [
      { head: "Rule", cell: ({ rule, state }) => [rule, " ", stateBadge(state)] },
      {
        head: "What",
        cell: ({ subject, evidence, suggestion, sinceMs }) => [
          h("strong", {}, subject),
          ": ",
          evidence,
          h("small", {}, `${suggestion} (since ${moment(sinceMs)})`),
        ],
      },
      ...(acts
        ? [
            {
              head: "",
              cell: ({ id, state }: KeptFinding): Child =>
                state === "open" &&
                h("button", { type: "button", class: "small", "data-do": "ack", "data-id": id }, "Seen"),
            },
          ]
        : []),
    ],
    findings,
    { empty: "No budget is overrun and no rule has found anything.", key: ({ id }) => String(id) },
  );
}

function points({ points: all }: CostTrend): HTMLElement {
  return table<TrendPoint>(
    "Spending",
    [
      { head: "From", cell: ({ day }) => day },
      { head: "Spent", figure: true, cell: ({ nanoUsd }) => dollars(nanoUsd, 2) },
      { head: "Tokens", figure: true, cell: ({ tokens }) => count(tokens) },
      { head: "Completed", figure: true, cell: ({ completed }) => count(completed) },
      {
        head: "Per task",
        figure: true,
        cell: ({ nanoUsdPerTask, unpricedTokens }) => perTask(nanoUsdPerTask, unpricedTokens),
      },
    ],
    all.toReversed(),
    { key: ({ day }) => day },
  );
}
