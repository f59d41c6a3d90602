import { describe, expect, it } from "vitest";
import { cronFault, dueMoments, missedMax, nextMoment } from "../../src/activation/schedule.ts";
import type { Schedule } from "../../src/activation/trigger.ts";

const at = (text: string): number => Date.parse(text);
const berlin = (cron: string, catchup: Schedule["catchup"] = "once"): Schedule => ({
  cron,
  timeZone: "Europe/Berlin",
  catchup,
});
function moments(schedule: Schedule, from: string, count: number): string[] {
  const found: string[] = [];
  let atMs = at(from);
  while (found.length < count) {
    atMs = nextMoment(schedule, atMs) ?? Number.NaN;
    found.push(new Date(atMs).toISOString().slice(0, 16));
  }
  return found;
}

describe("a schedule on the clock of its zone", () => {
  it.each<[string, Schedule, string, string[]]>([
    [
      "a local time that does not exist is the first instant after it",
      berlin("30 2 * * *"),
      "2026-03-28T00:00:00Z",
      ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
    ],
    [
      "a local time that comes twice is taken once",
      berlin("30 2 * * *"),
      "2026-10-24T10:00:00Z",
      ["2026-10-25T00:30", "2026-10-26T01:30"],
    ],
    [
      "what comes every half hour comes through the change",
      berlin("*/30 * * * *"),
      "2026-10-25T00:00:00Z",
      ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30"],
    ],
    [
      "a midnight that does not exist",
      { cron: "0 0 * * *", timeZone: "America/Santiago", catchup: "once" },
      "2026-09-05T12:00:00Z",
      ["2026-09-06T04:00", "2026-09-07T03:00"],
    ],
    [
      "a day that does not exist at all",
      { cron: "0 9 * * *", timeZone: "Pacific/Apia", catchup: "once" },
      "2011-12-29T00:00:00Z",
      ["2011-12-29T19:00", "2011-12-30T19:00"],
    ],
  ])("%s", (_what, schedule, from, expected) => {
    expect(moments(schedule, from, expected.length)).toEqual(expected);
  });

  it("fires what is due, each moment once", () => {
    const hourly = berlin("0 * * * *");
    expect(dueMoments(hourly, at("2026-02-13T10:00:00Z"), at("2026-02-13T10:59:59Z"), 60_000)).toEqual([]);
    const due = dueMoments(hourly, at("2026-02-13T10:00:00Z"), at("2026-02-13T11:00:00Z"), 60_000);
    expect(due).toEqual([at("2026-02-13T11:00:00Z")]);
    expect(dueMoments(hourly, due[0] ?? 0, at("2026-02-13T11:00:01Z"), 60_000)).toEqual([]);
  });

  it("makes up for what was missed as it says", () => {
    const [last, now] = [at("2026-02-13T10:00:00Z"), at("2026-02-13T13:30:00Z")];
    const fired = (catchup: Schedule["catchup"]): number[] =>
      dueMoments(berlin("0 * * * *", catchup), last, now, 60_000);
    expect(fired("once")).toEqual([at("2026-02-13T13:00:00Z")]);
    expect(fired("skip")).toEqual([]);
    expect(fired("all")).toEqual([11, 12, 13].map((hour) => at(`2026-02-13T${hour}:00:00Z`)));
    expect(dueMoments(berlin("* * * * *", "all"), last, now, 60_000)).toHaveLength(missedMax);
  });

  it.each([
    [
      "leaves an hour out",
      "2026-03-28T00:00:00Z",
      ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
    ],
    [
      "has an hour twice",
      "2026-10-24T00:00:00Z",
      ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"],
    ],
  ])("makes up for each day once, asleep over the night that %s", (_what, from, expected) => {
    const missed = dueMoments(berlin("30 2 * * *", "all"), at(from), at(from) + 3 * 86_400_000, 60_000);
    expect(missed.map((ms) => new Date(ms).toISOString().slice(0, 16))).toEqual(expected);
    expect(dueMoments(berlin("30 2 * * *"), at(from), at(from) + 3 * 86_400_000, 60_000)).toEqual(
      missed.slice(-1),
    );
  });

  it.each([
    ["0 9 * * 1-5", null],
    ["0 0 30 2 *", "never comes due"],
    ["every day", "is no cron expression such as 0 9 * * 1-5"],
    ["61 * * * *", "is no cron expression such as 0 9 * * 1-5"],
  ])("%s: %s", (cron, fault) => {
    expect(cronFault(cron)).toBe(fault);
  });
});
