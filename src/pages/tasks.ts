/**
 * The queue: tasks of any number, newest first. Only the rows in sight are in the page; further ones are fetched while
 * scrolling, a page at a time.
 */
import { count, dollars } from "../reports/numbers.ts";
import { TASK_LISTS, tasksQuestion } from "../reports/page-questions.ts";
import type { TaskPage } from "../reports/task-pages.ts";
import { duration } from "../reports/times.ts";
import type { TaskLine } from "../tasks/task-line.ts";
import { exported, look, nowMs } from "./api.ts";
import { h, show, showKeyed, type Child } from "./dom.ts";
import type { Place, View } from "./view.ts";
import { moment, stateBadge } from "./words.ts";

/** As in the style sheet. */
const rowPx = 36;
/** Rows beyond those in sight, above and below. */
const marginRows = 10;
/** So many rows before the last of those that are there, further ones are fetched. */
const aheadRows = 250;
/** So many are kept; who looks for older ones narrows the list. */
const rowsMax = 20_000;
const viewRowsGuess = 40;

interface List {
  /** What it is narrowed by. */
  readonly filter: string;
  rows: readonly TaskLine[];
  before: number | null;
  counts: TaskPage["counts"];
  fetching: boolean;
}

let list: List | null = null;

export const tasks: View = {
  name: "tasks",
  title: "Tasks",
  inNav: true,
  draw: async (place) => {
    const filter = filterOf(place);
    const before = list?.filter === filter ? list.rows : [];
    const page = await look<TaskPage>(tasksQuestion(filter, null));
    list = { filter, ...joined(page, before), counts: page.counts, fetching: false };
    return [
      toolbar(place, list),
      h(
        "div",
        {
          class: "list",
          role: "table",
          "aria-label": "Tasks",
          "aria-rowcount": list.before === null ? list.rows.length + 1 : -1,
        },
        head(),
        h("div", {
          id: "rows",
          class: "rows",
          role: "rowgroup",
          tabindex: 0,
          "aria-label": "Rows",
          "data-own": "rows",
        }),
      ),
    ];
  },
  drawn: () => {
    const place = document.getElementById("rows");
    if (place === null) return;
    if (place.dataset["listens"] === undefined) {
      place.dataset["listens"] = "yes";
      place.addEventListener("scroll", () => drawRowsOnce(place), { passive: true });
    }
    drawRows(place);
  },
};

function filterOf({ query }: Place): string {
  const kept = new URLSearchParams();
  for (const name of ["state", "type", "worker", "containing"]) {
    const value = query.get(name);
    if (value !== null && value !== "") kept.set(name, value);
  }
  return kept.toString();
}

/** A fresh first page over what was fetched before, so that nothing jumps while one reads further down. */
function joined(page: TaskPage, before: readonly TaskLine[]): Pick<List, "rows" | "before"> {
  const last = page.tasks.at(-1)?.id ?? Number.POSITIVE_INFINITY;
  const older = page.before === null ? [] : before.filter(({ id }) => id < last);
  const rows = [...page.tasks, ...older];
  return { rows, before: older.length > 0 ? (rows.at(-1)?.id ?? null) : page.before };
}

function toolbar({ query }: Place, { counts, before }: List): Child {
  const state = query.get("state") ?? "";
  return h(
    "form",
    { class: "toolbar", "data-do": "search", role: "search" },
    h(
      "div",
      { class: "chips", role: "group", "aria-label": "States" },
      TASK_LISTS.map(([states, label]) => {
        const wanted = new URLSearchParams(query);
        if (states === "") wanted.delete("state");
        else wanted.set("state", states);
        return h(
          "a",
          {
            class: "chip",
            href: `#/tasks?${wanted.toString()}`,
            "aria-current": state === states ? "true" : null,
          },
          label,
          states !== "" && h("span", { class: "n" }, count(sum(counts, states))),
        );
      }),
    ),
    exported !== null
      ? before !== null && h("span", { class: "quiet" }, "Older ones are not in this copy.")
      : h("input", {
          id: "search",
          type: "search",
          name: "containing",
          value: query.get("containing") ?? "",
          placeholder: "Words in the text  ( / )",
          "aria-label": "Words in the text",
          maxlength: 200,
          autocomplete: "off",
        }),
  );
}

