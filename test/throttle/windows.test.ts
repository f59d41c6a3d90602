import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Calendar, windowBounds } from "../../src/throttle/calendar.ts";
import { WINDOWS } from "../../src/throttle/limits.ts";
import { calendarBounds, hourMs } from "../../src/throttle/windows.ts";
import { localOf } from "../../src/throttle/zone.ts";

const at = (text: string): number => Date.parse(text);
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "America/Havana",
  "America/St_Johns",
  "Africa/Cairo",
  "Asia/Kathmandu",
  "Asia/Tehran",
  "Asia/Beirut",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Chatham",
];

describe("calendar windows", () => {
  it.each([
    ["day", "UTC", "2026-02-13T10:42:07Z", "2026-02-13T00:00:00Z", "2026-02-14T00:00:00Z"],
    ["month", "UTC", "2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"],
    ["month", "UTC", "2024-12-31T12:00:00Z", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"],
    ["week", "UTC", "2026-02-13T10:42:07Z", "2026-02-09T00:00:00Z", "2026-02-16T00:00:00Z"],
    ["week", "UTC", "2026-02-09T00:00:00Z", "2026-02-09T00:00:00Z", "2026-02-16T00:00:00Z"],
    // Of 167 hours, over the end of a month.
    ["week", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"],
    ["hour", "UTC", "2026-02-13T10:42:07Z", "2026-02-13T10:00:00Z", "2026-02-13T11:00:00Z"],
    ["hour", "Asia/Kathmandu", "2026-02-13T10:42:07Z", "2026-02-13T10:15:00Z", "2026-02-13T11:15:00Z"],
    // 23 and 25 hours.
    ["day", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    ["day", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
    ["month", "Europe/Berlin", "2026-03-30T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"],
    // The first of two hours that read 02:xx, and the second.
    ["hour", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"],
    ["hour", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
    // Midnight is skipped: the date begins at 01:00.
    ["day", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
    ["day", "Africa/Cairo", "2024-04-26T12:00:00Z", "2024-04-25T22:00:00Z", "2024-04-26T21:00:00Z"],
    // Midnight comes twice: the date begins at the first.
    ["day", "America/Havana", "2024-11-03T12:00:00Z", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"],
    // The clock went from 00:01 back to 23:01: the new date has begun all the same.
    ["day", "America/St_Johns", "2010-11-07T03:00:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"],
    // 30 December 2011 was left out.
    ["day", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"],
    ["day", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"],
    // Half an hour is repeated: the clock hour is cut at the change.
    ["hour", "Australia/Lord_Howe", "2026-04-04T14:50:00Z", "2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z"],
    ["hour", "Australia/Lord_Howe", "2026-04-04T15:10:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z"],
  ] as const)("C-29: %s in %s at %s", (window, zone, now, start, end) => {
    const { startMs, endMs } = calendarBounds(window, zone, at(now));
    expect([new Date(startMs).toISOString(), new Date(endMs).toISOString()]).toEqual([
      new Date(at(start)).toISOString(),
      new Date(at(end)).toISOString(),
    ]);
  });

  it("tile the time line: each moment is in exactly one window, and windows abut", () => {
    const moment = fc.integer({ min: at("2008-01-01T00:00:00Z"), max: at("2037-01-01T00:00:00Z") });
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...WINDOWS), moment, (zone, window, nowMs) => {
        const { startMs, endMs } = calendarBounds(window, zone, nowMs);
        expect(startMs).toBeLessThanOrEqual(nowMs);
        expect(nowMs).toBeLessThan(endMs);
        expect(calendarBounds(window, zone, endMs).startMs).toBe(endMs);
        expect(calendarBounds(window, zone, startMs - 1).endMs).toBe(startMs);
        expect(calendarBounds(window, zone, startMs)).toEqual({ startMs, endMs });
        expect(calendarBounds(window, zone, endMs - 1)).toEqual({ startMs, endMs });
      }),
      { numRuns: 1_000 },
    );
  });

  it("a day begins exactly where the local date changes", () => {
    const moment = fc.integer({ min: at("2012-01-01T00:00:00Z"), max: at("2037-01-01T00:00:00Z") });
    const dateOf = (zone: string, atMs: number): number => Math.floor(localOf(zone, atMs) / 86_400_000);
    fc.assert(
      fc.property(fc.constantFrom(...zones), moment, (zone, nowMs) => {
        const { startMs, endMs } = calendarBounds("day", zone, nowMs);
        expect(dateOf(zone, startMs - 1)).toBe(dateOf(zone, nowMs) - 1);
        expect(dateOf(zone, startMs)).toBe(dateOf(zone, nowMs));
        expect(dateOf(zone, endMs - 1)).toBe(dateOf(zone, nowMs));
        expect(dateOf(zone, endMs)).toBe(dateOf(zone, nowMs) + 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it("an unknown zone is a clear error", () => {
    expect(() => windowBounds("day", "calendar", new Calendar("Mars/Olympus"), 0)).toThrow(
      'no time zone is named "Mars/Olympus"',
    );
  });
});

describe("rolling windows", () => {
  it.each([
    ["hour", hourMs],
    ["day", 24 * hourMs],
    ["month", 720 * hourMs],
  ] as const)("a rolling %s is the last %i ms", (window, lengthMs) => {
    expect(windowBounds(window, "rolling", new Calendar("UTC"), 1_000_000_000_000)).toEqual({
      startMs: 1_000_000_000_000 - lengthMs,
      endMs: null,
    });
  });
});
