/** The fleet: what is going on, who does it, what waits for a person, and what is left of the day. */
import { costOf, count, NOT_KNOWN, roundCount, taskCount, tokensOf } from "../reports/numbers.ts";
import { efficiencyPercent, type FleetModel, type FleetRow } from "../reports/fleet.ts";
import type { StatusModel } from "../reports/status-model.ts";
import { duration, span } from "../reports/times.ts";
import { look } from "./api.ts";
import { h, type Child } from "./dom.ts";
import { bar, figures, section, table } from "./table.ts";
import type { View, Viewer } from "./view.ts";
import { ago, cost, levelBadge, soon, stateBadge, tokens } from "./words.ts";

export const fleet: View = {
  name: "fleet",
  title: "Fleet",
  inNav: true,
  draw: async (_place, viewer) => {
    const [model, status] = await Promise.all([
      look<FleetModel>("/api/fleet"),
      look<StatusModel>("/api/status"),
    ]);
    return [
      notices(status.notices),
      overview(status),
      asking(model, viewer),
      section("Agents", agents(model)),
      budget(model),
    ];
  },
};

export function notices(lines: readonly string[]): Child {
  return (
    lines.length > 0 &&
    h(
      "ul",
      { class: "notices" },
      lines.map((line) => h("li", {}, line)),
    )
  );
}

function overview(status: StatusModel): Child {
  const { queue, simulated } = status;
  return figures([
    ["Level", levelBadge(status.level)],
    ["Running", count(queue.running)],
    [
      "Queued",
      count(queue.queued),
      queue.held > 0 && h("a", { href: "#/tasks?state=held" }, `${count(queue.held)} held`),
    ],
    ["Completed", count(status.completed)],
    ["Failed", count(queue.failed + queue.lost), queue.lost > 0 && `${count(queue.lost)} of them lost`],
    ["Tokens", tokens(status.tokens), simulated !== null && `${count(simulated.tokens)} simulated`],
    [
      "Cost",
      cost(status.cost),
      status.unknownUsageTasks > 0 && `of ${taskCount(status.unknownUsageTasks)} nobody knows`,
    ],
  ]);
}

/** Workers that wait for a person, each with a place for the answer. */
function asking({ rows, nowMs }: FleetModel, { acts }: Viewer): Child {
  const waiting = rows.filter(({ question }) => question !== null);
  if (waiting.length === 0) return null;
  return section(
    "Waiting for you",
    waiting.map(({ name, alias, question, sinceMs }) =>
      h(
        "form",
        { class: "ask", "data-do": "answer", "data-worker": name, "data-key": name },
        h("p", {}, h("strong", {}, alias), ` asks, since ${span(nowMs - sinceMs)}:`),
        h("pre", {}, question ?? ""),
        acts &&
          h(
            "div",
            { class: "line" },
            h("input", {
              name: "text",
              required: true,
              autocomplete: "off",
              "aria-label": `Answer to ${alias}`,
              maxlength: 10_000,
            }),
            h("button", { type: "submit" }, "Answer"),
          ),
      ),
    ),
  );
}

function agents({ rows, totals, nowMs }: FleetModel): HTMLElement {
  return table<FleetRow>(
    "Agents",
    [
      { head: "Agent", cell: ({ name }) => name, foot: "Total" },
      { head: "Status", cell: (row) => status(row, nowMs) },
      {
        head: "Runs",
        wide: true,
        cell: ({ agent, model }) => (model === null ? agent : `${agent}, ${model}`),
      },
      { head: "Task in hand", cell: (row) => inHand(row, nowMs) },
      {
        head: "Today",
        wide: true,
        figure: true,
        cell: ({ todayTokens }) => (todayTokens === null ? NOT_KNOWN : count(todayTokens)),
      },
      { head: "Tokens", figure: true, cell: (row) => tokens(row.tokens), foot: tokensOf(totals.tokens) },
      { head: "Cost", wide: true, figure: true, cell: (row) => cost(row.cost), foot: costOf(totals.cost) },
      { head: "Tasks", figure: true, cell: ({ done }) => count(done), foot: count(totals.done) },
    ],
    rows,
    { empty: "No workers: no manager runs, or none were started.", key: ({ name }) => name },
  );
}

const ACTIVITY: Readonly<Record<FleetRow["activity"], string>> = {
  active: "Active",
  dormant: "Dormant",
  limited: "Limited",
  dead: "Dead",
};

function status(row: FleetRow, nowMs: number): Child {
  const note =
    row.question !== null ? "asks" : row.draining ? "draining" : row.state === "starting" ? "starting" : null;
  const until = row.untilMs === null ? null : soon(row.untilMs, nowMs);
  return [
    stateBadge(row.activity, ACTIVITY[row.activity]),
    note !== null && h("small", {}, note),
    until !== null && h("small", {}, `until ${until}`),
    (row.state === "dead" || row.state === "limited") && h("small", {}, row.because),
  ];
}

function inHand({ task, sinceMs, activity }: FleetRow, nowMs: number): Child {
  if (task === null)
    return h("span", { class: "quiet" }, activity === "dormant" ? `idle ${ago(sinceMs, nowMs)}` : "none");
  return [
    h("a", { href: `#/task/${task.id}` }, `#${task.id}`),
    " ",
    h("span", { class: "cut" }, task.text),
    h("small", {}, duration(nowMs - task.startedAtMs)),
  ];
}

function budget({ budget: day, efficiency }: FleetModel): Child {
  return section(
    "Today",
    figures([
      [
        "Budget remaining",
        day === null ? "no limit" : count(day.left),
        day !== null && [
          bar(day.used, day.held, day.limit, "none"),
          `of ${roundCount(day.limit)} tokens; ${count(day.held)} held`,
        ],
      ],
      [
        "Efficiency",
        efficiency === null ? NOT_KNOWN : `${efficiencyPercent(efficiency).toFixed(1)} %`,
        efficiency !== null &&
          `1 − ${count(efficiency.usedTokens)} so far / ${count(efficiency.baselineTokens)}: ${efficiency.baseline}`,
      ],
    ]),
  );
}
