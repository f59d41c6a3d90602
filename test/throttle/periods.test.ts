import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  daysOf,
  periodAt,
  periodBefore,
  periodOfDate,
  PERIOD_KINDS,
  sameMomentBefore,
} from "../../src/throttle/periods.ts";

const hour = 3_600_000;
const at = (iso: string): number => Date.parse(iso);

describe("a week", () => {
  it("begins on Monday, at the first instant of the zone's day", () => {
    expect(periodAt("weekly", "Europe/Berlin", at("2026-11-22T23:30:00Z"))).toEqual({
      kind: "weekly",
      name: "2026-11-23",
      firstDay: "2026-11-23",
      lastDay: "2026-11-29",
      fromMs: at("2026-11-22T23:00:00Z"),
      toMs: at("2026-11-29T23:00:00Z"),
    });
    expect(periodAt("weekly", "UTC", at("2026-11-22T23:30:00Z")).name).toBe("2026-11-16");
  });

  it.each([
    ["summer time ends", "2026-10-25", 169],
    ["summer time begins", "2026-03-29", 167],
    ["nothing changes", "2026-11-25", 168],
  ])("in which %s has its hours", (_, date, hours) => {
    const { fromMs, toMs } = periodOfDate("weekly", "Europe/Berlin", date);
    expect((toMs - fromMs) / hour).toBe(hours);
  });

  it("of a zone that left a date out has a day less", () => {
    // Samoa went over the date line: there was no 30 December 2011.
    const days = daysOf(periodOfDate("weekly", "Pacific/Apia", "2011-12-28"), "Pacific/Apia");
    expect(days.map(({ date }) => date.slice(5))).toEqual([
      "12-26",
      "12-27",
      "12-28",
      "12-29",
      "12-31",
      "01-01",
    ]);
  });
});

describe("a month", () => {
  it("has its days, and the one before ends where it begins", () => {
    const march = periodOfDate("monthly", "Europe/Berlin", "2026-03-31");
    expect(march).toMatchObject({ name: "2026-03", firstDay: "2026-03-01", lastDay: "2026-03-31" });
    expect((march.toMs - march.fromMs) / hour).toBe(31 * 24 - 1);
    const february = periodBefore(march, "Europe/Berlin");
    expect(february).toMatchObject({ name: "2026-02", toMs: march.fromMs });
    expect(periodBefore(periodOfDate("monthly", "UTC", "2026-01-15"), "UTC").name).toBe("2025-12");
  });
});

describe("as much of the period before", () => {
  const same = (zone: string, now: string): string => {
    const period = periodAt("monthly", zone, at(now));
    return new Date(sameMomentBefore(period, periodBefore(period, zone), zone, at(now))).toISOString();
  };

  it("is the same day and time by the wall clock, on the next quarter of an hour", () => {
    expect(same("UTC", "2026-11-12T10:03:00Z")).toBe("2026-10-12T10:15:00.000Z");
    expect(same("Europe/Berlin", "2026-11-12T10:00:00Z")).toBe("2026-10-12T09:00:00.000Z");
  });

  it("ends with it where it was shorter", () => {
    expect(same("UTC", "2026-03-30T10:00:00Z")).toBe("2026-03-01T00:00:00.000Z");
  });
});

describe("any period of any zone", () => {
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];

  it("holds its moment, follows the one before and is made of its days without a gap", () => {
    const moment = fc.integer({ min: at("2000-01-01T00:00:00Z"), max: at("2040-01-01T00:00:00Z") });
    const anything = [fc.constantFrom(...PERIOD_KINDS), fc.constantFrom(...zones), moment] as const;
    fc.assert(
      fc.property(...anything, (kind, zone, atMs) => {
        const period = periodAt(kind, zone, atMs);
        expect(period.fromMs).toBeLessThanOrEqual(atMs);
        expect(period.toMs).toBeGreaterThan(atMs);
        expect(periodBefore(period, zone).toMs).toBe(period.fromMs);
        expect(periodOfDate(kind, zone, period.lastDay)).toEqual(period);
        const days = daysOf(period, zone);
        expect(days[0]?.fromMs).toBe(period.fromMs);
        expect(days.at(-1)?.toMs).toBe(period.toMs);
        for (const [n, day] of days.entries()) {
          if (n > 0) expect(day.fromMs).toBe(days[n - 1]?.toMs);
          expect(day.fromMs % 900_000).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
