/**
 * Reports made at times of their own. When each is due stands in the ledger: one that was missed is made once, at the
 * next start, and one that was made is not made again. A timer waits for the nearest moment; nothing polls.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Config } from "./config.ts";
import type { Fact } from "./events/facts.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { ensurePrivateFolders } from "./ledger/state-folder.ts";
import { writeReport } from "./report-file.ts";
import type { PeriodReport } from "./reports/period-report.ts";
import { periodLines, REPORT_FORMATS, type ReportFormat } from "./reports/period-text.ts";
import type { ScheduledReport } from "./reports/report-schedule.ts";
import { dueAfter, lastDue, parseReportTime, reportTimeWords } from "./reports/report-time.ts";
import { periodAt, periodBefore, PERIOD_KINDS, type Period, type PeriodKind } from "./throttle/periods.ts";
import { WakeTimer } from "./wake-timer.ts";

const settingName = "report-schedule";
/** After a report that could not be written. */
const againMs = 600_000;

const Entry = z.object({
  /** As a person wrote it: what is due is reckoned from it in the zone of the day. */
  on: z.string(),
  format: z.enum(REPORT_FORMATS),
  /** What was due up to this moment is made. */
  doneMs: z.number(),
});
type Entry = z.infer<typeof Entry>;
const Kept = z.object({ weekly: Entry.optional(), monthly: Entry.optional() });

export interface ReportScheduleParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly bus: { publish(fact: Fact): void };
  make(period: Period): Promise<PeriodReport>;
  now(): number;
  trouble(error: unknown): void;
}

export class ReportSchedule {
  readonly #parts: ReportScheduleParts;
  readonly #timer: WakeTimer;
  #runs = false;
  #nextMs = Number.POSITIVE_INFINITY;
  #making: Promise<void> | null = null;
  #told: string | null = null;

  constructor(parts: ReportScheduleParts) {
    this.#parts = parts;
    this.#timer = new WakeTimer(parts.now, () => this.look());
  }

  /** From now on reports are made; those that were missed first. */
  begin(): void {
    this.#runs = true;
    this.#wait(0);
  }

  /** Makes what is due by now. Also for a slow sweep: timers stand still while a machine sleeps. */
  look(): void {
    if (!this.#runs || this.#making !== null || this.#parts.now() < this.#nextMs) return this.#arm();
    this.#making = this.#makeDue().finally(() => {
      this.#making = null;
    });
  }

  list(): ScheduledReport[] {
    const kept = this.#kept();
    return PERIOD_KINDS.flatMap((kind) => {
      const entry = kept[kind];
      if (entry === undefined) return [];
      const { on, format } = entry;
      return [{ kind, on, format, nextMs: this.#dueMs(kind, entry), folder: this.#folder, runs: this.#runs }];
    });
  }

  /** Takes the place of a schedule of this kind. CtmError `usage` for a time that is none. */
  set(kind: PeriodKind, on: string, format: ReportFormat): ScheduledReport[] {
    const words = reportTimeWords(kind, parseReportTime(kind, on));
    this.#keep(kind, { on: words, format, doneMs: this.#parts.now() });
    return this.list();
  }

  remove(kinds: readonly PeriodKind[]): ScheduledReport[] {
    for (const kind of kinds) this.#keep(kind, undefined);
    return this.list();
  }

  /** Resolves when no report is being made any more. */
  async close(): Promise<void> {
    this.#runs = false;
    this.#timer.cancel();
    await this.#making;
  }

  async #makeDue(): Promise<void> {
    const { now, trouble } = this.#parts;
    try {
      for (const kind of PERIOD_KINDS) {
        const entry = this.#kept()[kind];
        if (this.#runs && entry !== undefined && this.#dueMs(kind, entry) <= now())
          await this.#makeOne(kind, entry);
      }
      this.#told = null;
      this.#wait(0);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (this.#runs && message !== this.#told) trouble(error);
      this.#told = message;
      this.#wait(now() + againMs);
    }
  }

  /** Of several that were missed the last one: its week or month is over. */
  async #makeOne(kind: PeriodKind, entry: Entry): Promise<void> {
    const { config, bus, now, make } = this.#parts;
    const { timeZone } = config.throttle;
    const dueMs = lastDue(kind, parseReportTime(kind, entry.on), timeZone, now());
    const period = periodBefore(periodAt(kind, timeZone, dueMs), timeZone);
    const file = join(this.#folder, `${kind}-${period.name}.${entry.format}`);
    if (!existsSync(this.#folder)) ensurePrivateFolders([this.#folder]);
    // One that is there was made before, by a manager that died before it could say so, or by a person.
    const isNew = !existsSync(file);
    if (isNew) writeReport(file, periodLines(await make(period), entry.format, null), false);
    if (this.#kept()[kind]?.on === entry.on) this.#keep(kind, { ...entry, doneMs: dueMs });
    if (isNew) bus.publish({ kind: "report-made", atMs: now(), report: kind, period: period.name, file });
  }

  #dueMs(kind: PeriodKind, { on, doneMs }: Entry): number {
    return dueAfter(kind, parseReportTime(kind, on), this.#parts.config.throttle.timeZone, doneMs);
  }

  get #folder(): string {
    const { reports, paths } = this.#parts.config;
    return reports.folder ?? paths.reportsDir;
  }

  #kept(): z.infer<typeof Kept> {
    const text = this.#parts.ledger.settings.get(settingName);
    if (text === null) return {};
    try {
      return Kept.parse(JSON.parse(text));
    } catch {
      return {}; // Written by nobody of ours.
    }
  }

  #keep(kind: PeriodKind, entry: Entry | undefined): void {
    const kept = { ...this.#kept(), [kind]: entry };
    const none = PERIOD_KINDS.every((one) => kept[one] === undefined);
    this.#parts.ledger.settings.set(settingName, none ? null : JSON.stringify(kept));
    this.#wait(0);
  }

  /** For the nearest that is due, but not before `fromMs`. */
  #wait(fromMs: number): void {
    const kept = this.#kept();
    const dues = PERIOD_KINDS.flatMap((kind) =>
      kept[kind] === undefined ? [] : [this.#dueMs(kind, kept[kind])],
    );
    this.#nextMs = Math.max(fromMs, Math.min(Number.POSITIVE_INFINITY, ...dues));
    this.#timer.cancel();
    this.#arm();
  }

  #arm(): void {
    if (this.#runs && Number.isFinite(this.#nextMs)) this.#timer.by(this.#nextMs);
  }
}
