import fc from "fast-check";
import { expect, it } from "vitest";
import { quietUntil } from "../../src/alerts/quiet-hours.ts";

const at = (text: string) => Date.parse(text);
const night = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: "Europe/Berlin" };
const noon = { fromMinute: 12 * 60, toMinute: 13 * 60 + 30, timeZone: "UTC" };
const early = { fromMinute: 2 * 60 + 30, toMinute: 5 * 60, timeZone: "Europe/Berlin" };

it.each([
  ["before the night", night, "2026-02-10T20:59:59Z", null],
  ["at its first moment", night, "2026-02-10T21:00:00Z", "2026-02-11T06:00:00Z"],
  ["after midnight", night, "2026-02-11T03:00:00Z", "2026-02-11T06:00:00Z"],
  ["at its end", night, "2026-02-11T06:00:00Z", null],
  ["within a day", noon, "2026-02-10T13:29:59Z", "2026-02-10T13:30:00Z"],
  ["after it", noon, "2026-02-10T13:30:00Z", null],
  // Clocks go forward at 02:00 on 29 March 2026: that night has eight hours.
  ["in the short night", night, "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"],
  // And back at 03:00 on 25 October: ten hours.
  ["in the long night", night, "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"],
  // 02:30 is skipped on 29 March: it begins with the jump, at 01:00 UTC.
  ["where its beginning is skipped", early, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"],
  ["just before that", early, "2026-03-29T00:59:59Z", null],
] as const)("%s", (_, hours, now, end) => {
  expect(quietUntil(hours, at(now))).toBe(end === null ? null : at(end));
});

it("an end lies ahead, is not quiet itself, and all moments until then end at it", () => {
  const minute = fc.nat(1_439);
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
  const moment = fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2027-01-01T00:00:00Z") });
  fc.assert(
    fc.property(
      minute,
      minute,
      zone,
      moment,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (from, to, timeZone, nowMs, part) => {
        fc.pre(from !== to);
        const hours = { fromMinute: from, toMinute: to, timeZone };
        const endMs = quietUntil(hours, nowMs);
        if (endMs === null) return;
        expect(endMs).toBeGreaterThan(nowMs);
        expect(endMs - nowMs).toBeLessThanOrEqual(25 * 3_600_000);
        const between = Math.min(endMs - 1, Math.floor(nowMs + part * (endMs - nowMs)));
        expect(quietUntil(hours, between)).not.toBeNull();
      },
    ),
    { numRuns: 60 },
  );
});
