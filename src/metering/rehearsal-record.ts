/** The record of our own stand-in: one line of JSON a response. Its figures are played, nothing was spent. */
import type { UsageRecord } from "./usage.ts";
import type { RecordFormat } from "./record-format.ts";
import { parseUsageLines, usageLines } from "./usage-lines.ts";

export interface RehearsedUsage {
  readonly id: string;
  readonly session: string;
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const TYPE = "rehearsal-usage";

export const REHEARSAL_RECORD: RecordFormat = usageLines(TYPE);

/** The line for one response, without its line end. */
export function formatRehearsalRecord(usage: RehearsedUsage): string {
  const { id, session, model, input, output, cacheRead, cacheWrite, at } = usage;
  return JSON.stringify({ type: TYPE, id, session, model, input, output, cacheRead, cacheWrite, at });
}

/** One record a response, whatever else stands in the text. Never throws. */
export function parseRehearsalRecord(text: string): UsageRecord[] {
  return parseUsageLines(text, TYPE);
}
