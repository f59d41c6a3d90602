import { expect, test } from "vitest";
import { resetTime } from "../../src/metering/reset-time.ts";

/** Monday, 23 November 2026, 12:44 in UTC. */
const now = Date.UTC(2026, 10, 23, 12, 44);

test.each([
  ["Claude AI usage limit reached|1755615600", 1_755_615_600_000],
  ["resets 2:44pm (UTC)", Date.UTC(2026, 10, 23, 14, 44)],
  ["resets 12:43pm (UTC)", Date.UTC(2026, 10, 24, 12, 43)],
  ["resets 12:44pm (UTC)", Date.UTC(2026, 10, 23, 12, 45)],
  ["resets Mon 12:44pm", Date.UTC(2026, 10, 23, 12, 45)],
  ["resets 12am (UTC)", Date.UTC(2026, 10, 24, 0)],
  ["Your limit will reset at 5pm (Europe/Warsaw).", Date.UTC(2026, 10, 23, 16)],
  ["resets 8pm (Asia/Dhaka)", Date.UTC(2026, 10, 23, 14)],
  ["resets 6:30am (Asia/Dhaka)", Date.UTC(2026, 10, 24, 0, 30)],
  ["resets Mon 12:00am", Date.UTC(2026, 10, 30, 0)],
  ["resets Mon 1:00pm", Date.UTC(2026, 10, 23, 13)],
  ["resets Sun 12:00am", Date.UTC(2026, 10, 29, 0)],
  ["resets Nov 26, 8:27am (America/New_York)", Date.UTC(2026, 10, 26, 13, 27)],
  ["resets Jan 2, 8am (UTC)", Date.UTC(2027, 0, 2, 8)],
  ["or try again at 3:10 PM.", Date.UTC(2026, 10, 23, 15, 10)],
  ["try again at Nov 26th, 2026 3:10 PM.", Date.UTC(2026, 10, 26, 15, 10)],
  ["resets 3pm (No/Such_Zone)", null],
  ["resets 13pm", null],
  ["resets 3:75pm", null],
  ["resets soon", null],
  ["limit reached|12", null],
  ["", null],
])("%j", (sentence, at) => {
  expect(resetTime(sentence, now, "UTC")).toBe(at);
});

test("a time without a zone is read in the zone that is given, summer time included", () => {
  expect(resetTime("resets 3pm", Date.UTC(2026, 6, 1, 10), "Europe/Berlin")).toBe(Date.UTC(2026, 6, 1, 13));
  expect(resetTime("resets 3pm", now, "Europe/Berlin")).toBe(Date.UTC(2026, 10, 23, 14));
  expect(resetTime("resets 3pm", now, "nowhere")).toBeNull();
});

test("the minute that runs now is over with itself, to its last moment", () => {
  const said = "You've hit your 5-hour limit · resets 12:44pm (UTC)";
  expect(resetTime(said, now + 59_999, "UTC")).toBe(now + 60_000);
  expect(resetTime(said, now + 60_000, "UTC")).toBe(now + 86_400_000);
});
