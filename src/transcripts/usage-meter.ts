/**
 * Everything the agents recorded on this disk, each response once. Only what changed since the last run is read; when
 * nothing changed, nothing is. What is in no file any more does not count: the index remembers, it does not add.
 */
import { createHash } from "node:crypto";
import { mergeRecords } from "../metering/merge-records.ts";
import { CountedPacks } from "../metering/counted-packs.ts";
import { Pack, packRecords } from "../metering/packed-records.ts";
import type { PriceTable } from "../metering/prices.ts";
import type { UsageCell } from "../metering/usage-cells.ts";
import { placesOfRecords, recordFilesMax, type FoundFile } from "./find-files.ts";
import { RECORDED_AGENTS, type RecordedAgent, type RecordFolders } from "./formats.ts";
import type { FileReading, ReadSoFar } from "./read-file.ts";
import { SessionTotals } from "./session-totals.ts";
import type { ReadingThreads } from "./reading-threads.ts";
import type { ReadJob, ReadResult } from "./read-jobs.ts";
import { readAll } from "./read-all.ts";
import type { LookedAt } from "./stamps.ts";
import { findRecords } from "./records-found.ts";
import { UsageIndex, type IndexedFile } from "./usage-index.ts";

/** Files whose readings are written at once: some MiB. */
const keptTogether = 512;

export interface RecordedUsage {
  readonly cells: readonly UsageCell[];
  /** What the person should know about the figures. */
  readonly notices: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

type Head = Omit<FileReading, "records">;

/** What a caller may have a part in. */
export interface UsageCaller {
  /** Told, before any is read, all files and folders that decide on the result. */
  readonly onPlaces?: ((places: readonly (string | LookedAt)[]) => void) | undefined;
  /** Threads that wait for something to read, and may have looked for it; they are ended in any case. */
  readonly readers?: ReadingThreads | undefined;
}

/** Reads what changed in these folders and gives all usage. Throws CtmError when the index cannot be kept. */
export async function recordedUsage(
  folders: RecordFolders,
  indexPath: string,
  prices: PriceTable,
  { onPlaces, readers }: UsageCaller = {},
): Promise<RecordedUsage> {
  const index = UsageIndex.open(indexPath);
  try {
    const ahead = await readers?.found(folders);
    const { files: found, walked, listings } = ahead ?? findRecords(folders, index.listings());
    onPlaces?.(placesOfRecords(folders, walked, found));
    const keeper = new IndexKeeper(index);
    keeper.keepListings(listings);
    const fingerprint = fingerprintOf(found, prices);
    const kept = index.sumsOf(fingerprint);
    if (kept !== null) return JSON.parse(kept) as RecordedUsage;
    const files = new FilesTogether(prices);
    const gone = await readChanges(found, index.files(), files, keeper, readers);
    const usage = files.usage(found);
    return keeper.conclude(gone, fingerprint, usage);
  } finally {
    readers?.close();
    index.close();
  }
}

/** Changes when a file, the prices or what we make of them does. */
function fingerprintOf(found: readonly FoundFile[], prices: PriceTable): string {
  const hash = createHash("sha1").update(prices.id);
  for (const { path, bytes, changedMs, inode } of found)
    hash.update(`\n${path} ${bytes} ${changedMs} ${inode}`);
  return hash.digest("base64");
}

/** What is read is kept and added up as it comes, while other threads go on reading. Returns the files that are gone. */
async function readChanges(
  found: readonly FoundFile[],
  indexed: readonly IndexedFile[],
  files: FilesTogether,
  keeper: IndexKeeper,
  readers: ReadingThreads | undefined,
): Promise<string[]> {
  const known = new Map(indexed.map((file) => [file.path, file]));
  const byPath = new Map(found.map((file) => [file.path, file]));
  const jobs: ReadJob[] = [];
  for (const file of found) {
    const before = known.get(file.path);
    if (before !== undefined && isSame(before, file)) files.add(file, before);
    else jobs.push({ file, soFar: before === undefined ? null : soFarOf(before, file) });
  }
  await readAll(
    jobs,
    (result) => {
      const file = byPath.get(result.path);
      if (file === undefined) return;
      const fresh = indexedFile(file, result, known.get(result.path));
      keeper.put(fresh);
      files.add(file, fresh);
    },
    readers,
  );
  return indexed.map(({ path }) => path).filter((path) => !byPath.has(path));
}

/** Keeps what is read. The figures are right without it; only the next run takes longer. */
class IndexKeeper {
  readonly #index: UsageIndex;
  readonly #waiting: IndexedFile[] = [];
  #fault: string | null = null;

