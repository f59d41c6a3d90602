/** `report schedule`: which reports are made by themselves, when next, and where they are written. */
import type { PeriodKind } from "../throttle/periods.ts";
import { oneLine } from "./cells.ts";
import { wrapWords } from "./lines.ts";
import type { Paper } from "./paper.ts";
import type { ReportFormat } from "./period-text.ts";
import { dateAndMinute } from "./times.ts";

export interface ScheduledReport {
  readonly kind: PeriodKind;
  /** `monday-08:00`, or `1-08:00` of a monthly one. */
  readonly on: string;
  readonly format: ReportFormat;
  readonly nextMs: number;
  readonly folder: string;
  /** False: no manager runs, and the next one to start makes it. */
  readonly runs: boolean;
}

export function renderSchedule(rows: readonly ScheduledReport[], paper: Paper): string[] {
  const [first] = rows;
  if (first === undefined)
    return wrapWords(
      "",
      "No reports are made by themselves: `report weekly --on monday-08:00` makes one a week.",
      paper,
    );
  const lines = rows.map(
    ({ kind, on, format, nextMs }) =>
      `${kind.padEnd(8)} ${on.padEnd(15)} ${format.padEnd(5)} next ${dateAndMinute(nextMs, paper)}`,
  );
  const waits = first.runs ? "" : " No manager runs: what falls due meanwhile is made when one starts.";
  return [...lines, ...wrapWords("", `Written to ${oneLine(first.folder)}.${waits}`, paper)];
}