function sum(counts: TaskPage["counts"], states: string): number {
  return states
    .split(",")
    .reduce((total, state) => total + (counts[state as keyof TaskPage["counts"]] ?? 0), 0);
}

function head(): HTMLElement {
  const cell = (name: string, className: string): HTMLElement =>
    h("span", { role: "columnheader", class: className }, name);
  return h(
    "div",
    { role: "rowgroup", class: "head" },
    h(
      "div",
      { role: "row", class: "row" },
      cell("Task", "id"),
      cell("State", "state-cell"),
      cell("Text", "text"),
      cell("Priority", "wide"),
      cell("Agent", "wide"),
      cell("Estimate", "wide figure"),
      cell("Tokens", "figure"),
      cell("Cost", "wide figure"),
      cell("Since", "wide figure"),
    ),
  );
}

let willDraw = false;

/** At the next frame, however often it was scrolled before. */
function drawRowsOnce(place: HTMLElement): void {
  if (willDraw) return;
  willDraw = true;
  requestAnimationFrame(() => {
    willDraw = false;
    drawRows(place);
  });
}

/** Which line each row was made of: one that still stands for it is left as it is. */
const madeOf = new WeakMap<Element, TaskLine>();

function drawRows(place: HTMLElement): void {
  if (list === null) return;
  const { rows } = list;
  if (rows.length === 0) return show(place, h("p", { class: "quiet" }, "No such task."));
  if (place.querySelector(".above") === null)
    place.replaceChildren(...["above", "shown", "below"].map((name) => h("div", { class: name })));
  const [above, box, below] = [...place.children] as HTMLElement[];
  if (above === undefined || box === undefined || below === undefined) return;
  const inSight = Math.ceil((place.clientHeight || rowPx * viewRowsGuess) / rowPx);
  const first = Math.max(0, Math.floor(place.scrollTop / rowPx) - marginRows);
  const shown = rows.slice(first, first + inSight + 2 * marginRows);
  // Set by script: a style in the markup would be refused.
  above.style.height = `${first * rowPx}px`;
  below.style.height = `${(rows.length - first - shown.length) * rowPx}px`;
  showKeyed(
    box,
    shown.map((task, at) => ({
      key: String(task.id),
      isShownBy: (present) =>
        madeOf.get(present) === task && present.getAttribute("aria-rowindex") === String(first + at + 2),
      make: () => row(task, first + at),
      made: (element) => madeOf.set(element, task),
    })),
  );
  if (first + shown.length > rows.length - aheadRows) void fetchMore(place);
}

async function fetchMore(place: HTMLElement): Promise<void> {
  const present = list;
  if (
    present === null ||
    present.fetching ||
    exported !== null ||
    present.before === null ||
    present.rows.length >= rowsMax
  )
    return;
  present.fetching = true;
  try {
    const page = await look<TaskPage>(tasksQuestion(present.filter, present.before));
    present.rows = [...present.rows, ...page.tasks];
    present.before = page.before;
  } catch {
    // The next scroll asks again.
  } finally {
    present.fetching = false;
  }
  if (list === present) drawRows(place);
}

function row(task: TaskLine, at: number): HTMLElement {
  const about = task.guessed ? "~" : "";
  const cell = (className: string, ...children: Child[]): HTMLElement =>
    h("span", { role: "cell", class: className }, ...children);
  return h(
    "div",
    { role: "row", class: "row", "aria-rowindex": at + 2, "data-key": String(task.id) },
    cell("id", h("a", { href: `#/task/${task.id}` }, `#${task.id}`)),
    cell("state-cell", stateBadge(task.held ? "held" : task.state)),
    cell(
      "text",
      h(
        "span",
        { class: "cut", title: task.because },
        task.text,
        task.because !== null && h("small", {}, task.because),
      ),
    ),
    cell("wide", task.priority),
    cell("wide", task.member ?? task.worker ?? task.agent),
    cell("wide figure", `~${count(task.estimateTokens)}`),
    cell("figure", task.tokens === null ? "–" : `${about}${count(task.tokens)}`),
    cell("wide figure", task.nanoUsd === null ? "–" : `${about}${dollars(task.nanoUsd, 4)}`),
    cell(
      "wide figure",
      h("span", { title: `queued ${moment(task.createdAtMs)}` }, duration(nowMs() - task.sinceMs)),
    ),
  );
}
