/** `events …`: what came in, what became of it and why, again, and aside. */
import * as z from "zod";
import { simulateDay, type DaySimulated } from "../activation/simulate.ts";
import { OUTCOMES } from "../activation/trigger.ts";
import { CtmError } from "../base/errors.ts";
import { eventMaxBytes } from "../activation/envelope.ts";
import { writtenData, type Sent } from "../orchestration/event-desk.ts";
import {
  renderDay,
  renderDeadLetters,
  renderEvent,
  renderEventMetrics,
  renderEvents,
  renderEventWhy,
  type DeadLetters,
  type EventDetails,
  type EventMetrics,
  type EventRow,
} from "../reports/events.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { defineCommand, type ArgumentSpec } from "./command.ts";
import { fit } from "./render.ts";
import { workerWord } from "./worker-word.ts";
import { isGroup } from "../orchestration/groups.ts";
import * as words from "./words.ts";

const hourMs = 3_600_000;
const UNIT_HOURS: Readonly<Record<string, number>> = { m: 1 / 60, h: 1, d: 24 };

/** `12`, `e12` and `#12` are the event's number; anything else is its id. */
const eventRef = z.unknown().transform((value, context): number | string => {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  if (/^[e#]?\d{1,15}$/.test(text)) return Number(text.replace(/^[e#]/, ""));
  if (text !== "" && text.length <= 1_024) return text;
  context.addIssue({
    code: "custom",
    message: `${words.quote(value)} is no event (they look like 7, or their id)`,
  });
  return z.NEVER;
});

/** How long ago: 30m, 2h, 7d. Comes out in milliseconds. */
const ago = z.unknown().transform((value, context): number => {
  if (typeof value === "number") return value;
  const [, amount, unit = ""] =
    /^(\d{1,4})([mhd])$/.exec(typeof value === "string" ? value.trim() : "") ?? [];
  if (amount !== undefined) return Number(amount) * (UNIT_HOURS[unit] ?? 0) * hourMs;
  context.addIssue({ code: "custom", message: `${words.quote(value)} is no time such as 30m, 2h or 7d` });
  return z.NEVER;
});

const EVENT: ArgumentSpec = { name: "event", kind: "word", required: true, many: false };

const listed = z.strictObject({
  type: words.orNull(words.label),
  outcome: words.orNull(words.choice("outcome", OUTCOMES)),
  wake: words.orNull(words.count("a wake's number", 1, 1_000_000_000)),
  since: words.orNull(ago),
  limit: words.orNull(words.count("--limit", 1, 10_000)),
});

export const eventsList = defineCommand<z.output<typeof listed>, readonly EventRow[]>({
  name: "events list",
  aliases: ["events"],
  group: "Events",
  summary: "List events, newest first, and what became of each",
  options: [
    { flags: "--type <type>", summary: "Of this type, or as git.*" },
    {
      flags: "--outcome <outcome>",
      summary: "delivered, merged, filtered, held, expired or dead",
      choices: OUTCOMES,
    },
    { flags: "--wake <n>", summary: "Those one wake carries" },
    { flags: "--since <time>", summary: "Not older than 30m, 2h or 7d" },
    { flags: "--limit <n>", summary: "At most so many (default 20)" },
  ],
  examples: ["events", "events list --type git.* --outcome held"],
  needs: "ledger",
  schema: listed,
  run: (app, { type, outcome, wake, since, limit }) =>
    app.events.list({
      ...{ type, outcome, wakeId: wake, limit: limit ?? 20 },
      agoMs: since,
    }),
  render: (rows, paper) => renderEvents(rows, paper),
});

const named = z.strictObject({ event: eventRef });

export const eventsShow = defineCommand<z.output<typeof named>, EventDetails>({
  name: "events show",
  group: "Events",
  summary: "Show one event with its data",
  arguments: [EVENT],
  examples: ["events show 7"],
  needs: "ledger",
  schema: named,
  run: (app, { event }) => app.events.show(event),
  render: (details, paper) => renderEvent(details, paper),
});

export const eventsWhy = defineCommand<z.output<typeof named>, EventDetails>({
  name: "events why",
  group: "Events",
  summary: "Say why an event woke somebody or not, and what it waits for",
  arguments: [EVENT],
  examples: ["events why 7"],
  needs: "ledger",
  schema: named,
  run: (app, { event }) => app.events.show(event),
  render: (details, paper) => renderEventWhy(details, paper),
});

const sent = z.strictObject({
  type: words.label,
  data: z.unknown().optional(),
  source: words.orNull(words.label),
  id: words.orNull(words.label),
  subject: words.orNull(words.label),
  priority: words.orNull(words.priority),
  target: words.orNull(words.label),
  key: words.orNull(words.label),
});

export const eventsSend = defineCommand<z.output<typeof sent>, Sent>({
  name: "events send",
  group: "Events",
  summary: "Send an event by hand",
  arguments: [{ name: "type", kind: "word", required: true, many: false }],
  options: [
    { flags: "--data <json>", summary: "Its data: JSON, or a text" },
    { flags: "--subject <text>", summary: "What it is about" },
    { flags: "--source <name>", summary: "Who it comes from (default: you)" },
    { flags: "--id <id>", summary: "The same source and id is the same event, and wakes nobody twice" },
    { flags: "--target <name>", summary: "Whom it is meant for" },
    {
      flags: "-p, --priority <level>",
      summary: "low, normal (default), high or critical",
      choices: PRIORITIES,
    },
  ],
  notes: ["It is on the disk when this ends. From inside a worker it belongs to the chain of what woke it."],
  examples: [`events send deploy.stage --data '{"stage":"canary"}'`],
  needs: "ledger",
  schema: sent,
  prepare: (raw, caller) => ({ ...raw, key: workerWord(caller), data: dataOf(raw["data"]) }),
  run: (app, { data, ...event }) => app.events.send({ ...event, data: data ?? null }),
  render: (taken, paper) => [fit(sentWords(taken), paper)],
});

const message = z.strictObject({ to: words.label, text: words.text, key: words.orNull(words.label) });

export const sendMessage = defineCommand<z.output<typeof message>, Sent | readonly Sent[]>({
  name: "message",
  group: "Events",
  summary: "Tell a worker or agent something, read when its turn has ended",
  arguments: [
    { name: "to", kind: "worker", required: true, many: false },
    { name: "text", kind: "text", required: true, many: true },
  ],
  notes: [
    "TO is a worker, an agent of the roster or a kind of agent. It is never typed into a turn that runs: it waits its turn",
    "as a task does. @all is every worker, @ and a department or tier of the roster its agents: each gets its own, and",
    "works on it. An agent that ctm started may call this too; what it says comes as information, not as your order.",
  ],
  examples: [
    "message w2 The API has changed, read docs/api.md",
    "message react-expert Please look at #12",
    "message @frontend Use the new buttons",
  ],
  needs: "ledger",
  schema: message,
  prepare: (raw, caller) => ({ ...raw, key: workerWord(caller) }),
  run: (app, { to, text, key }) =>
    isGroup(to) ? app.events.messageGroup(to, text, key) : app.events.message(to, text, key),
  render: (taken, paper) => [taken].flat().map((one) => fit(sentWords(one), paper)),
});

const again = z.strictObject({ event: words.orNull(eventRef), since: words.orNull(ago) });

export const eventsReplay = defineCommand<z.output<typeof again>, readonly Sent[]>({
  name: "events replay",
  group: "Events",
  summary: "Take an event once more, or all since a while",
  arguments: [{ ...EVENT, required: false }],
  options: [{ flags: "--since <time>", summary: "All not older than 30m, 2h or 7d" }],
  examples: ["events replay 7", "events replay --since 2h"],
  needs: "ledger",
  schema: again,
  run: (app, { event, since }) => {
    if ((event === null) === (since === null))
      throw new CtmError("usage", "events replay: name one event, or --since");
    return event === null ? app.events.replaySince(since ?? 0) : [app.events.replay(event)];
  },
  render: (all, paper) =>
    all.length === 0 ? ["No such event."] : all.map((one) => fit(sentWords(one), paper)),
});

const DLQ = ["list", "retry", "drop"] as const;
const aside = z.strictObject({
  action: words.orNull(words.choice("action", DLQ)),
  refs: words.orNull(z.array(words.label).max(200)),
});

export const eventsDlq = defineCommand<z.output<typeof aside>, DeadLetters>({
  name: "events dlq",
  group: "Events",
  summary: "Show what was put aside, try it again or give it up",
  arguments: [
    { name: "action", kind: "word", required: false, many: false, choices: DLQ },
    { name: "refs", kind: "word", required: false, many: true },
  ],
  notes: ["A wake is put aside when its delivery failed too often, an event when it is part of a loop."],
  examples: ["events dlq", "events dlq retry w12", "events dlq drop e7"],
  needs: "ledger",
  schema: aside,
  run: (app, { action, refs }) => {
    const named = refs ?? [];
    if (action !== null && action !== "list" && named.length === 0)
      throw new CtmError("usage", `events dlq ${action}: name what, as \`events dlq\` lists it`);
    if (action === "retry") for (const ref of named) app.events.retryDead(ref);
    if (action === "drop") for (const ref of named) app.events.dropDead(ref);
    return app.events.deadLetters();
  },
  render: (letters, paper) => renderDeadLetters(letters, paper),
});

const measured = z.strictObject({ since: words.orNull(ago) });

export const eventsMetrics = defineCommand<z.output<typeof measured>, EventMetrics>({
  name: "events metrics",
  group: "Events",
  summary: "Show latency, tokens and counts of what events woke",
  options: [{ flags: "--since <time>", summary: "Of the last 30m, 2h or 7d (default: 1d)" }],
  examples: ["events metrics --since 7d"],
  needs: "ledger",
  schema: measured,
  run: (app, { since }) => app.events.metrics(since ?? 24 * hourMs),
  render: (model, paper) => renderEventMetrics(model, paper),
});

const day = z.strictObject({ day: words.flag, agents: words.orNull(words.count("--agents", 1, 1_000)) });

export const eventsSimulate = defineCommand<z.output<typeof day>, DaySimulated>({
  name: "events simulate",
  group: "Events",
  summary: "Reckon a day by events against a day by polling",
  options: [
    { flags: "--day", summary: "A typical day (the only one there is)" },
    { flags: "--agents <n>", summary: "How many agents poll (default 3)" },
  ],
  examples: ["events simulate --day"],
  needs: "nothing",
  schema: day,
  runAlone: (input) => simulateDay(input.agents ?? 3),
  render: (simulated, paper) => renderDay(simulated, paper),
});

function dataOf(written: unknown): unknown {
  if (typeof written !== "string") return written ?? null;
  if (Buffer.byteLength(written) > eventMaxBytes)
    throw new CtmError("usage", `an event has at most ${eventMaxBytes} bytes`);
  return writtenData(written);
}

function sentWords({ seq, duplicate, outcome }: Sent): string {
  if (duplicate) return `Event ${seq} was taken before; nothing more happens.`;
  return `Taken as event ${seq}: ${outcome === "held" ? "it waits for its turn" : outcome}. \`events why ${seq}\` says more.`;
}
