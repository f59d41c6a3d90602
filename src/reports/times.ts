/** Durations and moments as people read them. */
import type { Paper } from "./paper.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FORMATTERS_KEPT_MAX = 32;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Its two largest units: 45s, 17m53s, 13h17m, 15d13h. A negative duration is 0s. */
export function duration(ms: number): string {
  const left = Math.max(0, ms);
  if (left < MINUTE) return `${Math.floor(left / SECOND)}s`;
  if (left < HOUR) return `${Math.floor(left / MINUTE)}m${two((left % MINUTE) / SECOND)}s`;
  if (left < DAY) return `${Math.floor(left / HOUR)}h${two((left % HOUR) / MINUTE)}m`;
  return `${Math.floor(left / DAY)}d${two((left % DAY) / HOUR)}h`;
}

/** How long something has been up or old, to the minute: 45s, 42m, 3h05m, 2d04h. */
export function span(ms: number): string {
  return ms >= MINUTE && ms < HOUR ? `${Math.floor(ms / MINUTE)}m` : duration(ms);
}

/** 2026-02-13 10:42:07 */
export function dateAndTime(atMs: number, paper: Paper): string {
  const at = local(atMs, paper.timeZone);
  return at === UNDATED ? at.date : `${at.date} ${at.time}`;
}

/** 2026-02-13 10:42 */
export function dateAndMinute(atMs: number, paper: Paper): string {
  return dateAndTime(atMs, paper).replace(/:\d\d$/, "");
}

/**
 * Dates of many moments in one zone, as 2026-02-13. Asking the calendar takes long, so it is asked twice a day: a zone
 * that stands equally far from UTC at both ends of a day does so in between.
 */
export class LocalDates {
  readonly #timeZone: string;
  /** Distance from UTC by day of UTC; null: it changes within. */
  readonly #offsetsMs = new Map<number, number | null>();
  /** By day of the zone. */
  readonly #dates = new Map<number, string>();

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  of(atMs: number): string {
    const day = Math.floor(atMs / DAY);
    let offsetMs = this.#offsetsMs.get(day);
    if (offsetMs === undefined) {
      const atStart = this.#offsetAt(day * DAY);
      offsetMs = atStart === this.#offsetAt((day + 1) * DAY) ? atStart : null;
      this.#offsetsMs.set(day, offsetMs);
    }
    if (offsetMs === null || !Number.isFinite(offsetMs)) return local(atMs, this.#timeZone).date;
    const localDay = Math.floor((atMs + offsetMs) / DAY);
    const known = this.#dates.get(localDay);
    if (known !== undefined) return known;
    const date = new Date(atMs + offsetMs).toISOString().slice(0, 10);
    this.#dates.set(localDay, date);
    return date;
  }

  #offsetAt(atMs: number): number {
    const { date, time } = local(atMs, this.#timeZone);
    return Date.parse(`${date}T${time}Z`) - atMs;
  }
}

/** 10:42:07 */
export function timeOfDay(atMs: number, paper: Paper): string {
  return local(atMs, paper.timeZone).time;
}

/** A moment near now: 10:46 on the same local day, else `17 Feb`, with the year when it is another one. */
export function shortMoment(atMs: number, nowMs: number, paper: Paper): string {
  const at = local(atMs, paper.timeZone);
  const now = local(nowMs, paper.timeZone);
  if (at.date === now.date || at.date === UNDATED.date) return at.time.slice(0, 5);
  const [year, month, day] = at.date.split("-");
  const text = `${Number(day)} ${MONTHS[Number(month) - 1] ?? month}`;
  return now.date.startsWith(`${year}-`) ? text : `${text} ${year}`;
}

interface LocalMoment {
  readonly date: string;
  readonly time: string;
}

/** What a number that is no moment reads as. */
const UNDATED: LocalMoment = { date: "n/a", time: "n/a" };

const formatters = new Map<string, Intl.DateTimeFormat>();

function local(atMs: number, timeZone: string): LocalMoment {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return UNDATED;
  // The Swedish order of a date is the ISO one: 2026-02-13 10:42:07.
  const [date = "", time = ""] = formatter(timeZone).format(atMs).split(" ");
  return { date, time };
}

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone });
  if (formatters.size >= FORMATTERS_KEPT_MAX) formatters.clear();
  formatters.set(timeZone, made);
  return made;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
