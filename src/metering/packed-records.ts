/** Records as one flat row of plain values: small as text, quick to read back, whole in what they say. */
import type { CompletenessFlag, UsageRecord } from "./usage.ts";

/** Names once, and places of so many values a record. */
export interface PackedRecords {
  readonly names: readonly string[];
  readonly values: readonly PackedValue[];
}

/** Of a record that says nothing beyond the rest, and of one that may repeat the message its key begins with. */
const PLAIN = 0;
const REPLAY = 1;

type PackedValue = string | number | null | readonly [string | null, number | null, number | null];

const FLAGS: readonly CompletenessFlag[] = [
  "output-under-recorded",
  "compaction-unseen",
  "unpriced-model",
  "beyond-record",
];
const NO_FLAGS: readonly CompletenessFlag[] = [];
const valuesPerRecord = 13;

/** What `JSON.stringify` takes and `unpackRecords` reads. */
export function packRecords(records: readonly UsageRecord[]): PackedRecords {
  const names: string[] = [];
  const places = new Map<string, number>();
  const placeOf = (name: string | null): number => {
    if (name === null) return -1;
    let place = places.get(name);
    if (place === undefined) {
      place = names.push(name) - 1;
      places.set(name, place);
    }
    return place;
  };
  const values: PackedValue[] = [];
  for (const record of records) {
    const { key, atMs, model, sessionId, cliVersion, flags, usage } = record;
    values.push(
      key,
      atMs,
      placeOf(model),
      placeOf(sessionId),
      placeOf(cliVersion),
      flags.reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0),
      usage.inputTokens,
      usage.cacheReadTokens,
      usage.cacheWrite5mTokens,
      usage.cacheWrite1hTokens,
      usage.outputTokens,
      usage.reasoningTokens,
      moreOf(record),
    );
  }
  return { names, values };
}

function moreOf({ key, mayRepeat, statedNanoUsd, usage: { webSearches } }: UsageRecord): PackedValue {
  if (statedNanoUsd === undefined && webSearches === undefined) {
    if (mayRepeat === undefined) return PLAIN;
    if (mayRepeat === messageOf(key)) return REPLAY;
  }
  return [mayRepeat ?? null, statedNanoUsd ?? null, webSearches ?? null];
}

/** What a key begins with. */
function messageOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** The records that `packRecords` packed. */
export function unpackRecords({ names, values }: PackedRecords): UsageRecord[] {
  const records: UsageRecord[] = [];
  const number = (at: number): number => Number(values[at] ?? 0);
  const name = (at: number): string | null => names[number(at)] ?? null;
  for (let at = 0; at + valuesPerRecord <= values.length; at += valuesPerRecord) {
    const atMs = values[at + 1];
    const flags = number(at + 5);
    const more = values[at + 12];
    const key = String(values[at]);
    const record: UsageRecord = {
      key,
      model: name(at + 2),
      usage: {
        inputTokens: number(at + 6),
        cacheReadTokens: number(at + 7),
        cacheWrite5mTokens: number(at + 8),
        cacheWrite1hTokens: number(at + 9),
        outputTokens: number(at + 10),
        reasoningTokens: number(at + 11),
      },
      atMs: typeof atMs === "number" ? atMs : null,
      sessionId: name(at + 3),
      cliVersion: name(at + 4),
      flags: flags === 0 ? NO_FLAGS : FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0),
    };
    if (more === REPLAY) records.push({ ...record, mayRepeat: messageOf(key) });
    else records.push(typeof more === "object" && more !== null ? withMore(record, more) : record);
  }
  return records;
}

function withMore(
  record: UsageRecord,
  [mayRepeat, statedNanoUsd, webSearches]: readonly [string | null, number | null, number | null],
): UsageRecord {
  return {
    ...record,
    usage: { ...record.usage, ...(webSearches === null ? {} : { webSearches }) },
    ...(mayRepeat === null ? {} : { mayRepeat }),
    ...(statedNanoUsd === null ? {} : { statedNanoUsd }),
  };
}
