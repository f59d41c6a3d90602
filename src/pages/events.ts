/** Events and triggers: what came in and what became of it, what waits and why, what it cost; and all that happened. */
import { count, NOT_KNOWN } from "../reports/numbers.ts";
import { EVENT_LISTS, eventsQuestion } from "../reports/page-questions.ts";
import type { DeadLetters, EventMetrics, EventRow, TriggerRow } from "../reports/events.ts";
import { duration, span } from "../reports/times.ts";
import { wakeWords } from "../reports/wake-words.ts";
import type { NotedRefusal } from "../server/http/refusal-log.ts";
import type { LiveFact } from "../server/live.ts";
import { look, nowMs } from "./api.ts";
import { chips } from "./chips.ts";
import { h, type Child } from "./dom.ts";
import { happenings, refused } from "./happenings.ts";
import { figures, section, table } from "./table.ts";
import type { Place, View } from "./view.ts";
import { ago, clock, moment, outcomeBadge, shareWords, soon, stateBadge } from "./words.ts";

export const events: View = {
  name: "events",
  title: "Events",
  inNav: true,
  draw: async (place, { acts }) => {
    const [rows, triggers, metrics, aside, facts, refusals] = await Promise.all([
      look<EventRow[]>(eventsQuestion(outcomeOf(place))),
      look<TriggerRow[]>("/api/triggers"),
      look<EventMetrics>("/api/event-metrics"),
      look<DeadLetters>("/api/dead-letters"),
      look<LiveFact[]>("/api/facts"),
      acts ? look<NotedRefusal[]>("/api/refusals") : Promise.resolve([]),
    ]);
    return [
      overview(metrics),
      section("Triggers", triggerTable(triggers, metrics, acts)),
      section("What came in", chips(place, "Outcomes", "outcome", EVENT_LISTS), eventTable(rows)),
      aside.wakes.length + aside.events.length > 0 && section("Put aside", asideTable(aside, acts)),
      metrics.byWorker.length > 0 && section("Woken workers, last day", workers(metrics)),
      section("What happened", happenings(place, facts)),
      acts && section("Refused calls", refused(refusals)),
    ];
  },
};

function outcomeOf({ query }: Place): string {
  return EVENT_LISTS.find(([word]) => word === query.get("outcome"))?.[0] ?? "";
}

/** Of the last day. */
function overview(model: EventMetrics): Child {
  const { outcomes, latencyMs, wakes, waiting, oldestHeldMs } = model;
  const taken = outcomes.delivered + outcomes.merged;
  return figures([
    ["Received, last day", count(model.received), `${count(model.duplicates)} came again and woke nobody`],
    [
      "Wakes",
      count(wakes),
      wakes === 0
        ? null
        : `${(model.eventsOfWakes / wakes).toFixed(1)} events each; ${shareWords(taken === 0 ? null : outcomes.merged / taken)} merged`,
    ],
    ["Event to turn", shortTime(latencyMs.p50), `p95 ${shortTime(latencyMs.p95)}`],
    ["Waiting", count(waiting), oldestHeldMs !== null && `the oldest for ${span(oldestHeldMs)}`],
    ["Put aside", count(outcomes.dead)],
    [
      "Tokens of wakes",
      count(model.tokens),
      model.tokensATask === null ? null : `${count(model.tokensATask)} a completed task`,
    ],
    ["Peak hour", count(model.peakHourTokens), `tokens; ${model.idleHours} of 24 hours idle`],
  ]);
}

function shortTime(ms: number | null): string {
  if (ms === null) return NOT_KNOWN;
  return ms < 1_000 ? `${Math.round(ms)} ms` : duration(ms);
}

