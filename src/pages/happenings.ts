/** What happened, newest first, as it happens; and who was refused at the door. */
import type { NotedRefusal } from "../server/http/refusal-log.ts";
import type { LiveFact } from "../server/live.ts";
import { chips } from "./chips.ts";
import { h, type Child } from "./dom.ts";
import { table } from "./table.ts";
import type { Place } from "./view.ts";
import { clock, stateBadge } from "./words.ts";

/** Most that are shown at once. */
const shownMax = 300;

const KINDS: readonly (readonly [word: string, label: string, kinds: readonly string[]])[] = [
  ["", "All", []],
  ["tasks", "Tasks", ["task-added", "task-moved", "task-deferred", "task-at-cap"]],
  ["workers", "Workers", ["worker-changed", "worker-asks"]],
  ["usage", "Usage", ["usage-booked"]],
  ["limits", "Limits", ["level-changed", "limit-set", "account-parked", "account-freed"]],
  ["trouble", "Trouble", ["trouble", "storage-changed", "finding-opened"]],
];

export function happenings(place: Place, facts: readonly LiveFact[]): Child {
  const wanted = KINDS.find(([word]) => word === (place.query.get("kind") ?? ""))?.[2] ?? [];
  const shown = facts
    .filter(({ fact }) => wanted.length === 0 || wanted.includes(fact.kind))
    .slice(-shownMax)
    .toReversed();
  return [
    chips(place, "Kinds", "kind", KINDS),
    table<LiveFact>(
      "What happened",
      [
        { head: "Time", cell: ({ fact }) => clock(fact.atMs) },
        { head: "Kind", wide: true, cell: ({ fact }) => stateBadge(fact.kind) },
        { head: "What", cell: ({ fact, text }) => [taskLink(fact), h("span", { class: "cut" }, text)] },
      ],
      shown,
      { empty: "Nothing since the manager was started.", key: ({ id }) => id },
    ),
  ];
}

function taskLink(fact: LiveFact["fact"]): Child {
  if (!("taskId" in fact) || fact.taskId === null) return null;
  return [h("a", { href: `#/task/${fact.taskId}`, "aria-label": `Task ${fact.taskId}` }, "→"), " "];
}

export function refused(refusals: readonly NotedRefusal[]): HTMLElement {
  return table<NotedRefusal>(
    "Refused calls",
    [
      { head: "Time", cell: ({ atMs }) => clock(atMs) },
      { head: "Answer", figure: true, cell: ({ status }) => status },
      { head: "Call", cell: ({ call }) => h("span", { class: "cut" }, call) },
      { head: "Host", wide: true, cell: ({ host }) => host ?? "none" },
      { head: "From", wide: true, cell: ({ origin }) => origin ?? "no page" },
      { head: "Why", cell: ({ why }) => why },
    ],
    refusals.slice(-50).toReversed(),
    { empty: "None since the manager was started." },
  );
}
