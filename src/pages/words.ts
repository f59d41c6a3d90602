/** Words and signs that all views share: levels, states, moments, figures. Never by colour alone. */
import { costOf, NOT_KNOWN, tokensOf } from "../reports/numbers.ts";
import type { Figure } from "../reports/figure.ts";
import { duration } from "../reports/times.ts";
import type { Outcome } from "../activation/trigger.ts";
import type { Level } from "../throttle/levels.ts";
import { h } from "./dom.ts";

let timeZone = "UTC";

/** Moments are shown in the manager's zone, as its limits count them. */
export function useTimeZone(zone: string): void {
  timeZone = zone;
}

export function levelBadge(level: Level): HTMLElement {
  return h("span", { class: `badge level-${level.toLowerCase()}` }, level);
}

export function stateBadge(state: string, label = state): HTMLElement {
  return h("span", { class: `badge state-${state}` }, label);
}

/** What became of an event. */
export function outcomeBadge(outcome: Outcome): HTMLElement {
  return stateBadge(OUTCOME_LOOKS[outcome], outcome);
}

const OUTCOME_LOOKS: Readonly<Record<Outcome, string>> = {
  delivered: "completed",
  merged: "completed",
  held: "held",
  dead: "failed",
  expired: "cancelled",
  filtered: "queued",
};

export function clock(atMs: number): string {
  return format(atMs, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function moment(atMs: number): string {
  const time = format(atMs, { hour: "2-digit", minute: "2-digit" });
  return `${format(atMs, { day: "numeric", month: "short" })} ${time}`;
}

/** With its year, for what may be read much later. */
export function dated(atMs: number): string {
  const time = format(atMs, { hour: "2-digit", minute: "2-digit" });
  return `${format(atMs, { day: "numeric", month: "short", year: "numeric" })} ${time}`;
}

/** `10:46 (in 12m)` */
export function soon(atMs: number, nowMs: number): string {
  const when = atMs - nowMs > 20 * 3_600_000 ? moment(atMs) : clock(atMs).slice(0, 5);
  return `${when} (in ${duration(atMs - nowMs)})`;
}

export function ago(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1_000 ? "now" : `${duration(nowMs - atMs)} ago`;
}

function format(atMs: number, parts: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", ...parts }).format(atMs);
}

/** With a word beside it where nothing was really spent. */
export function tokens(figure: Figure): HTMLElement {
  return h("span", { class: sourceClass(figure), title: sourceWords(figure) }, tokensOf(figure));
}

export function cost(figure: Figure): HTMLElement {
  return h("span", { class: sourceClass(figure), title: sourceWords(figure) }, costOf(figure));
}

function sourceClass({ source }: Figure): string {
  return source === "unknown" ? "quiet" : "";
}

function sourceWords({ source }: Figure): string {
  switch (source) {
    case "actual":
      return "read from the agents' own records";
    case "simulated":
      return "of rehearsals: nothing was spent";
    case "estimated":
      return "a part of it is estimated";
    case "unknown":
      return "nobody knows";
    default:
      return source satisfies never;
  }
}

export function shareWords(share: number | null): string {
  return share === null ? NOT_KNOWN : `${(share * 100).toFixed(1)} %`;
}
