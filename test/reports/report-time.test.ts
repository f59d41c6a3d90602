import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueAfter, lastDue, parseReportTime, reportTimeWords } from "../../src/reports/report-time.ts";
import type { PeriodKind } from "../../src/throttle/periods.ts";

const iso = (atMs: number): string => new Date(atMs).toISOString();

describe("a time", () => {
  it.each([
    ["weekly", "monday-08:00", "monday-08:00"],
    ["weekly", " Fri-9:05 ", "friday-09:05"],
    ["monthly", "1-08:00", "1-08:00"],
    ["monthly", "31-23:59", "31-23:59"],
  ] as const)("of a %s report is read from %s", (kind, text, words) => {
    const time = parseReportTime(kind, text);
    expect(reportTimeWords(kind, time)).toBe(words);
    expect(parseReportTime(kind, words)).toEqual(time);
  });

  it.each([
    ["weekly", "munday-08:00", "did you mean monday?"],
    ["weekly", "1-08:00", "weekday"],
    ["weekly", "monday", "monday-08:00"],
    ["weekly", "monday-24:00", "monday-08:00"],
    ["weekly", `monday-08:00${"x".repeat(200)}`, "monday-08:00"],
    ["monthly", "monday-08:00", "1 to 31"],
    ["monthly", "0-08:00", "1 to 31"],
    ["monthly", "32-08:00", "1 to 31"],
    ["monthly", "1-08:60", "1-08:00"],
  ] as const)("of a %s report is not read from %s", (kind, text, words) => {
    expect(() => parseReportTime(kind, text)).toThrow(words);
  });
});

describe("what is due", () => {
  it.each([
    ["weekly", "monday-08:00", "Europe/Berlin", "2026-11-23T06:59:59.999Z", "2026-11-23T07:00:00.000Z"],
    ["weekly", "monday-08:00", "Europe/Berlin", "2026-11-23T07:00:00.000Z", "2026-11-30T07:00:00.000Z"],
    // Over the end of summer time it is an hour later by UTC.
    ["weekly", "monday-08:00", "Europe/Berlin", "2026-10-19T06:00:00.000Z", "2026-10-26T07:00:00.000Z"],
    // 02:30 does not come on this day: it is due at the jump.
    ["weekly", "sunday-02:30", "Europe/Berlin", "2026-03-28T00:00:00.000Z", "2026-03-29T01:00:00.000Z"],
    // 02:30 comes twice on this one: the first counts, and the second is not due again.
    ["weekly", "sunday-02:30", "Europe/Berlin", "2026-10-24T00:00:00.000Z", "2026-10-25T00:30:00.000Z"],
    ["weekly", "sunday-02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z", "2026-11-01T01:30:00.000Z"],
    ["monthly", "31-08:00", "UTC", "2026-02-01T00:00:00.000Z", "2026-02-28T08:00:00.000Z"],
    ["monthly", "1-00:00", "UTC", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
  ] as const)("%s on %s in %s after %s is %s", (kind, on, zone, after, due) => {
    expect(iso(dueAfter(kind, parseReportTime(kind, on), zone, Date.parse(after)))).toBe(due);
  });

  it("comes after any moment, and the last one before it is not after it, with none between", () => {
    const moment = fc.integer({ min: Date.parse("2010-01-01"), max: Date.parse("2035-01-01") });
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe");
    const time = fc.record({ day: fc.integer({ min: 1, max: 6 }), minuteOfDay: fc.nat(1439) });
    fc.assert(
      fc.property(
        fc.constantFrom<PeriodKind>("weekly", "monthly"),
        time,
        zone,
        moment,
        (kind, on, at, atMs) => {
          const [last, next] = [lastDue(kind, on, at, atMs), dueAfter(kind, on, at, atMs)];
          expect(last).toBeLessThanOrEqual(atMs);
          expect(next).toBeGreaterThan(atMs);
          expect(dueAfter(kind, on, at, last)).toBe(next);
          expect(lastDue(kind, on, at, next)).toBe(next);
        },
      ),
      { numRuns: 60 },
    );
  });
});
