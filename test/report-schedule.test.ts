import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Config } from "../src/config.ts";
import type { Fact } from "../src/events/facts.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { ReportSchedule } from "../src/report-schedule.ts";
import { reportOf } from "../src/report-desk.ts";
import type { PeriodReport } from "../src/reports/period-report.ts";
import type { Period } from "../src/throttle/periods.ts";
import { OverviewBench } from "./support/overview-bench.ts";
import { waitFor } from "./support/wait-for.ts";

let folder: string;
let bench: OverviewBench;
let ledger: Ledger;
let nowMs: number;
let zone: string;
let written: string[];
let facts: Fact[];
let troubles: string[];
let make: (period: Period) => Promise<PeriodReport>;
const running: ReportSchedule[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-schedule-"));
  bench = await OverviewBench.open();
  ledger = Ledger.open(join(folder, "ledger.sqlite"));
  nowMs = Date.parse("2026-10-20T10:00:00Z");
  zone = "Europe/Berlin";
  [written, facts, troubles] = [[], [], []];
  make = async (period) => {
    const report = await reportOf(period, bench.sources);
    written.push(period.name);
    return report;
  };
});
afterEach(async () => {
  for (const schedule of running.splice(0)) await schedule.close();
  bench.close();
  ledger.close();
  rmSync(folder, { recursive: true });
});

function schedule(reportsFolder: string | null = null): ReportSchedule {
  const { config } = bench.sources;
  const here: Config = {
    ...config,
    paths: { ...config.paths, reportsDir: join(folder, "reports") },
    reports: { folder: reportsFolder },
    throttle: { ...config.throttle, timeZone: zone },
  };
  const one = new ReportSchedule({
    config: here,
    ledger,
    bus: { publish: (fact) => facts.push(fact) },
    make: (period) => make(period),
    now: () => nowMs,
    trouble: (error) => troubles.push(String(error)),
  });
  running.push(one);
  return one;
}

/** A start at this moment, until nothing is due any more. */
async function startAt(iso: string, one = schedule()): Promise<ReportSchedule> {
  nowMs = Date.parse(iso);
  one.begin();
  one.look();
  await waitFor("nothing to be due", () => one.list().every(({ nextMs }) => nextMs > nowMs));
  return one;
}
const files = (): string[] =>
  existsSync(join(folder, "reports")) ? readdirSync(join(folder, "reports")).sort() : [];
const next = (one: ReportSchedule): string[] =>
  one.list().map(({ nextMs }) => new Date(nextMs).toISOString());

describe("a report with a time of its own", () => {
  it("is made then, of the period that is over, once", async () => {
    const one = schedule();
    one.begin();
    expect(one.set("weekly", "mon-8:00", "md")).toMatchObject([
      { kind: "weekly", on: "monday-08:00", format: "md", runs: true },
    ]);
    // Summer time ends on the Sunday before.
    expect(next(one)).toEqual(["2026-10-26T07:00:00.000Z"]);
    nowMs = Date.parse("2026-10-26T06:59:59Z");
    one.look();
    expect(files()).toEqual([]);
    await startAt("2026-10-26T07:00:00Z", one);
    one.look();
    await one.close();
    expect(written).toEqual(["2026-10-19"]);
    expect(files()).toEqual(["weekly-2026-10-19.md"]);
    const file = join(folder, "reports/weekly-2026-10-19.md");
    expect(readFileSync(file, "utf8")).toContain("# Weekly report 2026-10-19 to 2026-10-25");
    expect(statSync(join(folder, "reports")).mode & 0o777).toBe(0o700);
    expect(facts).toEqual([
      { kind: "report-made", atMs: nowMs, report: "weekly", period: "2026-10-19", file },
    ]);
    expect(next(one)).toEqual(["2026-11-02T07:00:00.000Z"]);
  });

  it("is made once at the next start, whatever was missed, and not again at the one after", async () => {
    const before = schedule();
    before.set("weekly", "monday-08:00", "html");
    before.set("monthly", "31-08:00", "csv");
    expect(before.list().map(({ runs }) => runs)).toEqual([false, false]);
    await before.close();
    const one = await startAt("2026-12-09T12:00:00Z");
    await one.close();
    expect(written).toEqual(["2026-11-30", "2026-10"]);
    expect(files()).toEqual(["monthly-2026-10.csv", "weekly-2026-11-30.html"]);
    await startAt("2026-12-09T12:05:00Z");
    expect([written.length, facts.length]).toEqual([2, 2]);
  });

  it("that was written before a manager died is not made again, nor is a person's file touched", async () => {
    schedule().set("weekly", "monday-08:00", "md");
    mkdirSync(join(folder, "reports"));
    writeFileSync(join(folder, "reports/weekly-2026-10-19.md"), "there");
    await startAt("2026-10-26T08:00:00Z");
    expect([written, facts]).toEqual([[], []]);
    expect(readFileSync(join(folder, "reports/weekly-2026-10-19.md"), "utf8")).toBe("there");
  });

  it("that cannot be written is told once, and made when it can", async () => {
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "no folder");
    const one = schedule(join(blocked, "inner"));
    one.set("weekly", "monday-08:00", "md");
    nowMs = Date.parse("2026-10-26T08:00:00Z");
    one.begin();
    one.look();
    await waitFor("the trouble", () => troubles.length > 0);
    for (const minutes of [5, 6, 7]) {
      nowMs += minutes * 60_000;
      one.look();
      await new Promise(setImmediate);
    }
    expect(troubles).toHaveLength(1);
    rmSync(blocked);
    nowMs += 20 * 60_000;
    one.look();
    await waitFor("the report", () => existsSync(join(blocked, "inner/weekly-2026-10-19.md")));
  });

  it("goes by the zone of the day", async () => {
    schedule().set("monthly", "1-00:30", "json");
    zone = "Asia/Tokyo";
    const one = await startAt("2026-10-31T15:30:00Z");
    expect(written).toEqual(["2026-10"]);
    expect(next(one)).toEqual(["2026-11-30T15:30:00.000Z"]);
  });

  it("is ended, also while it is made, and what somebody else wrote there is no schedule", async () => {
    const one = schedule();
    one.set("weekly", "monday-08:00", "md");
    let go = (): void => undefined;
    const made = make;
    make = async (period) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return made(period);
    };
    nowMs = Date.parse("2026-10-26T08:00:00Z");
    one.begin();
    one.look();
    await new Promise(setImmediate);
    expect(one.remove(["weekly"])).toEqual([]);
    go();
    await one.close();
    expect(one.list()).toEqual([]);
    for (const text of ["nonsense", '{"weekly":{"on":7}}', "[]"]) {
      ledger.settings.set("report-schedule", text);
      expect(schedule().list()).toEqual([]);
    }
  });

  it("keeps the other kind when one is changed", () => {
    const one = schedule();
    one.set("weekly", "monday-08:00", "md");
    one.set("monthly", "1-08:00", "md");
    one.set("weekly", "friday-17:00", "html");
    expect(one.list().map(({ kind, on, format }) => [kind, on, format])).toEqual([
      ["weekly", "friday-17:00", "html"],
      ["monthly", "1-08:00", "md"],
    ]);
    expect(() => one.set("weekly", "someday", "md")).toThrow(/monday-08:00/);
    expect(one.remove(["weekly", "monthly"])).toEqual([]);
    expect(ledger.settings.get("report-schedule")).toBeNull();
  });
});