  constructor(index: UsageIndex) {
    this.#index = index;
  }

  keepListings(text: string | null): void {
    if (text !== null) this.#attempt(() => this.#index.keepListings(text));
  }

  put(file: IndexedFile): void {
    if (this.#waiting.push(file) >= keptTogether) this.#write();
  }

  conclude(gone: readonly string[], fingerprint: string, usage: RecordedUsage): RecordedUsage {
    this.#write();
    this.#attempt(() => this.#index.conclude(gone, fingerprint, JSON.stringify(usage)));
    if (this.#fault === null) return usage;
    const notice = `what was read could not be kept (${this.#fault}): the next run reads it all again`;
    return { ...usage, notices: [...usage.notices, notice] };
  }

  #write(): void {
    const files = this.#waiting.splice(0);
    if (files.length > 0) this.#attempt(() => this.#index.put(files));
  }

  #attempt(write: () => void): void {
    if (this.#fault !== null) return;
    try {
      write();
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    }
  }
}

/** What all files say together, however they come. */
class FilesTogether {
  readonly #agents: Readonly<Record<RecordedAgent, CountedPacks>>;
  /** Folder of each session, by agent: of the file whose path sorts first. */
  readonly #projects = new Map<
    RecordedAgent,
    Map<string, { readonly path: string; readonly project: string }>
  >();
  readonly #totals = new SessionTotals();
  #unread = 0;

  constructor(prices: PriceTable) {
    const counted = RECORDED_AGENTS.map((agent) => [agent, new CountedPacks(agent, prices)]);
    this.#agents = Object.fromEntries(counted) as Record<RecordedAgent, CountedPacks>;
  }

  add({ agent, path }: FoundFile, read: IndexedFile): void {
    const head = JSON.parse(read.head) as Head;
    this.#unread += head.unread;
    const projects = this.#projects.get(agent) ?? new Map<string, { path: string; project: string }>();
    this.#projects.set(agent, projects);
    for (const [session, project] of head.projects) {
      const known = projects.get(session);
      if (known === undefined || path < known.path) projects.set(session, { path, project });
    }
    const pack = new Pack(read.records);
    this.#agents[agent].add(pack);
    this.#totals.read(pack.sessions(), head.stated);
  }

  usage(found: readonly FoundFile[]): RecordedUsage {
    const cells = RECORDED_AGENTS.flatMap((agent) => {
      const projects = this.#projects.get(agent);
      return this.#agents[agent].cells((session) => projects?.get(session ?? "")?.project ?? null);
    });
    this.#totals.counted(cells);
    return {
      cells,
      notices: [...noticesOf(found.length, this.#unread), ...this.#totals.notices()],
      files: found.length,
      bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }
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
  if (!continues || before === undefined) return { path, bytes, changedMs, inode, head, records };
  const earlier = JSON.parse(before.head) as Head;
  const later = JSON.parse(head) as Head;
  const both: Head = {
    ...later,
    projects: [...new Map([...later.projects, ...earlier.projects])],
    stated: { ...earlier.stated, ...later.stated },
    unread: earlier.unread + later.unread,
  };
  const all = mergeRecords([new Pack(before.records).records(), new Pack(records).records()]);
  return { path, bytes, changedMs, inode, head: JSON.stringify(both), records: packRecords(all) };
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
