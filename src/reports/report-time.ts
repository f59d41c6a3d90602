/** When a report is made by itself: a weekday or a day of the month, and a time by the wall clock of a zone. */
import { CtmError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import { periodAt, periodBefore, type Period, type PeriodKind } from "../throttle/periods.ts";
import { firstInstantOf } from "../throttle/zone.ts";

const dayMs = 86_400_000;
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

export interface ReportTime {
  /** Weekly: 0 is Monday. Monthly: 1 to 31; in a shorter month its last day. */
  readonly day: number;
  readonly minuteOfDay: number;
}

/** Reads `monday-08:00` or `1-08:00`. CtmError `usage`. */
export function parseReportTime(kind: PeriodKind, text: string): ReportTime {
  const example = kind === "weekly" ? "monday-08:00" : "1-08:00";
  const [, dayWord = "", hour = "", minute = ""] =
    /^([a-z]{1,12}|\d{1,2})-(\d{1,2}):(\d{2})$/i.exec(text.trim()) ?? [];
  if (dayWord === "" || Number(hour) > 23 || Number(minute) > 59)
    throw new CtmError("usage", `a ${kind} report is made at a time like ${example}`);
  return { day: dayOf(kind, dayWord, example), minuteOfDay: Number(hour) * 60 + Number(minute) };
}

function dayOf(kind: PeriodKind, word: string, example: string): number {
  if (kind === "monthly") {
    const day = Number(word);
    if (Number.isInteger(day) && day >= 1 && day <= 31) return day;
    throw new CtmError("usage", `a monthly report is made on a day from 1 to 31, as in ${example}`);
  }
  const wanted = word.toLowerCase();
  const found = WEEKDAYS.findIndex((name) => name === wanted || name.slice(0, 3) === wanted);
  if (found >= 0) return found;
  const near = nearest(wanted, WEEKDAYS);
  throw new CtmError(
    "usage",
    `a weekly report is made on a weekday, as in ${example}${near === null ? "" : `; did you mean ${near}?`}`,
  );
}

/** As `parseReportTime` reads it. */
export function reportTimeWords(kind: PeriodKind, { day, minuteOfDay }: ReportTime): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`;
  return `${kind === "weekly" ? (WEEKDAYS[day] ?? "monday") : day}-${time}`;
}

/**
 * The first such moment after another. A time that the clock leaves out is at its jump, one that comes twice is the
 * first.
 */
export function dueAfter(kind: PeriodKind, time: ReportTime, zone: string, atMs: number): number {
  let period = periodAt(kind, zone, atMs);
  for (;;) {
    const dueMs = dueIn(period, time, zone);
    if (dueMs > atMs) return dueMs;
    period = periodAt(kind, zone, period.toMs);
  }
}

/** The latest such moment that is not after another. */
export function lastDue(kind: PeriodKind, time: ReportTime, zone: string, atMs: number): number {
  let period = periodAt(kind, zone, atMs);
  for (;;) {
    const dueMs = dueIn(period, time, zone);
    if (dueMs <= atMs) return dueMs;
    period = periodBefore(period, zone);
  }
}

function dueIn({ kind, firstDay, lastDay }: Period, { day, minuteOfDay }: ReportTime, zone: string): number {
  const first = Date.parse(`${firstDay}T00:00:00Z`);
  const days = Math.round((Date.parse(`${lastDay}T00:00:00Z`) - first) / dayMs);
  const nth = kind === "weekly" ? day : Math.min(day - 1, days);
  return firstInstantOf(zone, first + nth * dayMs + minuteOfDay * 60_000);
}
