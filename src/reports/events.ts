/** Events and triggers as a person looks at them: lists, one event's story, what waits, and sums. */
import type { Envelope } from "../activation/envelope.ts";
import type { DaySimulated } from "../activation/simulate.ts";
import type { Outcome } from "../activation/trigger.ts";
import type { Gate, Wake } from "../activation/wake.ts";
import { cut, fitLines, harmlessLines, oneLine } from "./cells.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, NOTHING, percent } from "./numbers.ts";
import { paintFor, type Painter } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { type Cell, tableLines } from "./table.ts";
import { duration, shortMoment, span } from "./times.ts";
import { wakeWords } from "./wake-words.ts";

export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly via: string;
  readonly atMs: number;
  readonly priority: string;
  /** Of several triggers the one that says most; null where no trigger has a say. */
  readonly outcome: Outcome;
  readonly duplicates: number;
}

/** What became of an event for one trigger. */
export interface EventFate {
  readonly trigger: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly wake: Wake | null;
}

export interface EventDetails extends EventRow {
  readonly event: Envelope;
  readonly depth: number;
  readonly foreign: boolean;
  readonly fates: readonly EventFate[];
}

export interface TriggerRow {
  readonly name: string;
  readonly on: readonly string[];
  readonly wake: string | null;
  readonly mode: string;
  readonly paused: boolean;
  /** Events that wait. */
  readonly waiting: number;
  readonly atWork: number;
  readonly lastMs: number | null;
  /** Of its schedule. */
  readonly nextMs: number | null;
}

export interface TriggerVerdict {
  readonly trigger: string;
  readonly verdict: "passed-over" | "taken" | "expired" | "filtered" | "dead";
  readonly reason: string | null;
  readonly gates: readonly { readonly gate: Gate | "debounce" | "batch"; readonly says: string | null }[];
  readonly task: { readonly goesTo: string; readonly held: boolean; readonly tokens: number } | null;
}

export interface EventTested {
  readonly type: string;
  readonly duplicate: boolean;
  readonly triggers: readonly TriggerVerdict[];
}

export interface DeadLetters {
  readonly wakes: readonly Wake[];
  /** Put aside before a wake could carry them. */
  readonly events: readonly EventRow[];
}

export interface EventMetrics {
  readonly sinceMs: number;
  readonly received: number;
  readonly duplicates: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly wakes: number;
  readonly eventsOfWakes: number;
  readonly latencyMs: { readonly p50: number | null; readonly p95: number | null };
  readonly waiting: number;
  readonly oldestHeldMs: number | null;
  readonly tokens: number;
  readonly tokensATask: number | null;
  readonly peakHourTokens: number;
  /** Hours of the last day in which wakes used nothing. */
  readonly idleHours: number;
  readonly byTrigger: readonly { readonly name: string; readonly wakes: number; readonly tokens: number }[];
  readonly byWorker: readonly { readonly name: string; readonly wakes: number; readonly tokens: number }[];
}

export function renderEvents(rows: readonly EventRow[], paper: Paper): string[] {
  const lines = heading("EVENTS", [], "  ", paper);
  if (rows.length === 0) return [...lines, "  No such event."];
  const gap = "  ";
  const columns = [
    { head: "seq", before: gap, align: "right" as const, cells: rows.map(({ seq }) => String(seq)) },
    {
      head: "at",
      before: gap,
      align: "left" as const,
      cells: rows.map(({ atMs }) => shortMoment(atMs, paper.nowMs, paper)),
    },
    {
      head: "outcome",
      before: gap,
      align: "left" as const,
      cells: rows.map(({ outcome }): Cell => ({ text: outcome, paint: outcomePaint(outcome, paper) })),
    },
    {
      head: "type",
      before: gap,
      align: "left" as const,
      cells: rows.map(({ type }) => cut(oneLine(type), 28, paper)),
    },
    {
      head: "priority",
      before: gap,
      align: "left" as const,
      leaves: 1,
      cells: rows.map(({ priority }) => priority),
    },
    {
      head: "again",
      before: gap,
      align: "right" as const,
      leaves: 0,
      cells: rows.map(({ duplicates }) => (duplicates === 0 ? NOTHING : String(duplicates))),
    },
    {
      head: "id and subject",
      before: gap,
      min: 16,
      max: 200,
      draw: (index: number, width: number) => {
        const { id = "", subject = null } = rows[index] ?? {};
        return cut(oneLine(subject === null ? id : `${id} ${subject}`), width, paper);
      },
    },
  ];
  const options = {
    width: lineWidth(paper),
    rows: rows.length,
    heading: true,
    paintHeading: paintFor(paper).faint,
  };
  return fitLines([...lines, ...tableLines(columns, options)], paper);
}

