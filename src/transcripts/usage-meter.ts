/**
 * Everything the agents recorded on this disk, each response once. Only what changed since the last run is read; when
 * nothing changed, nothing is. What is in no file any more does not count: the index remembers, it does not add.
 */
import { createHash } from "node:crypto";
import { mergeRecords } from "../metering/merge-records.ts";
import { packRecords, unpackRecords, type PackedRecords } from "../metering/packed-records.ts";
import type { PriceTable } from "../metering/prices.ts";
import type { UsageRecord } from "../metering/usage.ts";
import { CellSums, type UsageCell } from "../metering/usage-cells.ts";
import { findRecordFiles, recordFilesMax, type FoundFile } from "./find-files.ts";
import { RECORDED_AGENTS, type RecordFolders } from "./formats.ts";
import type { FileReading, ReadSoFar } from "./read-file.ts";
import type { ReadJob, ReadResult } from "./read-jobs.ts";
import { readAll } from "./read-threads.ts";
import { UsageIndex, type IndexedFile } from "./usage-index.ts";

export interface RecordedUsage {
  readonly cells: readonly UsageCell[];
  /** What the person should know about the figures. */
  readonly notices: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

type Head = Omit<FileReading, "records">;

/** Reads what changed in these folders and gives all usage. Throws CtmError when the index cannot be kept. */
export async function recordedUsage(
  folders: RecordFolders,
  indexPath: string,
  prices: PriceTable,
): Promise<RecordedUsage> {
  const found = findRecordFiles(folders);
  const index = UsageIndex.open(indexPath);
  try {
    const fingerprint = fingerprintOf(found, prices);
    const kept = index.sumsOf(fingerprint);
    if (kept !== null) return JSON.parse(kept) as RecordedUsage;
    const { current, changed, gone } = await readChanges(found, index.files());
    const usage = usageOf(found, current, prices);
    return keptIn(index, changed, gone, fingerprint, usage);
  } finally {
    index.close();
  }
}

/** The figures are right without it; only the next run takes longer. */
function keptIn(
  index: UsageIndex,
  changed: readonly IndexedFile[],
  gone: readonly string[],
  fingerprint: string,
  usage: RecordedUsage,
): RecordedUsage {
  try {
    index.update(changed, gone, fingerprint, JSON.stringify(usage));
    return usage;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const notice = `what was read could not be kept (${reason}): the next run reads it all again`;
    return { ...usage, notices: [...usage.notices, notice] };
  }
}

/** Changes when a file, the prices or what we make of them does. */
function fingerprintOf(found: readonly FoundFile[], prices: PriceTable): string {
  const hash = createHash("sha1").update(prices.id);
  for (const { path, bytes, changedMs, inode } of found)
    hash.update(`\n${path} ${bytes} ${changedMs} ${inode}`);
  return hash.digest("base64");
}

interface Changes {
  readonly current: ReadonlyMap<string, IndexedFile>;
  readonly changed: readonly IndexedFile[];
  readonly gone: readonly string[];
}

async function readChanges(found: readonly FoundFile[], indexed: readonly IndexedFile[]): Promise<Changes> {
  const known = new Map(indexed.map((file) => [file.path, file]));
  const byPath = new Map(found.map((file) => [file.path, file]));
  const current = new Map<string, IndexedFile>();
  const jobs: ReadJob[] = [];
  for (const file of found) {
    const before = known.get(file.path);
    if (before !== undefined && isSame(before, file)) current.set(file.path, before);
    else jobs.push({ file, soFar: before === undefined ? null : soFarOf(before, file) });
  }
  const changed: IndexedFile[] = [];
  await readAll(jobs, (result) => {
    const file = byPath.get(result.path);
    if (file === undefined) return;
    const fresh = indexedFile(file, result, known.get(result.path));
    changed.push(fresh);
    current.set(fresh.path, fresh);
  });
  return { current, changed, gone: indexed.map(({ path }) => path).filter((path) => !byPath.has(path)) };
}

function isSame(before: IndexedFile, now: FoundFile): boolean {
  return before.bytes === now.bytes && before.changedMs === now.changedMs && before.inode === now.inode;
}

/** A file that only grew is read on; any other change may be anywhere in it. */
function soFarOf(before: IndexedFile, now: FoundFile): ReadSoFar | null {
  if (before.inode !== now.inode || now.bytes <= before.bytes) return null;
  const { offset, check, state } = JSON.parse(before.head) as Head;
  return { offset, check, state };
}

function indexedFile(
  { path, bytes, changedMs, inode }: FoundFile,
  { head, records, continues }: ReadResult,
  before: IndexedFile | undefined,
): IndexedFile {
  const own = { path, bytes, changedMs, inode };
  if (!continues || before === undefined) return { ...own, head, records };
  const earlier = JSON.parse(before.head) as Head;
  const later = JSON.parse(head) as Head;
  const both: Head = {
    ...later,
    projects: { ...later.projects, ...earlier.projects },
    unread: earlier.unread + later.unread,
  };
  const all = mergeRecords([
    unpackRecords(JSON.parse(before.records) as PackedRecords),
    unpackRecords(JSON.parse(records) as PackedRecords),
  ]);
  return { ...own, head: JSON.stringify(both), records: JSON.stringify(packRecords(all)) };
}

function usageOf(
  found: readonly FoundFile[],
  current: ReadonlyMap<string, IndexedFile>,
  prices: PriceTable,
): RecordedUsage {
  const sums = new CellSums(prices);
  let unread = 0;
  for (const agent of RECORDED_AGENTS) {
    const lists: UsageRecord[][] = [];
    const projects = new Map<string, string>();
    for (const file of found) {
      const read = file.agent === agent ? current.get(file.path) : undefined;
      if (read === undefined) continue;
      const head = JSON.parse(read.head) as Head;
      unread += head.unread;
      for (const [session, project] of Object.entries(head.projects))
        if (!projects.has(session)) projects.set(session, project);
      lists.push(unpackRecords(JSON.parse(read.records) as PackedRecords));
    }
    for (const record of mergeRecords(lists))
      sums.add(agent, record, projects.get(record.sessionId ?? "") ?? null);
  }
  return {
    cells: sums.cells(),
    notices: noticesOf(found.length, unread),
    files: found.length,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function noticesOf(files: number, unread: number): string[] {
  const notices: string[] = [];
  if (unread > 0)
    notices.push(
      `${unread} ${unread === 1 ? "file or line" : "files or lines"} could not be read and may hide usage`,
    );
  if (files >= recordFilesMax) notices.push(`only the first ${recordFilesMax} record files were looked at`);
  return notices;
}
