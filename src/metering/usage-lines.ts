/** Usage as our own lines tell it: one line of JSON a response, of one `type`. */
import { countAt, nameAt, type JsonObject } from "./json-lines.ts";
import { readText, type RecordFormat } from "./record-format.ts";
import type { UsageRecord } from "./usage.ts";

/** The type of the lines that agents declared in the configuration write. */
export const USAGE_LINE = "usage";

/** Lines of this type, each of them whole in itself; tokens that are not told are 0. */
export function usageLines(type: string): RecordFormat {
  const read = (line: JsonObject): readonly UsageRecord[] => {
    const record = line["type"] === type ? recordOf(line) : null;
    return record === null ? [] : [record];
  };
  return { marks: [`"${type}"`], open: () => ({ read, state: () => null, cwd: () => null }) };
}

/** One record a response, whatever else stands in the text. Never throws. */
export function parseUsageLines(text: string, type: string): UsageRecord[] {
  return readText(usageLines(type), text);
}

function recordOf(line: JsonObject): UsageRecord | null {
  const id = nameAt(line, "id");
  const usage = {
    inputTokens: countAt(line, "input"),
    cacheReadTokens: countAt(line, "cacheRead"),
    cacheWrite5mTokens: countAt(line, "cacheWrite"),
    cacheWrite1hTokens: 0,
    outputTokens: countAt(line, "output"),
    reasoningTokens: 0,
  };
  if (id === null || Object.values(usage).some(Number.isNaN)) return null;
  const at = line["at"];
  return {
    key: id,
    model: nameAt(line, "model"),
    usage,
    atMs: typeof at === "number" && Number.isSafeInteger(at) && at >= 0 ? at : null,
    sessionId: nameAt(line, "session"),
    cliVersion: null,
    flags: [],
  };
}
