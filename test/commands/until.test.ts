import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseUntil } from "../../src/commands/until.ts";

const now = Date.parse("2026-02-13T10:42:07Z");

describe("a moment as a person says it", () => {
  it.each([
    ["18:00", "UTC", "2026-02-13T18:00:00Z"],
    ["9:30", "UTC", "2026-02-14T09:30:00Z"],
    ["10:42", "UTC", "2026-02-14T10:42:00Z"],
    ["18:00", "America/New_York", "2026-02-13T23:00:00Z"],
    ["01:00", "Pacific/Auckland", "2026-02-13T12:00:00Z"],
    ["2026-02-13 18:00", "Europe/Berlin", "2026-02-13T17:00:00Z"],
    ["2026-02-14T00:00", "UTC", "2026-02-14T00:00:00Z"],
    ["+2h", "UTC", "2026-02-13T12:42:07Z"],
    ["90m", "UTC", "2026-02-13T12:12:07Z"],
    ["1d", "UTC", "2026-02-14T10:42:07Z"],
  ])("%s in %s", (text, zone, expected) => {
    expect(new Date(parseUntil(text, zone, now)).toISOString()).toBe(new Date(expected).toISOString());
  });

  it("takes the first instant of an hour that summer time leaves out", () => {
    const evening = Date.parse("2026-03-28T20:00:00Z");
    expect(parseUntil("02:30", "Europe/Berlin", evening)).toBe(Date.parse("2026-03-29T01:00:00Z"));
  });

  it.each([
    ["", "is no time"],
    ["tomorrow", "is no time"],
    ["24:00", "is no time"],
    ["2026-02-31 10:00", "is no time"],
    ["2026-02-13 09:00", "has passed already"],
    ["+0h", "has passed already"],
    ["2030-01-01 00:00", "more than a year ahead"],
    ["99999d", "more than a year ahead"],
  ])("refuses %j", (text, expected) => {
    expect(() => parseUntil(text, "UTC", now)).toThrow(expected);
  });

  it("is always ahead, and within a day for a time of day", () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu");
    const atMs = fc.integer({
      min: Date.parse("2024-01-01T00:00:00Z"),
      max: Date.parse("2030-01-01T00:00:00Z"),
    });
    fc.assert(
      fc.property(time, zone, atMs, ([hour, minute], zoneName, nowMs) => {
        const at = parseUntil(`${hour}:${String(minute).padStart(2, "0")}`, zoneName, nowMs);
        expect(at).toBeGreaterThan(nowMs);
        expect(at).toBeLessThanOrEqual(nowMs + 25 * 3_600_000);
      }),
    );
  });
});
