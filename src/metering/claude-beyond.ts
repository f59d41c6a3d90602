/**
 * What Claude Code used beside the lines of a session: requests of compactions and helpers. It states what a session
 * came to, by model, when its process ends; what is left of that without the lines was used by them. Exact only for a
 * session that began and ended within what is looked at: nothing says when, or for which of several turns, the rest was.
 */
import { isCopy } from "./claude-record.ts";
import { asObject, countAt, jsonLines, nameAt, objectAt, type JsonObject } from "./json-lines.ts";
import { NO_USAGE, totalTokens, type Usage, type UsageRecord } from "./usage.ts";

/**
 * The records of a whole session, with what its `transcript` states beside them; null = it states nothing that they can
 * be held against: it has not ended, or is a fork, whose total starts from its parent's.
 */
export function withClaudeBeyond(
  transcript: string,
  sessionId: string,
  records: readonly UsageRecord[],
): readonly UsageRecord[] | null {
  const stated = statedBy(transcript, sessionId);
  if (stated === null) return null;
  const rest = restOf(stated, records);
  if (rest === null) return null;
  const lastMs = records.reduce<number | null>(
    (last, { atMs }) => (atMs === null || (last !== null && last >= atMs) ? last : atMs),
    null,
  );
  const beyond = [...rest].map(
    ([model, usage]): UsageRecord => ({
      // One entry a session and model, for ever: read again, it counts once.
      key: `stated by session ${sessionId} of ${model}`,
      model,
      usage,
      atMs: lastMs,
      sessionId,
      cliVersion: null,
      flags: ["beyond-record"],
    }),
  );
  return [...records.map(withoutDoubt), ...beyond];
}

/** What the last statement says, by model; null = there is none, it is not the last word, or not of this session alone. */
function statedBy(transcript: string, sessionId: string): ReadonlyMap<string, Usage> | null {
  let last: JsonObject | null = null;
  for (const line of jsonLines(transcript, ['"cost-state"', '_tokens"'])) {
    if (line["type"] === "cost-state") last = line;
    else if (line["type"] === "assistant") last = null;
    if (isCopy(line)) return null;
  }
  const byModel = objectAt(last, "modelUsage");
  if (byModel === null || nameAt(last, "sessionId") !== sessionId) return null;
  return new Map(Object.entries(byModel).map(([model, counts]) => [model, usageOf(asObject(counts))]));
}

function usageOf(counts: JsonObject | null): Usage {
  const writes = countAt(counts, "cacheCreationInputTokens");
  const oneHour = countAt(counts, "cacheCreationEphemeral1hInputTokens");
  return {
    inputTokens: countAt(counts, "inputTokens"),
    cacheReadTokens: countAt(counts, "cacheReadInputTokens"),
    cacheWrite5mTokens: writes - oneHour,
    cacheWrite1hTokens: oneHour,
    outputTokens: countAt(counts, "outputTokens"),
    reasoningTokens: countAt(counts, "thinkingTokens"),
  };
}

/** What is left by model; null where the lines hold more than is stated, so that the two do not tell of the same. */
function restOf(
  stated: ReadonlyMap<string, Usage>,
  records: readonly UsageRecord[],
): ReadonlyMap<string, Usage> | null {
  const rest = new Map(stated);
  for (const { model, usage } of records) {
    const name = (model ?? "").replace(/-(?:fast|batch)$/, "");
    rest.set(name, less(rest.get(name) ?? NO_USAGE, usage));
  }
  const left = [...rest].filter(([, usage]) => totalTokens(usage) !== 0 || holdsLess(usage));
  return left.some(([, usage]) => holdsLess(usage)) ? null : new Map(left);
}

function less(from: Usage, taken: Usage): Usage {
  return {
    inputTokens: from.inputTokens - taken.inputTokens,
    cacheReadTokens: from.cacheReadTokens - taken.cacheReadTokens,
    cacheWrite5mTokens: from.cacheWrite5mTokens - taken.cacheWrite5mTokens,
    cacheWrite1hTokens: from.cacheWrite1hTokens - taken.cacheWrite1hTokens,
    outputTokens: from.outputTokens - taken.outputTokens,
    reasoningTokens: from.reasoningTokens - taken.reasoningTokens,
  };
}

function holdsLess(usage: Usage): boolean {
  return Object.values(usage).some((tokens) => tokens < 0);
}

/** What was in doubt is booked now. */
function withoutDoubt(record: UsageRecord): UsageRecord {
  return { ...record, flags: record.flags.filter((flag) => flag !== "compaction-unseen") };
}
