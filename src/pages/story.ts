/** The story of one task: what it is, each step it took, estimate against actual, and what came of it. */
import { costOf, count, dollars, tokensOf } from "../reports/numbers.ts";
import { storyQuestion } from "../reports/page-questions.ts";
import type { AttemptDetails } from "../reports/task-details.ts";
import type { TaskMove, TaskStory } from "../reports/task-pages.ts";
import { duration } from "../reports/times.ts";
import { isFinal, type Task } from "../tasks/task.ts";
import { look } from "./api.ts";
import { h, type Child } from "./dom.ts";
import { figures, section, table } from "./table.ts";
import type { View } from "./view.ts";
import { clock, cost, moment, stateBadge, tokens } from "./words.ts";

/** Lines of a running worker's output. */
const outputLines = 60;

export const story: View = {
  name: "task",
  title: "Task",
  inNav: false,
  within: "tasks",
  draw: async ({ what }, viewer) => {
    const model = await look<TaskStory>(storyQuestion(what));
    const { task } = model;
    const output = "worker" in task.state ? await outputOf(task.state.worker) : null;
    return [
      h(
        "div",
        { class: "title" },
        h("a", { href: "#/tasks", class: "back" }, "All tasks"),
        h("h1", {}, `Task #${task.id}`),
        stateBadge(isHeld(task) ? "held" : task.state.name),
        h("span", { class: "quiet" }, reasonOf(model)),
      ),
      viewer.acts && actions(task),
      h("pre", { class: "words" }, task.draft.text),
      section("Estimate and actual", comparison(model)),
      section("Steps", steps(model)),
      section(
        "Attempts",
        model.attempts.length === 0 ? h("p", { class: "quiet" }, "None yet.") : model.attempts.map(attempt),
      ),
      output !== null &&
        section(
          "What its worker printed last",
          h("pre", { class: "output", tabindex: 0 }, output.join("\n")),
        ),
    ];
  },
};

async function outputOf(worker: string): Promise<readonly string[] | null> {
  try {
    return await look<string[]>(`/api/workers/${encodeURIComponent(worker)}/output?lines=${outputLines}`);
  } catch {
    return null;
  }
}

function isHeld({ state }: Task): boolean {
  return state.name === "queued" && state.holdReason !== null;
}

function reasonOf({ task: { state }, waitsFor }: TaskStory): string {
  if (waitsFor !== null) return `waits for: ${waitsFor}`;
  if (state.name === "needs-input") return state.question;
  if (state.name === "queued") return state.holdReason ?? "";
  return "reason" in state ? state.reason : "";
}

function actions({ id, state, draft }: Task): Child {
  const button = (act: string, label: string, danger = false): HTMLElement =>
    h(
      "button",
      { type: "button", "data-do": "task", "data-act": act, "data-id": id, class: danger ? "danger" : null },
      label,
    );
  const ended = isFinal(state.name);
  return h(
    "div",
    { class: "line", role: "group", "aria-label": "Actions" },
    state.name === "queued" &&
      state.holdReason === null &&
      h("button", { type: "button", "data-do": "ask-hold", "data-id": id }, "Hold"),
    ((state.name === "queued" && state.holdReason !== null) || state.name === "parked") &&
      button("release", "Release"),
    ["failed", "lost", "cancelled"].includes(state.name) && button("retry", "Retry"),
    state.name === "queued" && draft.priority !== "high" && button("priority", "Priority high"),
    !ended && button("cancel", "Cancel", true),
  );
}

function comparison({ task, attempts }: TaskStory): HTMLElement {
  const { assignment, draft } = task;
  const last = attempts.at(-1);
  return figures([
    ["Estimate", `~${count(assignment.estimateTokens)}`, "tokens of the prompt"],
    [
      "Reserved",
      count(assignment.reserveTokens),
      `${dollars(assignment.reserveNanoUsd, 4)}; ${assignment.reserveBasis}`,
    ],
    [
      "Used",
      last === undefined ? "–" : tokens(last.tokens),
      last === undefined ? "not begun" : shareOfReserve(last, assignment.reserveTokens),
    ],
    ["Cost", last === undefined ? "–" : cost(last.cost), last?.pricedBy.join(", ") ?? null],
    [
      "Route",
      assignment.route,
      `${assignment.agent}${assignment.model === null ? "" : `, ${assignment.model}`}`,
    ],
    ["Type", assignment.type, `${assignment.complexity}, ${draft.priority} priority`],
    ...(assignment.member === null ? [] : ([["As", assignment.member.id]] as const)),
  ]);
}

function shareOfReserve({ tokens: { value } }: AttemptDetails, reserved: number): string {
  return value === null || reserved === 0
    ? "nobody knows"
    : `${Math.round((value / reserved) * 100)} % of what was reserved`;
}

function steps({ task, moves }: TaskStory): HTMLElement {
  const all = [
    { atMs: task.createdAtMs, from: null, to: "queued" as const, cause: `by ${task.draft.origin}` },
    ...moves,
  ];
  return h(
    "ol",
    { class: "steps" },
    all.map((move: Omit<TaskMove, "from">, at) => {
      const before = all[at - 1];
      return h(
        "li",
        {},
        h(
          "time",
          { datetime: new Date(move.atMs).toISOString() },
          `${moment(move.atMs).split(" ").slice(0, 2).join(" ")} ${clock(move.atMs)}`,
        ),
        stateBadge(move.to),
        h("span", {}, move.cause ?? ""),
        before !== undefined && h("small", {}, `+${brief(move.atMs - before.atMs)}`),
      );
    }),
  );
}

/** What takes less than a second is told to the millisecond. */
function brief(ms: number): string {
  return ms >= 0 && ms < 1_000 ? `${ms} ms` : duration(ms);
}

function attempt(one: AttemptDetails): HTMLElement {
  const { usage } = one;
  return h(
    "article",
    { class: "attempt", "data-key": `attempt${one.number}` },
    h(
      "h3",
      {},
      `Attempt ${one.number}: ${one.worker}`,
      h(
        "small",
        {},
        `${one.agent}${one.model === null ? "" : `, ${one.model}`}; ${one.outcome ?? "goes on"}`,
      ),
    ),
    h(
      "p",
      {},
      `${tokensOf(one.tokens)} tokens, ${costOf(one.cost)}`,
      one.endedAtMs !== null && `, ${brief(one.endedAtMs - (one.typedAtMs ?? one.reservedAtMs))}`,
    ),
    usage !== null &&
      table(
        `Counters of attempt ${one.number}`,
        [
          { head: "Input", figure: true, cell: () => count(usage.inputTokens) },
          { head: "Cache read", figure: true, cell: () => count(usage.cacheReadTokens) },
          {
            head: "Cache written",
            figure: true,
            cell: () => count(usage.cacheWrite5mTokens + usage.cacheWrite1hTokens),
          },
          { head: "Output", figure: true, cell: () => count(usage.outputTokens) },
        ],
        [one],
      ),
    one.answer !== null &&
      h("details", { open: true }, h("summary", {}, "Answer"), h("pre", { class: "words" }, one.answer)),
  );
}
