/** Several sightings of the same response count once: forks, resumed copies, one line for each block of an answer. */
import { messageOf } from "./packed-records.ts";
import { isSameUsage, maxUsage, type Usage, type UsageRecord } from "./usage.ts";

/**
 * One record a key, in order of first sighting, with the maximum of each counter, never the sum. What a side
 * conversation replays under a new request is left out when the message itself is there with equal counts.
 * The sums do not depend on the order of the lists.
 */
export function mergeRecords(lists: readonly (readonly UsageRecord[])[]): UsageRecord[] {
  const merged = new MergedRecords();
  for (const list of lists) merged.add(list);
  return merged.all();
}

/** The same, list by list, as they come. */
export class MergedRecords {
  readonly #byKey = new Map<string, UsageRecord>();

  add(list: readonly UsageRecord[]): void {
    for (const record of list) {
      const known = this.#byKey.get(record.key);
      const merged = known === undefined ? record : mergeTwo(known, record);
      if (merged !== known) this.#byKey.set(record.key, merged);
    }
  }

  all(): UsageRecord[] {
    return withoutReplays([...this.#byKey.values()]);
  }
}

/** Most sightings are the same response again, later. */
function saysNothingNew(known: UsageRecord, again: UsageRecord): boolean {
  return (
    again.model === known.model &&
    again.sessionId === known.sessionId &&
    again.cliVersion === known.cliVersion &&
    again.mayRepeat === known.mayRepeat &&
    again.statedNanoUsd === known.statedNanoUsd &&
    (again.atMs === known.atMs || (known.atMs !== null && again.atMs !== null && known.atMs < again.atMs)) &&
    again.flags.every((flag) => known.flags.includes(flag)) &&
    isSameUsage(known.usage, again.usage)
  );
}

/** What two sightings of a response say together: the first itself when the other adds nothing. */
export function mergeTwo(a: UsageRecord, b: UsageRecord): UsageRecord {
  if (saysNothingNew(a, b)) return a;
  const merged: UsageRecord = {
    key: a.key,
    model: firstOf(a.model, b.model),
    usage: mergeUsage(a.usage, b.usage),
    atMs: a.atMs === null || b.atMs === null ? (a.atMs ?? b.atMs) : Math.min(a.atMs, b.atMs),
    sessionId: firstOf(a.sessionId, b.sessionId),
    cliVersion: firstOf(a.cliVersion, b.cliVersion),
    flags: [...new Set([...a.flags, ...b.flags])].sort(),
  };
  return {
    ...merged,
    ...(a.mayRepeat !== undefined && b.mayRepeat !== undefined ? { mayRepeat: a.mayRepeat } : {}),
    ...(a.statedNanoUsd === undefined && b.statedNanoUsd === undefined
      ? {}
      : { statedNanoUsd: Math.max(a.statedNanoUsd ?? 0, b.statedNanoUsd ?? 0) }),
  };
}

/** The two kinds of cache writes go together: a first line may state their sum as one, a later one the split. */
export function mergeUsage(a: Usage, b: Usage): Usage {
  const writes = writesOf(a) - writesOf(b) || a.cacheWrite1hTokens - b.cacheWrite1hTokens;
  const { cacheWrite5mTokens, cacheWrite1hTokens } = writes >= 0 ? a : b;
  return { ...maxUsage(a, b), cacheWrite5mTokens, cacheWrite1hTokens };
}

function writesOf(usage: Usage): number {
  return usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
}

/** What is told beats null; of two tellings the one that sorts first, so that no order of files shows. */
function firstOf(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a <= b ? a : b;
}

/** Equal counts are asked for as well, since some gateways give every message the same id. */
function withoutReplays(records: UsageRecord[]): UsageRecord[] {
  if (records.every((record) => record.mayRepeat === undefined)) return records;
  const originals = new Set<string>();
  for (const { key, usage, mayRepeat } of records) {
    if (mayRepeat === undefined) originals.add(messageMark(messageOf(key), usage));
  }
  return records.filter(
    ({ mayRepeat, usage }) => mayRepeat === undefined || !originals.has(messageMark(mayRepeat, usage)),
  );
}

export function messageMark(message: string, usage: Usage): string {
  return `${usage.inputTokens}/${usage.outputTokens}/${message}`;
}
