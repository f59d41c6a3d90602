/**
 * Usage from what `opencode run --format json` prints: each step ends with a line of what it took. One step is one
 * message, with the counts and the cost that OpenCode's database has of it. The model is not told.
 */
import { nameAt, objectAt, type JsonObject } from "./json-lines.ts";
import { opencodeRecord } from "./opencode-record.ts";
import { readText, type RecordFormat } from "./record-format.ts";
import type { UsageRecord } from "./usage.ts";

export const OPENCODE_STREAM: RecordFormat = {
  marks: ['"step_finish"'],
  open: () => ({ read: recordsOf, state: () => null, cwd: () => null }),
};

/** One record a message. Never throws. */
export function parseOpencodeStream(text: string): UsageRecord[] {
  return readText(OPENCODE_STREAM, text);
}

function recordsOf(line: JsonObject): readonly UsageRecord[] {
  const part = objectAt(line, "part");
  const id = nameAt(part, "messageID");
  if (line["type"] !== "step_finish" || part === null || id === null) return [];
  const { tokens, cost } = part;
  const data = JSON.stringify({ role: "assistant", tokens, cost, time: { created: line["timestamp"] } });
  const record = opencodeRecord({ id, sessionId: nameAt(line, "sessionID"), cliVersion: null, data });
  return record === null ? [] : [record];
}
