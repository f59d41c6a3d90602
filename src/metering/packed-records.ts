/** Records as rows of plain values: small as text, quick to read back, whole in what they say. */
import type { CompletenessFlag, UsageRecord } from "./usage.ts";

const FLAGS: readonly CompletenessFlag[] = ["output-under-recorded", "compaction-unseen", "unpriced-model"];

type PackedRow = readonly [
  key: string,
  atMs: number | null,
  model: string | null,
  sessionId: string | null,
  cliVersion: string | null,
  flags: number,
  mayRepeat: string | null,
  statedNanoUsd: number | null,
  usage: readonly number[],
];

/** Rows of these records, which `JSON.stringify` takes. */
export function packRecords(records: readonly UsageRecord[]): readonly PackedRow[] {
  return records.map((record) => [
    record.key,
    record.atMs,
    record.model,
    record.sessionId,
    record.cliVersion,
    record.flags.reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0),
    record.mayRepeat ?? null,
    record.statedNanoUsd ?? null,
    usageRow(record),
  ]);
}

/** The records of rows that `packRecords` made. */
export function unpackRecords(rows: readonly PackedRow[]): UsageRecord[] {
  return rows.map(
    ([key, atMs, model, sessionId, cliVersion, flags, mayRepeat, statedNanoUsd, usage]): UsageRecord => ({
      key,
      model,
      usage: usageOf(usage),
      atMs,
      sessionId,
      cliVersion,
      flags: flags === 0 ? NO_FLAGS : FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0),
      ...(mayRepeat === null ? {} : { mayRepeat }),
      ...(statedNanoUsd === null ? {} : { statedNanoUsd }),
    }),
  );
}

export type PackedRecords = ReturnType<typeof packRecords>;

const NO_FLAGS: readonly CompletenessFlag[] = [];

function usageRow({ usage }: UsageRecord): number[] {
  return [
    usage.inputTokens,
    usage.cacheReadTokens,
    usage.cacheWrite5mTokens,
    usage.cacheWrite1hTokens,
    usage.outputTokens,
    usage.reasoningTokens,
    ...(usage.webSearches === undefined ? [] : [usage.webSearches]),
  ];
}

function usageOf(row: readonly number[]): UsageRecord["usage"] {
  return {
    inputTokens: row[0] ?? 0,
    cacheReadTokens: row[1] ?? 0,
    cacheWrite5mTokens: row[2] ?? 0,
    cacheWrite1hTokens: row[3] ?? 0,
    outputTokens: row[4] ?? 0,
    reasoningTokens: row[5] ?? 0,
    ...(row[6] === undefined ? {} : { webSearches: row[6] }),
  };
}
