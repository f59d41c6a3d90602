/**
 * Weeks and months of a time zone as reports have them: from the first instant of their first day up to that of the
 * next, so a week with a change of the clock has 167 or 169 hours. Weeks begin on Monday.
 */
import { firstInstantOf, localOf } from "./zone.ts";

const dayMs = 86_400_000;
const quarterMs = 900_000;

export const PERIOD_KINDS = ["weekly", "monthly"] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

/** A span of local days. `toMs` is the first instant behind it. */
export interface Period {
  readonly kind: PeriodKind;
  /** `2026-11-16`, the Monday of a week, or `2026-11`. */
  readonly name: string;
  /** Local dates of its first and its last day. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DaySpan {
  readonly date: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The week or month that holds a moment. CtmError `config` when the zone is unknown. */
export function periodAt(kind: PeriodKind, zone: string, atMs: number): Period {
  return periodOfLocal(kind, zone, midnightOf(localOf(zone, atMs)));
}

/** The week or month that holds a local date such as 2026-11-23. */
export function periodOfDate(kind: PeriodKind, zone: string, date: string): Period {
  return periodOfLocal(kind, zone, Date.parse(`${date}T00:00:00Z`));
}

/** The one that ends where this one begins. */
export function periodBefore(period: Period, zone: string): Period {
  return periodOfLocal(period.kind, zone, Date.parse(`${period.firstDay}T00:00:00Z`) - dayMs);
}

/** Its local days, cut off at `untilMs`. A date that the zone left out has no day. */
export function daysOf({ firstDay, lastDay, toMs }: Period, zone: string, untilMs = toMs): DaySpan[] {
  const days: DaySpan[] = [];
  const lastLocal = Date.parse(`${lastDay}T00:00:00Z`);
  for (let local = Date.parse(`${firstDay}T00:00:00Z`); local <= lastLocal; local += dayMs) {
    const fromMs = firstInstantOf(zone, local);
    const endMs = Math.min(firstInstantOf(zone, local + dayMs), untilMs);
    if (endMs > fromMs) days.push({ date: dateOf(local), fromMs, toMs: endMs });
  }
  return days;
}

/**
 * The moment of the period before at which as much of it had passed, by the wall clock, as now of this one; its end
 * where it was shorter. Both on whole quarters of an hour, which kept sums are of.
 */
export function sameMomentBefore(period: Period, before: Period, zone: string, nowMs: number): number {
  const passedMs = localOf(zone, nowMs) - Date.parse(`${period.firstDay}T00:00:00Z`);
  const local = Date.parse(`${before.firstDay}T00:00:00Z`) + Math.ceil(passedMs / quarterMs) * quarterMs;
  return Math.max(before.fromMs, Math.min(before.toMs, firstInstantOf(zone, local)));
}

function periodOfLocal(kind: PeriodKind, zone: string, local: number): Period {
  const first = firstOf(kind, local);
  const next = nextOf(kind, first);
  const firstDay = dateOf(first);
  return {
    kind,
    name: kind === "weekly" ? firstDay : firstDay.slice(0, 7),
    firstDay,
    lastDay: dateOf(next - dayMs),
    fromMs: firstInstantOf(zone, first),
    toMs: firstInstantOf(zone, next),
  };
}

function firstOf(kind: PeriodKind, local: number): number {
  const date = new Date(local);
  if (kind === "monthly") return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  return midnightOf(local) - ((date.getUTCDay() + 6) % 7) * dayMs;
}

function nextOf(kind: PeriodKind, first: number): number {
  const date = new Date(first);
  return kind === "weekly" ? first + 7 * dayMs : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function midnightOf(local: number): number {
  return local - (((local % dayMs) + dayMs) % dayMs);
}

function dateOf(local: number): string {
  return new Date(local).toISOString().slice(0, 10);
}