/** The whole event, its data included. */
export function renderEvent(details: EventDetails, paper: Paper): string[] {
  const { event, fates } = details;
  const data = JSON.stringify(event.data, null, 2) ?? "null";
  return fitLines(
    [
      ...heading(`EVENT ${details.seq}`, [details.type], "  ", paper),
      ...aboutLines(details, paper),
      ...fates.flatMap((fate) => fateLines(fate, paper)),
      "  data",
      ...harmlessLines(data, 200).map((line) => `    ${line}`),
    ],
    paper,
  );
}

/** Why it did or did not wake anybody. */
export function renderEventWhy(details: EventDetails, paper: Paper): string[] {
  const { seq, type, outcome, fates } = details;
  const head = `Event ${seq} (${oneLine(type)}) is ${outcome}.`;
  return fitLines([head, ...fates.flatMap((fate) => fateLines(fate, paper))], paper);
}

function aboutLines(
  { id, source, subject, via, atMs, foreign, depth, duplicates, event }: EventDetails,
  paper: Paper,
): string[] {
  const facts: (readonly [string, string])[] = [
    ["id", id],
    ["source", `${source} (by ${via}${foreign ? ", from outside" : ""})`],
    ["taken", shortMoment(atMs, paper.nowMs, paper)],
    ["priority", event.priority],
    ...(subject === null ? [] : [["subject", subject] as const]),
    ...(event.target === null ? [] : [["target", event.target] as const]),
    ...(event.correlation === null ? [] : [["chain", `${event.correlation}, ${depth} deep`] as const]),
    ...(event.replayOf === null ? [] : [["replay of", event.replayOf] as const]),
    ...(duplicates === 0 ? [] : [["came again", `${duplicates} times, and woke nobody then`] as const]),
  ];
  return facts.flatMap(([label, text]) => labelled(label, oneLine(text), paper));
}

function fateLines({ trigger, outcome, reason, wake }: EventFate, paper: Paper): string[] {
  const name = trigger === "" ? "no trigger" : `trigger ${trigger}`;
  const paint = outcomePaint(outcome, paper);
  const because = reason === null ? "" : `: ${oneLine(reason)}`;
  const words = [`${name}: ${outcome}${because}`, ...(wake === null ? [] : [wakeLine(wake, paper)])];
  return words.flatMap((line, at) =>
    wrapWords(at === 0 ? "  " : "    ", line, paper).map((one) => (at === 0 ? paint(one) : one)),
  );
}

function wakeLine(wake: Wake, paper: Paper): string {
  const reason = wake.reason === null ? null : oneLine(wake.reason);
  return wakeWords({ ...wake, reason }, (atMs) => shortMoment(atMs, paper.nowMs, paper));
}

