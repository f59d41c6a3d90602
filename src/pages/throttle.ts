/** The limits: how full each is, when it frees, what runs now, and what is held and why. */
import { amount, amountOf, burnRate, count, limitAmount, percent } from "../reports/numbers.ts";
import type { LimitRow } from "../reports/limits-table.ts";
import { waitingQuestion, whyQuestion } from "../reports/page-questions.ts";
import type { ProviderWindowRow } from "../reports/provider-windows.ts";
import type { TaskPage } from "../reports/task-pages.ts";
import type { ThrottleModel, WorkerAdmission } from "../reports/throttle-model.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import type { TaskLine } from "../tasks/task-line.ts";
import type { TaskWhy } from "../reports/why.ts";
import { look } from "./api.ts";
import { h, type Child } from "./dom.ts";
import { notices } from "./fleet.ts";
import { bar, section, table } from "./table.ts";
import type { View, Viewer } from "./view.ts";
import { levelBadge, moment, soon } from "./words.ts";

export const throttle: View = {
  name: "throttle",
  title: "Throttle",
  inNav: true,
  draw: async (_place, viewer) => {
    const [model, waiting] = await Promise.all([
      look<ThrottleModel>("/api/throttle"),
      look<TaskPage>(waitingQuestion),
    ]);
    const whys = await Promise.all(waiting.tasks.map(whyOf));
    return [
      notices(model.notices),
      section("Limits", limits(model, viewer), legend()),
      model.windows.length > 0 && section("Windows of the providers", windows(model)),
      section("What runs now", runs(model)),
      section("Held", held(model, waiting, whys)),
    ];
  },
};

interface Waiting {
  readonly task: TaskLine;
  readonly why: TaskWhy | null;
}

async function whyOf(task: TaskLine): Promise<Waiting> {
  try {
    const { task: why } = await look<{ task: TaskWhy }>(whyQuestion(task.id));
    return { task, why };
  } catch {
    return { task, why: null };
  }
}

function limits({ limits: rows, nowMs }: ThrottleModel, { acts }: Viewer): HTMLElement {
  return table<LimitRow>(
    "Limits",
    [
      {
        head: "Scope",
        cell: ({ scope, unit, window }) => [
          scopeWords(scope),
          h("small", { class: "narrow" }, `${unit}/${window}`),
        ],
      },
      { head: "Limit", wide: true, cell: ({ unit, window }) => `${unit}/${window}` },
      { head: "Used and held", cell: (row) => bar(row.used, row.held, row.limit, row.level) },
      {
        head: "Used",
        figure: true,
        wide: true,
        cell: (row) => amountOf({ value: row.used, source: row.usedSource }, row.unit),
      },
      {
        head: "Held",
        figure: true,
        wide: true,
        cell: ({ held, unit }) => (held > 0 ? `+${amount(held, unit)}` : "–"),
      },
      { head: "Of", figure: true, wide: true, cell: ({ limit, unit }) => limitAmount(limit, unit) },
      { head: "%", figure: true, cell: (row) => percent(row.used + row.held, row.limit) },
      { head: "Level", cell: ({ level }) => levelBadge(level) },
      {
        head: "Burn",
        figure: true,
        wide: true,
        cell: ({ burnPerHour, unit }) => burnRate(burnPerHour, unit),
      },
      { head: "Frees", cell: (row) => frees(row, nowMs) },
      ...(acts ? [{ head: "", cell: raiseButton }] : []),
    ],
    rows,
    { empty: "No limits are set.", key: ({ limitId }) => limitId },
  );
}

function scopeWords(scope: LimitRow["scope"]): string {
  if (!("name" in scope)) return scope.kind;
  return scope.kind === "worker" ? scope.name : `${scope.kind} ${scope.name}`;
}

function frees({ resetsAtMs, runsOutAtMs, raised }: LimitRow, nowMs: number): Child {
  return [
    resetsAtMs === null ? "–" : soon(resetsAtMs, nowMs),
    runsOutAtMs !== null && h("small", { class: "warn" }, `runs out ${soon(runsOutAtMs, nowMs)}`),
    raised !== null && h("small", {}, `raised until ${moment(raised.untilMs)}: ${raised.reason}`),
  ];
}

function raiseButton({ limitId }: LimitRow): Child {
  return h(
    "button",
    { type: "button", class: "small", "data-do": "ask-raise", "data-limit": limitId },
    "Raise",
    h("span", { class: "heard" }, ` ${limitId}`),
  );
}

function legend(): HTMLElement {
  return h(
    "p",
    { class: "quiet" },
    "Percent of used and held: NONE below 80, WARNING 80, SOFT 90 (no low), HARD 95 (high and critical), CRITICAL above 99 (critical only). Held: reserved by running tasks.",
  );
}

function windows({ windows: rows, nowMs }: ThrottleModel): HTMLElement {
  return table<ProviderWindowRow>(
    "Windows of the providers",
    [
      { head: "Account", cell: ({ account }) => account },
      { head: "Window", cell: ({ window }) => window },
      { head: "Used", figure: true, cell: ({ usedPermille }) => `${(usedPermille / 10).toFixed(1)} %` },
      { head: "Level", cell: ({ level }) => levelBadge(level) },
      {
        head: "Begins anew",
        cell: ({ resetsAtMs }) => (resetsAtMs === null ? "–" : soon(resetsAtMs, nowMs)),
      },
    ],
    rows,
  );
}

function runs({ runs: rows }: ThrottleModel): HTMLElement {
  return table<WorkerAdmission>(
    "What runs now",
    [
      { head: "Agent", cell: ({ worker }) => worker },
      {
        head: "Lets through",
        cell: ({ admits }) =>
          admits.length === PRIORITIES.length
            ? "everything"
            : admits.length === 0
              ? "nothing"
              : admits.join(", "),
      },
    ],
    rows,
    { empty: "No workers." },
  );
}

function held(
  { heldByPriority, nowMs }: ThrottleModel,
  { counts }: TaskPage,
  rows: readonly Waiting[],
): Child {
  const byLimits = PRIORITIES.filter((priority) => heldByPriority[priority] > 0).map(
    (priority) => `${count(heldByPriority[priority])} ${priority}`,
  );
  return [
    h(
      "p",
      {},
      byLimits.length === 0
        ? "No limit holds a task back. "
        : `Held back by limits: ${byLimits.join(", ")}. `,
      (counts.held ?? 0) > 0 &&
        h("a", { href: "#/tasks?state=held" }, `${count(counts.held ?? 0)} are held by hand.`),
    ),
    rows.length > 0 &&
      table<Waiting>(
        "Newest waiting tasks",
        [
          { head: "Task", cell: ({ task }) => h("a", { href: `#/task/${task.id}` }, `#${task.id}`) },
          { head: "Text", cell: ({ task }) => h("span", { class: "cut" }, task.text) },
          { head: "Priority", wide: true, cell: ({ task }) => task.priority },
          { head: "Waits for", cell: ({ why }) => why?.holds?.reason ?? "its turn" },
          {
            head: "Until",
            cell: ({ why }) => (why?.holds?.untilMs == null ? "–" : soon(why.holds.untilMs, nowMs)),
          },
        ],
        rows,
        { key: ({ task }) => String(task.id) },
      ),
  ];
}
