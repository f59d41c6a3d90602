/** Local time of an IANA time zone, from the runtime's own tables: offsets, and the first instant of a local time. */
import { CtmError } from "../base/errors.ts";

const dayMs = 86_400_000;
const zonesKeptMax = 64;
const formats = new Map<string, Intl.DateTimeFormat>();

/** A wall-clock reading, written as if it were UTC: calendar arithmetic on it needs no zone. */
export function localOf(zone: string, atMs: number): number {
  return atMs + offsetMs(zone, atMs);
}

/** What must be added to an instant to read the zone's wall clock, in milliseconds. CtmError `config`: no such zone. */
export function offsetMs(zone: string, atMs: number): number {
  // Month/day/year, hour:minute:second. Reading the digits takes half as long as asking for the parts.
  const digits = formatOf(zone).format(atMs).match(/\d+/gu) ?? [];
  const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = digits.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}

/**
 * First instant at which the zone's wall clock reads `localMs` or later. Where that reading is skipped (midnight
 * at the start of summer time, a date left out) it is the instant of the jump; where it comes twice, the first.
 */
export function firstInstantOf(zone: string, localMs: number): number {
  const before = offsetMs(zone, localMs - dayMs);
  const after = offsetMs(zone, localMs + dayMs);
  const plain = localMs - before;
  if (before === after) return plain;
  const jump = offsetChangeIn(zone, localMs - dayMs, localMs + dayMs);
  if (plain < jump) return plain;
  return Math.max(jump, localMs - after);
}

/** The instant at which the offset becomes that of `toMs`. Between the two it changes once; else any change. */
export function offsetChangeIn(zone: string, fromMs: number, toMs: number): number {
  const before = offsetMs(zone, fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  if (formats.size >= zonesKeptMax) formats.clear();
  const format = newFormat(zone);
  formats.set(zone, format);
  return format;
}

function newFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    throw new CtmError("config", `no time zone is named ${JSON.stringify(zone)}`, [], { cause: error });
  }
}
