/** When a limit ends, from the sentence an agent shows: the last resort where no machine-readable time is given. */

/** Longest sentence that is looked at, in characters. */
const sentenceMaxChars = 2_000;
const dayMs = 86_400_000;
const minuteMs = 60_000;

const EPOCH_SECONDS = /\|\s?(\d{10})(?!\d)/;
const CLOCK =
  /\b(?:resets?|try again)\s(?:at\s)?(?:(sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6},?\s|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\s(\d{1,2})(?:st|nd|rd|th)?,?\s(?:(\d{4}),?\s)?(?:at\s)?)?(\d{1,2})(?::(\d{2}))?\s?([ap])m\b(?:\s\(([^)]{1,60})\))?/i;
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Milliseconds since 1970 at which the limit of this sentence ends, read as of `nowMs`: "limit reached|1755615600",
 * "resets 2:44pm (UTC)", "resets Mon 12:00am", "resets Nov 26, 8:27am (Europe/Berlin)", "try again at 3:10 PM". A time
 * without a zone is of `timeZone`. A time of the day that has passed means the next day, but the minute that runs now ends
 * with itself: the sentence says no seconds. Null when none is named.
 */
export function resetTime(sentence: string, nowMs: number, timeZone: string): number | null {
  const text = sentence.slice(0, sentenceMaxChars).replace(/\s+/g, " ");
  const seconds = EPOCH_SECONDS.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const parts = CLOCK.exec(text);
  if (parts === null) return null;
  const zone = zoneFormat(parts[8] ?? timeZone);
  return zone === null ? null : nextTime(parts, nowMs, zone);
}

function nextTime(parts: RegExpExecArray, nowMs: number, zone: Intl.DateTimeFormat): number | null {
  const [, weekday, month, day, year, hour, minute = "0", half = "a"] = parts;
  const hours = Number(hour);
  if (hours < 1 || hours > 12 || Number(minute) > 59) return null;
  const timeOfDayMs =
    (((hours % 12) + (half.toLowerCase() === "p" ? 12 : 0)) * 60 + Number(minute)) * minuteMs;
  const localNowMs = nowMs + offsetMs(zone, nowMs);
  const today = Math.floor(localNowMs / dayMs) * dayMs;
  if (month !== undefined) {
    const thisYear = new Date(localNowMs).getUTCFullYear();
    const on = (inYear: number) =>
      Date.UTC(inYear, MONTHS.indexOf(month.toLowerCase()), Number(day)) + timeOfDayMs;
    if (year !== undefined) return instantOf(on(Number(year)), zone);
    // A date without a year that lies more than a day behind is next year's.
    return instantOf(on(on(thisYear) < localNowMs - dayMs ? thisYear + 1 : thisYear), zone);
  }
  const ahead =
    weekday === undefined ? 0 : (WEEKDAYS.indexOf(weekday.toLowerCase()) - weekdayOf(today) + 7) % 7;
  const first = today + ahead * dayMs + timeOfDayMs;
  const stepMs = weekday === undefined ? dayMs : 7 * dayMs;
  if (first <= localNowMs && localNowMs < first + minuteMs) return instantOf(first + minuteMs, zone);
  return instantOf(first > localNowMs ? first : first + stepMs, zone);
}

function weekdayOf(localMs: number): number {
  return new Date(localMs).getUTCDay();
}

/** The instant of a wall-clock reading that is written as if it were UTC; near a clock change it may be an hour off. */
function instantOf(localMs: number, zone: Intl.DateTimeFormat): number {
  return localMs - offsetMs(zone, localMs - offsetMs(zone, localMs));
}

function offsetMs(zone: Intl.DateTimeFormat, atMs: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of zone.formatToParts(atMs)) part[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat | null {
  const numeric = "numeric";
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
    });
  } catch {
    return null;
  }
}
