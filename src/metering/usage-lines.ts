/** Usage as our own lines tell it: one line of JSON a response, of one `type`. */
import { countAt, jsonLines, nameAt } from "./json-lines.ts";
import { mergeRecords } from "./merge-records.ts";
import type { UsageRecord } from "./usage.ts";

/** The type of the lines that agents declared in the configuration write. */
export const USAGE_LINE = "usage";

/** One record a response, whatever else stands in the text; tokens that are not told are 0. Never throws. */
export function parseUsageLines(text: string, type: string): UsageRecord[] {
  const records: UsageRecord[] = [];
  for (const line of jsonLines(text, [`"${type}"`])) {
    const id = nameAt(line, "id");
    if (line["type"] !== type || id === null) continue;
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
