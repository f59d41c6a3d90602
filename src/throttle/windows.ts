/**
 * Where a limit's window begins and ends. Rolling windows are (now - length, now]; calendar windows are [start, end)
 * in a time zone, reckoned from the local date and not by adding 24 hours, so a day may have 23 or 25 hours.
 */
import type { WindowName } from "./limits.ts";
import { firstInstantOf, localOf, offsetChangeIn, offsetMs } from "./zone.ts";

export const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const zonesKeptMax = 64;
const windowsKeptMax = 32;

export interface CalendarWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** The windows last asked for, by kind and zone, newest first. */
const recentWindows = new Map<string, CalendarWindow[]>();

/** Length of a rolling window; a rolling month is 30 days. */
export function windowLengthMs(window: WindowName): number {
  return { hour: hourMs, day: dayMs, week: 7 * dayMs, month: 30 * dayMs }[window];
}

/**
 * Bounds of the calendar window that holds `nowMs`. The last few are remembered: asking the runtime's time zone
 * tables takes far longer than an admission may.
 */
export function calendarBounds(window: WindowName, zone: string, nowMs: number): CalendarWindow {
  const key = `${window} ${zone}`;
  const recent = recentWindows.get(key) ?? [];
  const known = recent.find(({ startMs, endMs }) => startMs <= nowMs && nowMs < endMs);
  if (known !== undefined) return known;
  const bounds = window === "hour" ? calendarHour(zone, nowMs) : calendarDays(window, zone, nowMs);
  if (recentWindows.size >= zonesKeptMax) recentWindows.clear();
  recentWindows.set(key, [bounds, ...recent.slice(0, windowsKeptMax - 1)]);
  return bounds;
}

/** A clock hour of the zone; where the offset changes by less than an hour inside it, it is cut there. */
function calendarHour(zone: string, nowMs: number): CalendarWindow {
  const offset = offsetMs(zone, nowMs);
  const startMs = Math.floor((nowMs + offset) / hourMs) * hourMs - offset;
  const endMs = startMs + hourMs;
  return {
    startMs: offsetMs(zone, startMs) === offset ? startMs : offsetChangeIn(zone, startMs, nowMs),
    endMs: offsetMs(zone, endMs - 1) === offset ? endMs : offsetChangeIn(zone, nowMs, endMs - 1),
  };
}

function calendarDays(
  window: "day" | "week" | "month",
  zone: string,
  nowMs: number,
): { startMs: number; endMs: number } {
  const local = new Date(localOf(zone, nowMs));
  const sinceMonday = (local.getUTCDay() + 6) % 7;
  const edge = (steps: number): number => {
    const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
    const localMs = {
      day: Date.UTC(year, month, day + steps),
      week: Date.UTC(year, month, day - sinceMonday + 7 * steps),
      month: Date.UTC(year, month + steps, 1),
    };
    return firstInstantOf(zone, localMs[window]);
  };
  // A clock set back across midnight reads the old date again: the new day has begun all the same.
  let [step, endMs] = [0, edge(1)];
  while (endMs <= nowMs) endMs = edge((step += 1) + 1);
  return { startMs: edge(step), endMs };
}