export function renderTriggers(rows: readonly TriggerRow[], paper: Paper): string[] {
  const lines = heading("TRIGGERS", [], "  ", paper);
  const gap = "  ";
  const columns = [
    { head: "name", before: gap, align: "left" as const, cells: rows.map(({ name }) => name) },
    {
      head: "state",
      before: gap,
      align: "left" as const,
      cells: rows.map(({ paused }): Cell => {
        const { warn, good } = paintFor(paper);
        return paused ? { text: "paused", paint: warn } : { text: "on", paint: good };
      }),
    },
    {
      head: "waiting",
      before: gap,
      align: "right" as const,
      cells: rows.map(({ waiting }) => count(waiting)),
    },
    { head: "at work", before: gap, align: "right" as const, cells: rows.map(({ atWork }) => count(atWork)) },
    {
      head: "last woke",
      before: gap,
      align: "left" as const,
      leaves: 1,
      cells: rows.map(({ lastMs }) => (lastMs === null ? NOTHING : shortMoment(lastMs, paper.nowMs, paper))),
    },
    {
      head: "next",
      before: gap,
      align: "left" as const,
      leaves: 0,
      cells: rows.map(({ nextMs }) => (nextMs === null ? NOTHING : shortMoment(nextMs, paper.nowMs, paper))),
    },
    {
      head: "on, and whom it wakes",
      before: gap,
      min: 16,
      max: 200,
      draw: (index: number, width: number) => {
        const row = rows[index];
        const on = row === undefined || row.on.length === 0 ? "its schedule" : row.on.join(", ");
        return cut(oneLine(`${on} > ${row?.wake ?? "anybody fit"} (${row?.mode ?? ""})`), width, paper);
      },
    },
  ];
  const options = {
    width: lineWidth(paper),
    rows: rows.length,
    heading: true,
    paintHeading: paintFor(paper).faint,
  };
  return fitLines([...lines, ...tableLines(columns, options)], paper);
}

export function renderTested({ type, duplicate, triggers }: EventTested, paper: Paper): string[] {
  const again = duplicate
    ? ["  An event with this source and id was taken already: sent, it would wake nobody."]
    : [];
  const lines = triggers.flatMap(({ trigger, verdict, reason, gates, task }) => {
    const words = `trigger ${trigger}: ${verdict}${reason === null ? "" : `, ${oneLine(reason)}`}`;
    const goes =
      task === null
        ? []
        : [
            `would be a task for ${task.goesTo}, ~${count(task.tokens)} tokens${task.held ? ", held for you" : ""}`,
          ];
    const told = gates.map(({ gate, says }) => `${gate}: ${says === null ? "passes" : oneLine(says)}`);
    return [
      ...wrapWords("  ", words, paper),
      ...[...told, ...goes].flatMap((line) => wrapWords("    ", line, paper)),
    ];
  });
  return fitLines([`An event ${oneLine(type)}; nothing was sent.`, ...again, ...lines], paper);
}

export function renderDeadLetters({ wakes, events }: DeadLetters, paper: Paper): string[] {
  const lines = heading("DEAD LETTERS", [`${wakes.length + events.length}`], "  ", paper);
  if (wakes.length + events.length === 0) return [...lines, "  Nothing was put aside."];
  return fitLines(
    [
      ...lines,
      ...wakes.flatMap((wake) =>
        wrapWords("  ", `w${wake.id} ${wake.trigger}: ${wakeLine(wake, paper)}`, paper),
      ),
      ...events.flatMap((row) =>
        wrapWords("  ", `e${row.seq} ${row.type} ${oneLine(row.id)}: a loop`, paper),
      ),
    ],
    paper,
  );
}

