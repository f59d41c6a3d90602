/**
 * Usage from Gemini CLI's chat logs: lines of JSON in newer versions, one JSON document a session in older ones. A
 * message is written again whenever it changes; its last counts are the whole ones. What was rewound was spent.
 *
 * Gemini counts cached tokens as input and thoughts beside the output; here the first stand apart, and output
 * includes the second, as they are billed. What tools put into a prompt is input.
 */
import { countAt, nameAt, objectsAt, objectAt, parseLine, timeAt, type JsonObject } from "./json-lines.ts";
import { mergeRecords } from "./merge-records.ts";
import { readText, type RecordFormat } from "./record-format.ts";
import { isCounted, type Usage, type UsageRecord } from "./usage.ts";

export const GEMINI_RECORD: RecordFormat = {
  marks: ['"tokens"', '"sessionId"'],
  open: (state) => {
    let sessionId = typeof state === "string" ? state : null;
    return {
      read: (line) => {
        sessionId = nameAt(line, "sessionId") ?? sessionId;
        const messages = [
          line,
          ...objectsAt(line, "messages"),
          ...objectsAt(objectAt(line, "$set"), "messages"),
        ];
        return messages.flatMap((message) => recordOf(message, sessionId));
      },
      state: () => sessionId,
      cwd: () => null,
    };
  },
};

/** One record a message found in `text`: a log, or the document of an older version. Never throws. */
export function parseGeminiRecord(text: string): UsageRecord[] {
  const document = parseLine(text.trim());
  if (document === null) return readText(GEMINI_RECORD, text);
  return mergeRecords([GEMINI_RECORD.open(null).read(document)]);
}

function recordOf(message: JsonObject, sessionId: string | null): UsageRecord[] {
  const usage = usageOf(objectAt(message, "tokens"));
  const id = nameAt(message, "id");
  if (usage === null || id === null) return [];
  return [
    {
      key: `${sessionId ?? "unknown"}/${id}`,
      model: nameAt(message, "model"),
      usage,
      atMs: timeAt(message, "timestamp"),
      sessionId,
      cliVersion: null,
      flags: [],
    },
  ];
}

/** Null when it is no usage, or holds what cannot be counts of tokens. */
function usageOf(from: JsonObject | null): Usage | null {
  if (from === null || (from["input"] === undefined && from["output"] === undefined)) return null;
  const cacheReadTokens = countAt(from, "cached");
  const reasoningTokens = countAt(from, "thoughts");
  const usage: Usage = {
    inputTokens: Math.max(0, countAt(from, "input") - cacheReadTokens) + countAt(from, "tool"),
    cacheReadTokens,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: countAt(from, "output") + reasoningTokens,
    reasoningTokens,
  };
  return isCounted(usage) ? usage : null;
}
