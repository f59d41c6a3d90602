/** A moment in the future as a person says it: `18:00`, `2026-02-13 18:00`, `+2h`. */
import { CtmError } from "../base/errors.ts";
import { firstInstantOf, localOf } from "../throttle/zone.ts";
import { quote } from "./words.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const UNIT_MS: Readonly<Record<string, number>> = { m: minuteMs, h: 60 * minuteMs, d: dayMs };
/** Further away than a year is a slip of the finger. */
const aheadMaxMs = 366 * dayMs;

/** The instant meant, on the clock of `zone`; a bare time of day is the next one. Throws CtmError `usage`. */
export function parseUntil(text: string, zone: string, nowMs: number): number {
  const atMs = spanAhead(text, nowMs) ?? timeOfDay(text, zone, nowMs) ?? dateAndTime(text, zone);
  if (atMs === null) {
    throw new CtmError("usage", `${quote(text)} is no time; write 18:00, 2026-02-13 18:00 or +2h`);
  }
  if (atMs <= nowMs) throw new CtmError("usage", `${quote(text)} has passed already`);
  if (atMs > nowMs + aheadMaxMs) throw new CtmError("usage", `${quote(text)} is more than a year ahead`);
  return atMs;
}

function spanAhead(text: string, nowMs: number): number | null {
  const [, amount, unit = ""] = /^\+?(\d{1,5})\s?([mhd])$/.exec(text.trim()) ?? [];
  return amount === undefined ? null : nowMs + Number(amount) * (UNIT_MS[unit] ?? 0);
}

function timeOfDay(text: string, zone: string, nowMs: number): number | null {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
  if (hour === undefined) return null;
  const localNow = localOf(zone, nowMs);
  const local =
    localNow - (((localNow % dayMs) + dayMs) % dayMs) + (Number(hour) * 60 + Number(minute)) * minuteMs;
  const today = firstInstantOf(zone, local);
  return today > nowMs ? today : firstInstantOf(zone, local + dayMs);
}

function dateAndTime(text: string, zone: string): number | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)[T ]([01]\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  if (parts === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = parts.slice(1).map(Number);
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute));
  // 31 February becomes 3 March: not what was written.
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return null;
  return firstInstantOf(zone, local.getTime());
}
