/** Hours in which only what is critical is sent: by the wall clock of a time zone, also across midnight. */
import { firstInstantOf, localOf } from "../throttle/zone.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

export interface QuietHours {
  /** Minutes after midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly timeZone: string;
}

/** When the quiet time that holds now ends; null = it is not quiet. A jump of the clock shortens or lengthens the night. */
export function quietUntil({ fromMinute, toMinute, timeZone }: QuietHours, nowMs: number): number | null {
  const localNow = localOf(timeZone, nowMs);
  const today = localNow - (((localNow % dayMs) + dayMs) % dayMs);
  const lengthMinutes = (toMinute - fromMinute + 1_440) % 1_440;
  // The night that began yesterday, today's, and, where the clock was set back, tomorrow's.
  for (const day of [today - dayMs, today, today + dayMs]) {
    const fromLocal = day + fromMinute * minuteMs;
    const startMs = firstInstantOf(timeZone, fromLocal);
    const endMs = firstInstantOf(timeZone, fromLocal + lengthMinutes * minuteMs);
    if (startMs <= nowMs && nowMs < endMs) return endMs;
  }
  return null;
}