function triggerTable(rows: readonly TriggerRow[], { byTrigger }: EventMetrics, acts: boolean): HTMLElement {
  const use = (name: string) => byTrigger.find((one) => one.name === name);
  return table<TriggerRow>(
    "Triggers",
    [
      { head: "Trigger", cell: ({ name }) => name },
      {
        head: "State",
        cell: ({ paused }) => stateBadge(paused ? "held" : "completed", paused ? "paused" : "on"),
      },
      {
        head: "On",
        cell: ({ on }) => h("span", { class: "cut" }, on.length === 0 ? "its schedule" : on.join(", ")),
      },
      { head: "Wakes", wide: true, cell: ({ wake, mode }) => `${wake ?? "anybody fit"} (${mode})` },
      { head: "Waiting", figure: true, cell: ({ waiting }) => count(waiting) },
      { head: "At work", figure: true, wide: true, cell: ({ atWork }) => count(atWork) },
      { head: "Wakes, last day", figure: true, wide: true, cell: ({ name }) => count(use(name)?.wakes ?? 0) },
      { head: "Tokens", figure: true, wide: true, cell: ({ name }) => count(use(name)?.tokens ?? 0) },
      { head: "Last woke", wide: true, cell: ({ lastMs }) => (lastMs === null ? "–" : ago(lastMs, nowMs())) },
      { head: "Next", wide: true, cell: ({ nextMs }) => (nextMs === null ? "–" : soon(nextMs, nowMs())) },
      ...(acts ? [{ head: "", cell: pauseButton }] : []),
    ],
    rows,
    { key: ({ name }) => name },
  );
}

function pauseButton({ name, paused }: TriggerRow): Child {
  const act = paused ? "resume" : "pause";
  return h(
    "button",
    { type: "button", class: "small", "data-do": "trigger", "data-act": act, "data-name": name },
    paused ? "Resume" : "Pause",
    h("span", { class: "heard" }, ` ${name}`),
  );
}

function eventTable(rows: readonly EventRow[]): HTMLElement {
  return table<EventRow>(
    "What came in",
    [
      { head: "Event", cell: ({ seq }) => h("a", { href: `#/event/${seq}` }, String(seq)) },
      {
        head: "At",
        cell: ({ atMs }) => (nowMs() - atMs < 43_200_000 ? clock(atMs) : moment(atMs)),
      },
      { head: "Outcome", cell: ({ outcome }) => outcomeBadge(outcome) },
      { head: "Type", cell: ({ type }) => h("span", { class: "cut" }, type) },
      {
        head: "About",
        wide: true,
        cell: ({ subject, id }) => h("span", { class: "cut" }, subject ?? id),
      },
      { head: "From", wide: true, cell: ({ source }) => h("span", { class: "cut" }, source) },
      { head: "Priority", wide: true, cell: ({ priority }) => priority },
      {
        head: "Again",
        wide: true,
        figure: true,
        cell: ({ duplicates }) => (duplicates === 0 ? "–" : count(duplicates)),
      },
    ],
    rows,
    { empty: "No such event.", key: ({ seq }) => String(seq) },
  );
}

interface Aside {
  readonly ref: string;
  readonly words: string;
}

function asideTable({ wakes, events: alone }: DeadLetters, acts: boolean): HTMLElement {
  const rows: Aside[] = [
    ...wakes.map((wake) => ({ ref: `w${wake.id}`, words: `${wake.trigger}: ${wakeWords(wake, moment)}` })),
    ...alone.map(({ seq, type, id }) => ({ ref: `e${seq}`, words: `${type} ${id}: a loop` })),
  ];
  const button = (act: string, label: string, ref: string): Child =>
    h(
      "button",
      { type: "button", class: "small", "data-do": "aside", "data-act": act, "data-ref": ref },
      label,
      h("span", { class: "heard" }, ` ${ref}`),
    );
  return table<Aside>(
    "Put aside",
    [
      { head: "Which", cell: ({ ref }) => ref },
      { head: "Why", cell: ({ words }) => words },
      ...(acts
        ? [
            {
              head: "",
              cell: ({ ref }: Aside): Child => [
                button("retry", "Try again", ref),
                " ",
                button("drop", "Give up", ref),
              ],
            },
          ]
        : []),
    ],
    rows,
    { key: ({ ref }) => ref },
  );
}

function workers({ byWorker }: EventMetrics): HTMLElement {
  return table(
    "Woken workers",
    [
      { head: "Worker", cell: ({ name }: EventMetrics["byWorker"][number]) => name },
      { head: "Wakes", figure: true, cell: ({ wakes }) => count(wakes) },
      { head: "Tokens", figure: true, cell: ({ tokens }) => count(tokens) },
    ],
    byWorker,
    { key: ({ name }) => name },
  );
}