export function renderEventMetrics(model: EventMetrics, paper: Paper): string[] {
  const { outcomes, latencyMs, byTrigger, byWorker } = model;
  const time = (ms: number | null): string =>
    ms === null ? NOTHING : ms < 1_000 ? `${Math.round(ms)}ms` : duration(ms);
  const taken = outcomes.delivered + outcomes.merged;
  const told = Object.entries(outcomes).map(([name, n]) => `${count(n)} ${name}`);
  const facts: (readonly [string, string])[] = [
    ["received", `${count(model.received)} events, ${count(model.duplicates)} came again`],
    ["outcomes", told.join(", ")],
    [
      "wakes",
      `${count(model.wakes)}, ${model.wakes === 0 ? NOTHING : (model.eventsOfWakes / model.wakes).toFixed(1)} events a wake, ${percent(outcomes.merged, taken)} merged`,
    ],
    ["latency", `p50 ${time(latencyMs.p50)}, p95 ${time(latencyMs.p95)} from arrival to turn`],
    [
      "waiting",
      `${count(model.waiting)} events${model.oldestHeldMs === null ? "" : `, the oldest for ${span(model.oldestHeldMs)}`}`,
    ],
    [
      "tokens",
      `${count(model.tokens)}, ${model.tokensATask === null ? NOTHING : count(model.tokensATask)} a completed task`,
    ],
    ["last day", `peak hour ${count(model.peakHourTokens)} tokens, ${model.idleHours} of 24 hours idle`],
  ];
  const sums = (title: string, rows: EventMetrics["byTrigger"]): string[] =>
    rows.length === 0
      ? []
      : [
          `  ${title}`,
          ...rows.map(
            ({ name, wakes, tokens }) =>
              `    ${oneLine(name)}: ${count(tokens)} tokens in ${count(wakes)} wakes`,
          ),
        ];
  return fitLines(
    [
      ...heading("EVENT METRICS", [`since ${shortMoment(model.sinceMs, paper.nowMs, paper)}`], "  ", paper),
      ...facts.flatMap(([label, text]) => labelled(label, text, paper)),
      ...sums("by trigger", byTrigger),
      ...sums("by worker", byWorker),
    ],
    paper,
  );
}

export function renderDay(day: DaySimulated, paper: Paper): string[] {
  const { looksAnAgent, tokensALook, parts, eventTokens, pollingTokens, spared, sessions, agents } = day;
  const two = (hour: number): string => String(hour).padStart(2, "0");
  const rows = parts.map(
    ({ fromHour, toHour, what, tokens, polling }) =>
      `  ${two(fromHour)}-${two(toHour)}  ${what.padEnd(8)} ${count(tokens).padStart(9)}  ${count(polling.low).padStart(11)} - ${count(polling.high)}`,
  );
  const share = (part: number): string => `${(100 * part).toFixed(1)}%`;
  return fitLines(
    [
      ...heading("A DAY BY EVENTS, AND BY POLLING", [`${agents} agents`], "  ", paper),
      "  hours             events      polling (tokens)",
      ...rows,
      `  all      ${" ".repeat(8)}${count(eventTokens).padStart(9)}  ${count(pollingTokens.low).padStart(11)} - ${count(pollingTokens.high)}`,
      "",
      ...wrapWords("", `Spared: ${share(spared.low)} to ${share(spared.high)}, by these assumptions:`, paper),
      ...[
        `an agent that polls looks ${count(looksAnAgent.poll)} times for messages (each 15 s) and ${count(looksAnAgent.work)} times for work (each 30 s): ${count(looksAnAgent.both)} looks a day, ${tokensALook.low} to ${tokensALook.high} tokens each`,
        `the day's pattern is a given one, of the whole fleet; it comes to ${sessions.fewest} to ${sessions.most} sessions of 2,000 to 500 tokens`,
        `a heartbeat is a ping of programs: ${day.heartbeatTokens} tokens`,
        "nothing here was measured: `events metrics` shows what your own wakes used",
      ].flatMap((line) => wrapWords("  - ", line, paper)),
    ],
    paper,
  );
}

function outcomePaint(outcome: Outcome, paper: Paper): Painter {
  const paint = paintFor(paper);
  switch (outcome) {
    case "delivered":
    case "merged":
      return paint.good;
    case "held":
      return paint.warn;
    case "dead":
      return paint.bad;
    case "expired":
    case "filtered":
      return paint.faint;
    default:
      return outcome satisfies never;
  }
}
