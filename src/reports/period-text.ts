/** The report of a week or month in each of its formats. */
import { documentHtml } from "./document-html.ts";
import { documentMarkdown } from "./document-markdown.ts";
import { jsonText } from "./json-text.ts";
import type { Paper } from "./paper.ts";
import { periodCsv } from "./period-csv.ts";
import { periodDocument } from "./period-document.ts";
import type { PeriodReport } from "./period-report.ts";

export const REPORT_FORMATS = ["md", "html", "json", "csv"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** `paper` null: for a file. */
export function periodLines(report: PeriodReport, format: ReportFormat, paper: Paper | null): string[] {
  switch (format) {
    case "md":
      return documentMarkdown(periodDocument(report), paper);
    case "html":
      return documentHtml(periodDocument(report));
    case "json":
      return [jsonText(report)];
    case "csv":
      return periodCsv(report);
    default:
      return format satisfies never;
  }
}
