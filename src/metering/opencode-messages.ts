/**
 * Usage from the messages that OpenCode's plugin writes down, each a line: the same objects, under the same ids, that
 * its database keeps, so that neither counts beside the other.
 */
import { jsonLines, nameAt, objectAt } from "./json-lines.ts";
import { mergeRecords } from "./merge-records.ts";
import { opencodeRecord } from "./opencode-record.ts";
import type { UsageRecord } from "./usage.ts";

/** One record a message. Never throws. */
export function parseOpencodeMessages(text: string): UsageRecord[] {
  const records: UsageRecord[] = [];
  for (const line of jsonLines(text, ['"opencode-message"'])) {
    const id = nameAt(line, "id");
    const data = objectAt(line, "data");
    if (line["type"] !== "opencode-message" || id === null || data === null) continue;
    const sessionId = nameAt(line, "sessionID");
    const record = opencodeRecord({ id, sessionId, cliVersion: null, data: JSON.stringify(data) });
    if (record !== null) records.push(record);
  }
  return mergeRecords([records]);
}
