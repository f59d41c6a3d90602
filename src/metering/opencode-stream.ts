/**
 * Usage from what `opencode run --format json` prints: each step ends with a line of what it took. One step is one
 * message, with the counts and the cost that OpenCode's database has of it. The model is not told.
 */
import { jsonLines, nameAt, objectAt } from "./json-lines.ts";
import { mergeRecords } from "./merge-records.ts";
import { opencodeRecord } from "./opencode-record.ts";
import type { UsageRecord } from "./usage.ts";

/** One record a message. Never throws. */
export function parseOpencodeStream(text: string): UsageRecord[] {
  const records: UsageRecord[] = [];
  for (const line of jsonLines(text, ['"step_finish"'])) {
    const part = objectAt(line, "part");
    const id = nameAt(part, "messageID");
    if (line["type"] !== "step_finish" || part === null || id === null) continue;
    const { tokens, cost } = part;
    const data = JSON.stringify({ role: "assistant", tokens, cost, time: { created: line["timestamp"] } });
    const record = opencodeRecord({ id, sessionId: nameAt(line, "sessionID"), cliVersion: null, data });
    if (record !== null) records.push(record);
  }
  return mergeRecords([records]);
}
