import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Calendar } from "../../src/throttle/calendar.ts";
import { WINDOWS } from "../../src/throttle/limits.ts";

const at = (text: string): number => Date.parse(text);
const zones = [
  "UTC",
  "America/New_York",
  "America/Santiago",
  "Africa/Cairo",
  "Asia/Beirut",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Honolulu",
];
const zone = fc.constantFrom(...zones);
const window = fc.constantFrom(...WINDOWS);
const moment = fc.integer({ min: at("2011-01-01T00:00:00Z"), max: at("2037-01-01T00:00:00Z") });
const seed = Number(process.env["CTM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe("F26 days of odd zones", () => {
  it.each([
    // 23 hours, then 25.
    ["America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"],
    ["America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"],
    // No midnight: the date begins at 01:00.
    ["Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"],
    ["Asia/Beirut", "2026-03-29T12:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"],
    ["America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"],
    // 30 December 2011 does not exist there: the 31st follows the 29th.
    ["Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"],
    ["Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"],
  ])("F26 %s at %s", (name, now, start, end) => {
    expect(new Calendar(name).bounds("day", at(now))).toEqual({ startMs: at(start), endMs: at(end) });
  });
});

describe("F26 moving to another zone", () => {
  it(`opens no window before its old end, and none that the new zone has not ended either (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(zone, { minLength: 2, maxLength: 5 }), window, moment, (path, kind, nowMs) => {
        const [first = "UTC", ...others] = path;
        let calendar = new Calendar(first);
        const before = calendar.bounds(kind, nowMs);
        let latestEndMs = before.endMs;
        for (const name of others) {
          calendar = calendar.movedTo(name, nowMs);
          latestEndMs = Math.max(latestEndMs, new Calendar(name).bounds(kind, nowMs).endMs);
          expect(calendar.bounds(kind, nowMs)).toEqual({ startMs: before.startMs, endMs: latestEndMs });
        }
        expect(calendar.bounds(kind, latestEndMs - 1).startMs).toBe(before.startMs);
        expect(calendar.bounds(kind, latestEndMs).startMs).toBe(latestEndMs);
      }),
      { numRuns: 1_000, seed },
    );
  });

  it("windows still tile the time line: each moment is in exactly one, and they abut", () => {
    const away = fc.integer({ min: -40, max: 40 });
    fc.assert(
      fc.property(zone, zone, window, moment, away, (from, to, kind, movedMs, hours) => {
        const calendar = new Calendar(from).movedTo(to, movedMs);
        const nowMs = movedMs + hours * 3_600_000;
        const { startMs, endMs } = calendar.bounds(kind, nowMs);
        expect(startMs).toBeLessThanOrEqual(nowMs);
        expect(nowMs).toBeLessThan(endMs);
        expect(calendar.bounds(kind, endMs).startMs).toBe(endMs);
        expect(calendar.bounds(kind, startMs - 1).endMs).toBe(startMs);
      }),
      { numRuns: 1_000, seed },
    );
  });

  it("moving to the same zone changes nothing", () => {
    const calendar = new Calendar("Asia/Beirut");
    expect(calendar.movedTo("Asia/Beirut", 0)).toBe(calendar);
  });
});
