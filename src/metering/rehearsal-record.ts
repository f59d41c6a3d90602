/** The record of our own stand-in: one line of JSON a response. Its figures are played, nothing was spent. */
import { countAt, jsonLines, nameAt } from "./json-lines.ts";
import { mergeRecords } from "./merge-records.ts";
import type { UsageRecord } from "./usage.ts";

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

/** The line for one response, without its line end. */
export function formatRehearsalRecord(usage: RehearsedUsage): string {
  const { id, session, model, input, output, cacheRead, cacheWrite, at } = usage;
  return JSON.stringify({ type: TYPE, id, session, model, input, output, cacheRead, cacheWrite, at });
}

/** One record a response, whatever else stands in the text. Never throws. */
export function parseRehearsalRecord(text: string): UsageRecord[] {
  const records: UsageRecord[] = [];
  for (const line of jsonLines(text, [`"${TYPE}"`])) {
    const id = nameAt(line, "id");
    if (line["type"] !== TYPE || id === null) continue;
    const usage = {
      inputTokens: countAt(line, "input"),
      cacheReadTokens: countAt(line, "cacheRead"),
      cacheWrite5mTokens: countAt(line, "cacheWrite"),
      cacheWrite1hTokens: 0,
      outputTokens: countAt(line, "output"),
      reasoningTokens: 0,
    };
    if (Object.values(usage).some(Number.isNaN)) continue;
    const at = line["at"];
    records.push({
      key: id,
      model: nameAt(line, "model"),
      usage,
      atMs: typeof at === "number" && Number.isSafeInteger(at) && at >= 0 ? at : null,
      sessionId: nameAt(line, "session"),
      cliVersion: null,
      flags: [],
    });
  }
  return mergeRecords([records]);
}
