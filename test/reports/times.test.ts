import { describe, expect, test } from "vitest";
import {
  dateAndMinute,
  dateAndTime,
  duration,
  shortMoment,
  span,
  timeOfDay,
} from "../../src/reports/times.ts";
import { nowMs, paper } from "./models.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe("times", () => {
  test.each([
    [-5, "0s"],
    [45 * second, "45s"],
    [minute, "1m00s"],
    [2 * minute + 14 * second, "2m14s"],
    [17 * minute + 53 * second, "17m53s"],
    [hour - 1, "59m59s"],
    [13 * hour + 17 * minute, "13h17m"],
    [3 * hour + 5 * minute, "3h05m"],
    [15 * day + 13 * hour, "15d13h"],
  ])("%i ms is %s", (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });

  test("a span is told to the minute", () => {
    expect(span(42 * minute + 7 * second)).toBe("42m");
    expect(span(7 * second)).toBe("7s");
    expect(span(3 * hour)).toBe("3h00m");
  });

  test("moments are local to the paper", () => {
    expect(dateAndTime(nowMs, paper(80))).toBe("2026-02-13 10:42:07");
    expect(dateAndMinute(nowMs, paper(80))).toBe("2026-02-13 10:42");
    expect(timeOfDay(nowMs, paper(80, { timeZone: "Asia/Tokyo" }))).toBe("19:42:07");
    expect(dateAndTime(Date.UTC(2026, 0, 1, 0, 0, 5), paper(80))).toBe("2026-01-01 00:00:05");
  });

  test.each([
    [nowMs + 4 * minute, "10:46"],
    [nowMs + 4 * day, "17 Feb"],
    [Date.UTC(2027, 0, 2), "2 Jan 2027"],
    [Number.NaN, "n/a"],
  ])("a near moment %d", (atMs, expected) => {
    expect(shortMoment(atMs, nowMs, paper(80))).toBe(expected);
  });

  test("today is a matter of the zone", () => {
    expect(shortMoment(nowMs + 6 * hour, nowMs, paper(80, { timeZone: "Asia/Tokyo" }))).toBe("14 Feb");
  });
});
