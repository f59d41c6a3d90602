/** Reports of weeks and months as they are asked for: made now, written to a file, or made at times of their own. */
import { setImmediate as breathe } from "node:timers/promises";
import type { Config } from "./config.ts";
import { periodReport } from "./overview/period-report.ts";
import type { OverviewSources } from "./overview/sources.ts";
import { writeReport } from "./report-file.ts";
import type { ReportSchedule } from "./report-schedule.ts";
import type { PeriodReport } from "./reports/period-report.ts";
import { periodLines, type ReportFormat } from "./reports/period-text.ts";
import type { ScheduledReport } from "./reports/report-schedule.ts";
import { periodAt, periodBefore, periodOfDate, type Period, type PeriodKind } from "./throttle/periods.ts";

/** `last` is the newest that is over, `this` the one that goes on, a date such as 2026-11-23 the one that holds it. */
export type PeriodOf = "last" | "this" | { readonly date: string };

export interface ReportDeskParts {
  readonly config: Config;
  readonly reportSchedule: ReportSchedule;
  views(): OverviewSources;
  now(): number;
}

export class ReportDesk {
  readonly #parts: ReportDeskParts;

  constructor(parts: ReportDeskParts) {
    this.#parts = parts;
  }

  make(kind: PeriodKind, of: PeriodOf): Promise<PeriodReport> {
    return reportOf(this.#period(kind, of), this.#parts.views());
  }

  /** CtmError `refused` where a file is there and `force` is not set, `io` where it cannot be written. */
  write(report: PeriodReport, format: ReportFormat, file: string, force: boolean): void {
    writeReport(file, periodLines(report, format, null), force);
  }

  schedules(): ScheduledReport[] {
    return this.#parts.reportSchedule.list();
  }

  /** CtmError `usage` for a time that is none. */
  schedule(kind: PeriodKind, on: string, format: ReportFormat): ScheduledReport[] {
    return this.#parts.reportSchedule.set(kind, on, format);
  }

  unschedule(kinds: readonly PeriodKind[]): ScheduledReport[] {
    return this.#parts.reportSchedule.remove(kinds);
  }

  /** From now on reports are made by themselves; those that were missed first. */
  serve(): void {
    this.#parts.reportSchedule.begin();
  }

  /** A machine that slept may have missed a moment. */
  sweep(): void {
    this.#parts.reportSchedule.look();
  }

  #period(kind: PeriodKind, of: PeriodOf): Period {
    const { config, now } = this.#parts;
    const { timeZone } = config.throttle;
    if (typeof of === "object") return periodOfDate(kind, timeZone, of.date);
    const running = periodAt(kind, timeZone, now());
    return of === "this" ? running : periodBefore(running, timeZone);
  }
}

/** Other work goes on between its days. */
export function reportOf(period: Period, views: OverviewSources): Promise<PeriodReport> {
  return periodReport(period, views, async () => {
    await breathe();
  });
}
