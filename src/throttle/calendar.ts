/**
 * The hours, days and months of one time zone, and what a change of the zone leaves behind: a window that was open
 * under the old zone stays open until both zones have come to its end, so that moving never opens one early.
 */
import { WINDOWS, type WindowForm, type WindowName } from "./limits.ts";
import { calendarBounds, windowLengthMs, type CalendarWindow } from "./windows.ts";

export interface WindowBounds {
  /** Calendar: first instant inside. Rolling: last instant outside. */
  readonly startMs: number;
  /** Calendar: first instant after it. Rolling: null, it moves with the clock. */
  readonly endMs: number | null;
}

/** Windows that began under another zone; those that have ended mean nothing any more. */
export type CarriedWindows = Readonly<Partial<Record<WindowName, CalendarWindow>>>;

export class Calendar {
  /** IANA name. */
  readonly zone: string;
  readonly carried: CarriedWindows;

  constructor(zone: string, carried: CarriedWindows = {}) {
    this.zone = zone;
    this.carried = carried;
  }

  /** Bounds of the window that holds `nowMs`. CtmError `config` when the zone is unknown. */
  bounds(window: WindowName, nowMs: number): CalendarWindow {
    const plain = calendarBounds(window, this.zone, nowMs);
    const carried = this.carried[window];
    if (carried === undefined) return plain;
    if (nowMs >= carried.endMs) return { ...plain, startMs: Math.max(plain.startMs, carried.endMs) };
    return nowMs >= carried.startMs ? carried : { ...plain, endMs: Math.min(plain.endMs, carried.startMs) };
  }

  /** The calendar of another zone from `nowMs` on: each open window lasts until the later of its two ends. */
  movedTo(zone: string, nowMs: number): Calendar {
    if (zone === this.zone) return this;
    const carried = WINDOWS.map((window) => {
      const { startMs, endMs } = this.bounds(window, nowMs);
      return [
        window,
        { startMs, endMs: Math.max(endMs, calendarBounds(window, zone, nowMs).endMs) },
      ] as const;
    });
    return new Calendar(zone, Object.fromEntries(carried));
  }
}

/** Bounds of the window that holds `nowMs`. CtmError `config` when the zone is unknown. */
export function windowBounds(
  window: WindowName,
  form: WindowForm,
  calendar: Calendar,
  nowMs: number,
): WindowBounds {
  if (form === "rolling") return { startMs: nowMs - windowLengthMs(window), endMs: null };
  return calendar.bounds(window, nowMs);
}
