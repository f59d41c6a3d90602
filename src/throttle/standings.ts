/** How each limit stands, for the tables: figures, level, when it eases, and when it would run out at this pace. */
import { windowBounds, type Calendar } from "./calendar.ts";
import type { Gauge } from "./gauge.ts";
import { highestBelow, type Level } from "./levels.ts";
import type { LimitUnit, Scope, WindowForm, WindowName } from "./limits.ts";
import { hourMs, windowLengthMs } from "./windows.ts";

/** One limit on one scope. Amounts are tokens, or nano-dollars for unit `cost`. */
export interface LimitStanding {
  /** With the scope's own name, e.g. `worker concurrent_worker1 tokens/hour`. */
  readonly limitId: string;
  readonly scope: Scope;
  readonly unit: LimitUnit;
  readonly window: WindowName;
  readonly form: WindowForm;
  /** null = no limit. */
  readonly limit: number | null;
  readonly used: number;
  /** Reserved by running tasks and not used yet. */
  readonly held: number;
  /** What running tasks need beyond that and did not fit: nothing new is let in until it does. */
  readonly owed: number;
  /** Of used + held: the level in force. */
  readonly level: Level;
  readonly startMs: number;
  /** null for a rolling window. */
  readonly endMs: number | null;
  /**
   * Calendar: the window's end. Rolling: when usage alone falls below the level in force; at NONE, when the oldest
   * usage leaves. null when time alone changes nothing.
   */
  readonly resetsAtMs: number | null;
  /** Usage of the last hour as a rate; with less than an hour of history, over the time there is (5 minutes at least). */
  readonly burnPerHour: number;
  /** When used + held reach the limit at that rate, where that comes before the window's reset; else null. */
  readonly runsOutAtMs: number | null;
}

const burnSpanMinMs = 300_000;
/** A forecast that has not settled by then is as near as a table needs. */
const forecastRoundsMax = 1_000;

/** Reads a gauge that stands at `nowMs`. `sinceMs` is when its history begins. */
export function standingOf(gauge: Gauge, calendar: Calendar, nowMs: number, sinceMs: number): LimitStanding {
  const { window, form } = gauge.limit;
  const spanMs = Math.min(hourMs, Math.max(burnSpanMinMs, nowMs - sinceMs));
  const burnPerHour = Math.round((gauge.usedLastHour * hourMs) / spanMs);
  return {
    limitId: gauge.id,
    scope: gauge.scope,
    unit: gauge.unit,
    window,
    form,
    limit: gauge.amount,
    used: gauge.used,
    held: gauge.held,
    owed: gauge.owed,
    level: gauge.level,
    ...windowBounds(window, form, calendar, nowMs),
    resetsAtMs: resetsAtMs(gauge),
    burnPerHour,
    runsOutAtMs: runsOutAtMs(gauge, burnPerHour, nowMs),
  };
}

/** See `LimitStanding.resetsAtMs`. */
export function resetsAtMs(gauge: Gauge): number | null {
  if (gauge.endMs !== null) return gauge.endMs;
  if (gauge.amount === null || gauge.level === "NONE") return gauge.firstLeavesMs();
  const surplus = gauge.used + gauge.held - highestBelow(gauge.level, gauge.amount);
  return gauge.freeAtMs(surplus);
}

/**
 * Usage goes on at the same rate, and what is in a rolling window leaves it in its time. Each round takes what has
 * left by the moment found so far, and finds the limit reached that much later: never past the true moment.
 */
function runsOutAtMs(gauge: Gauge, burnPerHour: number, nowMs: number): number | null {
  if (gauge.amount === null) return null;
  const room = gauge.amount - gauge.used - gauge.held;
  if (room <= 0) return nowMs;
  const horizonMs = gauge.endMs ?? nowMs + windowLengthMs(gauge.limit.window);
  let [left, rounds] = [0, 0];
  for (;;) {
    // Without any burn this is Infinity, which no horizon reaches.
    const atMs = nowMs + Math.ceil(((room + left) * hourMs) / burnPerHour);
    if (atMs >= horizonMs) return null;
    const leftByThen = gauge.leftBy(atMs);
    if (leftByThen === left || (rounds += 1) === forecastRoundsMax) return atMs;
    left = leftByThen;
  }
}
