/** `report weekly`, `report monthly` and their schedule. */
import { extname, resolve } from "node:path";
import * as z from "zod";
import type { PeriodReport } from "../reports/period-report.ts";
import { periodLines, REPORT_FORMATS, type ReportFormat } from "../reports/period-text.ts";
import { renderSchedule, type ScheduledReport } from "../reports/report-schedule.ts";
import { parseReportTime } from "../reports/report-time.ts";
import type { PeriodOf } from "../report-desk.ts";
import { PERIOD_KINDS, type PeriodKind } from "../throttle/periods.ts";
import { CtmError } from "../base/errors.ts";
import { defineCommand, type Command } from "./command.ts";
import { fit } from "./render.ts";
import * as words from "./words.ts";

const periodOf = z.unknown().transform((value, context): PeriodOf => {
  if (value === "last" || value === "this") return value;
  const named = typeof value === "object" && value !== null && "date" in value ? value.date : value;
  const date = words.localDate("--of").safeParse(named);
  if (date.success) return { date: date.data };
  context.addIssue({
    code: "custom",
    message: `--of is last, this or a day like 2026-11-23, not ${words.quote(value)}`,
  });
  return z.NEVER;
});

const schema = z.strictObject({
  of: words.orNull(periodOf),
  format: words.orNull(words.choice("format", REPORT_FORMATS)),
  out: words.orNull(words.filePath),
  force: words.flag,
  on: words.orNull(words.label),
  off: words.flag,
});
type Input = z.output<typeof schema>;

/** A report that was made, or what is made by itself from now on. */
type Result =
  | (PeriodReport & { readonly form: ReportFormat; readonly file: string | null })
  | { readonly schedules: readonly ScheduledReport[] };

function periodCommand(kind: PeriodKind, summary: string, on: string): Command {
  const word = kind === "weekly" ? "week" : "month";
  return defineCommand<Input, Result>({
    name: `report ${kind}`,
    group: "Hierarchy",
    summary,
    options: [
      { flags: "--of <which>", summary: `last (default), this, or a day of the ${word}: 2026-11-23` },
      {
        flags: "--format <format>",
        summary: "Its format (default: md, or as --out ends)",
        choices: REPORT_FORMATS,
      },
      { flags: "--out <file>", summary: "Write it to a file, which must not be there", kind: "file" },
      { flags: "--force", summary: "Overwrite that file" },
      { flags: "--on <time>", summary: `From now on make one every ${word}: ${on}` },
      { flags: "--off", summary: "End that" },
    ],
    examples: [
      `report ${kind}`,
      `report ${kind} --of this --format html --out ${word}.html`,
      `report ${kind} --on ${on}`,
    ],
    notes: [
      `Spend by day, model, type, agent and department, success, times, budgets, findings and savings, beside the ${word}`,
      "before. Days are those of the configured time zone, weeks begin on Monday. With --on they are written to the folder",
      "`reports` of the state folder (or `reports.folder`); one that was missed is made at the next start.",
    ],
    needs: "ledger",
    schema,
    prepare: (raw, { cwd }) =>
      typeof raw["out"] === "string" ? { ...raw, out: resolve(cwd, raw["out"]) } : raw,
    run: async (app, input) => {
      requireOneWish(input);
      const { of, on: time, off, out, force } = input;
      if (off) return { schedules: app.reports.unschedule([kind]) };
      const format = input.format ?? formatOf(out);
      if (time !== null) {
        parseReportTime(kind, time);
        return { schedules: app.reports.schedule(kind, time, format) };
      }
      const report = await app.reports.make(kind, of ?? "last");
      if (out !== null) app.reports.write(report, format, out, force);
      return { ...report, form: format, file: out };
    },
    render: (result, paper) => {
      if ("schedules" in result) return renderSchedule(result.schedules, paper);
      const { form, file, ...report } = result;
      return file === null ? periodLines(report, form, paper) : [fit(`Written: ${file}`, paper)];
    },
  });
}

/** `--on` and `--off` are about the schedule, all else about a report that is made now. */
function requireOneWish({ of, out, force, on, off, format }: Input): void {
  if (on !== null && off) throw new CtmError("usage", "--on and --off exclude each other");
  if ((on !== null || off) && (of !== null || out !== null || force))
    throw new CtmError("usage", "--of, --out and --force are for a report made now, not for a schedule");
  if (off && format !== null) throw new CtmError("usage", "--format says nothing with --off");
  if (force && out === null) throw new CtmError("usage", "--force goes with --out");
}

function formatOf(file: string | null): ReportFormat {
  const ending = file === null ? "" : extname(file).slice(1).toLowerCase();
  return (
    REPORT_FORMATS.find((format) => format === ending || (format === "html" && ending === "htm")) ?? "md"
  );
}

export const reportWeekly = periodCommand(
  "weekly",
  "Report on a week: spend, success, budgets, findings, saving",
  "monday-08:00",
);
export const reportMonthly = periodCommand("monthly", "Report on a month", "1-08:00");

const scheduleSchema = z.strictObject({ off: words.flag });

export const reportSchedule = defineCommand<z.output<typeof scheduleSchema>, readonly ScheduledReport[]>({
  name: "report schedule",
  group: "Hierarchy",
  summary: "Show which reports are made by themselves, and when",
  options: [{ flags: "--off", summary: "End all of them" }],
  examples: ["report schedule", "report schedule --off"],
  needs: "ledger",
  schema: scheduleSchema,
  run: (app, { off }) => (off ? app.reports.unschedule(PERIOD_KINDS) : app.reports.schedules()),
  render: renderSchedule,
});
