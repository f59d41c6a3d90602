/** One event: why each trigger let it wake somebody or did not, what it is, its data; taken again, or tried. */
import { eventQuestion } from "../reports/page-questions.ts";
import type { EventDetails, EventFate, EventTested, TriggerVerdict } from "../reports/events.ts";
import { count } from "../reports/numbers.ts";
import { wakeWords } from "../reports/wake-words.ts";
import { act, look } from "./api.ts";
import { h, type Child } from "./dom.ts";
import { section, table } from "./table.ts";
import type { View } from "./view.ts";
import { clock, moment, outcomeBadge } from "./words.ts";

let shown: EventDetails | null = null;

export const event: View = {
  name: "event",
  title: "Event",
  inNav: false,
  within: "events",
  draw: async ({ what }, { acts }) => {
    const details = await look<EventDetails>(eventQuestion(what));
    shown = details;
    return [
      h(
        "div",
        { class: "title" },
        h("a", { href: "#/events", class: "back" }, "All events"),
        h("h1", {}, `Event ${details.seq}`),
        outcomeBadge(details.outcome),
        h("span", { class: "quiet" }, details.type),
      ),
      acts && actions(details),
      section("Why", why(details.fates)),
      section("What it is", about(details)),
      section("Data", h("pre", { class: "words" }, JSON.stringify(details.event.data, null, 2) ?? "null")),
    ];
  },
};

function actions({ seq }: EventDetails): Child {
  return h(
    "div",
    { class: "line", role: "group", "aria-label": "Actions" },
    h("button", { type: "button", "data-do": "replay", "data-id": seq }, "Take it again"),
    h("button", { type: "button", "data-do": "try-event" }, "What would it come to now?"),
  );
}

function why(fates: readonly EventFate[]): HTMLElement {
  return table<EventFate>(
    "Why",
    [
      { head: "Trigger", cell: ({ trigger }) => (trigger === "" ? "none" : trigger) },
      { head: "Outcome", cell: ({ outcome }) => outcomeBadge(outcome) },
      { head: "Why", cell: ({ reason, wake }) => reason ?? (wake === null ? "–" : wakeWords(wake, moment)) },
      {
        head: "Wake",
        cell: ({ reason, wake }) => [
          wake !== null && reason !== null ? wakeWords(wake, moment) : null,
          wake?.taskId != null && h("a", { href: `#/task/${wake.taskId}` }, ` task #${wake.taskId}`),
        ],
      },
    ],
    fates,
    { empty: "No trigger is for events of this type.", key: ({ trigger }) => trigger },
  );
}

function about({
  id,
  source,
  subject,
  via,
  atMs,
  foreign,
  depth,
  duplicates,
  event: sent,
}: EventDetails): HTMLElement {
  const facts: (readonly [string, string])[] = [
    ["Id", id],
    ["Source", `${source} (by ${via}${foreign ? ", from outside" : ""})`],
    ["Taken", `${moment(atMs).split(" ").slice(0, 2).join(" ")} ${clock(atMs)}`],
    ["Priority", sent.priority],
    ...(subject === null ? [] : [["Subject", subject] as const]),
    ...(sent.target === null ? [] : [["For", sent.target] as const]),
    ...(sent.correlation === null ? [] : [["Chain", `${sent.correlation}, ${depth} deep`] as const]),
    ...(sent.replayOf === null ? [] : [["Again", `as ${sent.replayOf}`] as const]),
    ...(duplicates === 0
      ? []
      : [["Came again", `${count(duplicates)} times, and woke nobody then`] as const]),
  ];
  return h(
    "dl",
    { class: "facts" },
    facts.map(([name, words]) => h("div", {}, h("dt", {}, name), h("dd", {}, words))),
  );
}

/** What the event that is shown would come to, if it were sent now. Throws Refused. */
export async function tried(): Promise<Child> {
  if (shown === null) return null;
  const { type, source, subject, priority, target, extensions, data } = shown.event;
  const sent = {
    ...extensions,
    ...{ specversion: "1.0", id: `tried ${shown.seq} ${Date.now()}`, type, source, priority, data },
    ...(subject === null ? {} : { subject }),
    ...(target === null ? {} : { target }),
  };
  const { triggers } = await act<EventTested>("/api/triggers/test", { event: sent });
  return [h("p", {}, "Nothing was sent."), h("dl", { class: "facts" }, triggers.map(verdict))];
}

function verdict({ trigger, verdict: came, reason, gates, task }: TriggerVerdict): HTMLElement {
  const goes =
    task === null
      ? null
      : `would be a task for ${task.goesTo}, ~${count(task.tokens)} tokens${task.held ? ", held for you" : ""}`;
  return h(
    "div",
    {},
    h("dt", {}, trigger),
    h(
      "dd",
      {},
      `${came}${reason === null ? "" : `: ${reason}`}`,
      gates.map(({ gate, says }) => h("small", {}, `${gate}: ${says ?? "passes"}`)),
      goes !== null && h("small", {}, goes),
    ),
  );
}
