/**
 * What the pages ask, as addresses: the page asks by them, and a copy in files holds the answers under them. And what such
 * a copy is.
 */
import { OUTCOMES } from "../activation/trigger.ts";
import { TREND_STEPS, type TrendStep } from "./cost-trend.ts";

/** The lists of tasks, by states with commas between; none: all. */
export const TASK_LISTS: readonly (readonly [states: string, label: string])[] = [
  ["", "All"],
  ["queued", "Queued"],
  ["held", "Held"],
  ["reserved,dispatching,dispatched,running,needs-input,parked", "At work"],
  ["completed", "Completed"],
  ["failed,lost", "Failed"],
  ["cancelled", "Cancelled"],
];

/** Tasks that are fetched at once. */
export const tasksAPage = 500;
const eventsAPage = 100;
/** Waiting tasks that are asked why. */
const askedWhyMax = 8;

/** Of one moment each, in no need of words: asked as they stand. */
export const PLAIN_QUESTIONS: readonly string[] = [
  "/api/fleet",
  "/api/status",
  "/api/throttle",
  "/api/metrics",
  "/api/hierarchy",
  "/api/findings",
  "/api/facts",
  "/api/triggers",
  "/api/event-metrics",
  "/api/dead-letters",
  "/api/dispatches",
];
/** `filter`: what narrows the list, as a query; `before`: the id behind which it goes on. */
export function tasksQuestion(filter: string, before: number | null): string {
  const query = new URLSearchParams(filter);
  query.set("limit", String(tasksAPage));
  if (before !== null) query.set("before", String(before));
  return `/api/tasks?${query.toString()}`;
}

/** As a list of tasks is narrowed to states. */
export function statesFilter(states: string): string {
  return states === "" ? "" : new URLSearchParams({ state: states }).toString();
}

export const waitingQuestion = `/api/tasks?state=queued&limit=${askedWhyMax}`;

export function whyQuestion(task: number): string {
  return `/api/why/${task}`;
}

export function storyQuestion(task: string): string {
  return `/api/tasks/${encodeURIComponent(task)}`;
}

/** The lists of events, by what became of them; none: all. */
export const EVENT_LISTS: readonly (readonly [outcome: string, label: string])[] = [
  ["", "All"],
  ...OUTCOMES.map((outcome): [string, string] => [
    outcome,
    `${outcome.slice(0, 1).toUpperCase()}${outcome.slice(1)}`,
  ]),
];

export function eventsQuestion(outcome: string): string {
  return `/api/events?${outcome === "" ? "" : `outcome=${outcome}&`}limit=${eventsAPage}`;
}

export function eventQuestion(event: string): string {
  return `/api/events/${encodeURIComponent(event)}`;
}

export function spendQuestion(step: TrendStep): string {
  return `/api/spend/${step}`;
}

export const SPEND_QUESTIONS: readonly string[] = TREND_STEPS.map(spendQuestion);

/** A copy of the pages in files: everything that was answered when it was written, by its address. */
export interface ExportedPages {
  readonly writtenAtMs: number;
  readonly version: string;
  readonly timeZone: string;
  /** Who answered: the manager that ran, or the ledger alone, which knows of no workers. */
  readonly from: "manager" | "ledger";
  /** Tasks whose story is in it. */
  readonly stories: number;
  readonly answers: Readonly<Record<string, unknown>>;
}
