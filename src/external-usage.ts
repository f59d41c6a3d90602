/**
 * Usage of the same agents that is no task's: a person's own sessions, found in the folders where agents keep their
 * records. It is booked apart, from the first start that looked for it on, and counts against limits on agents alone.
 */
import { realpathSync } from "node:fs";
import type { EntryRules } from "./ledger/usage-entry.ts";
import { recordedEntry } from "./ledger/usage-entry.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { Pack } from "./metering/packed-records.ts";
import type { UsageRecord } from "./metering/usage.ts";
import type { AccountFolders } from "./record-folders.ts";
import type { Throttle } from "./throttle/throttle.ts";
import { findRecordFiles, recordFilesAt, type FoundFile } from "./transcripts/find-files.ts";
import type { RecordFolders } from "./transcripts/formats.ts";
import type { ReadSoFar } from "./transcripts/read-file.ts";
import { readAll } from "./transcripts/read-all.ts";
import { RecordWatch } from "./transcripts/watch-records.ts";

export interface ExternalUsageParts {
  readonly folders: RecordFolders;
  /** Folders that belong to one account of an agent. */
  readonly accounts: readonly AccountFolders[];
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly entryRules: EntryRules;
  now(): number;
  trouble(error: unknown): void;
}

/** Several answers of a session at work are one look. */
const settleMs = 1_000;
/** Setting that keeps from when on usage counts as external: what was before concerns no limit of ours. */
const SINCE = "external-since";
/** Setting that keeps until when everything was read: a start reads what has changed since, not months of records. */
const READ = "external-read";
/** A file may be dated a little earlier than it was written to. */
const datedEarlierMs = 2_000;

export class ExternalUsage {
  readonly #parts: ExternalUsageParts;
  /** How far each file was read, and when it had changed last then. */
  readonly #files = new Map<string, ReadSoFar & { readonly changedMs: number; readonly bytes: number }>();
  /** What had changed last before this was read by an earlier manager. */
  readonly #readMs: number;
  readonly #sinceMs: number;
  #watch: RecordWatch | null = null;
  /** One look after the other. */
  #looks: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: ExternalUsageParts) {
    this.#parts = parts;
    const { settings } = parts.ledger;
    this.#sinceMs = Number(settings.get(SINCE) ?? parts.now());
    if (settings.get(SINCE) === null) settings.set(SINCE, String(this.#sinceMs));
    this.#readMs = Number(settings.get(READ) ?? this.#sinceMs);
  }

  /** Looks through everything once, and from then on where something was written. Returns when it has looked. */
  start(): Promise<void> {
    const { folders } = this.#parts;
    this.#watch = new RecordWatch(
      folders,
      (paths) => void this.#lookSoon(() => recordFilesAt(folders, paths)),
      {
        settleMs,
      },
    );
    return this.look();
  }

  /** Looks through everything. */
  look(): Promise<void> {
    return this.#lookSoon(() => findRecordFiles(this.#parts.folders));
  }

  #lookSoon(find: () => readonly FoundFile[]): Promise<void> {
    this.#looks = this.#lookAfter(this.#looks, find);
    return this.#looks;
  }

  async #lookAfter(before: Promise<void>, find: () => readonly FoundFile[]): Promise<void> {
    await before;
    if (this.#closed) return;
    try {
      const found = find();
      this.#watch?.follow(found);
      await this.#read(found);
    } catch (error) {
      this.#parts.trouble(error);
    }
  }

  /** Reads what has changed since it was last looked, and books what is new and not ours. */
  async #read(found: readonly FoundFile[]): Promise<void> {
    const begunMs = this.#parts.now();
    const changed = found.filter((file) => this.#isNew(file));
    if (changed.length === 0) return;
    const byPath = new Map(changed.map((file) => [file.path, file]));
    const jobs = changed.map((file) => ({ file, soFar: this.#soFar(file) }));
    const sightings: { file: FoundFile; record: UsageRecord }[] = [];
    await readAll(jobs, ({ path, head, records }) => {
      const file = byPath.get(path);
      if (file === undefined) return;
      const { offset, check, state } = JSON.parse(head) as ReadSoFar;
      const { changedMs, bytes } = file;
      this.#files.set(path, { offset, check, state, changedMs, bytes });
      for (const record of new Pack(records).records()) sightings.push({ file, record });
    });
    if (this.#closed) return;
    try {
      this.#book(sightings);
      this.#parts.ledger.settings.set(READ, String(begunMs));
    } catch (error) {
      // Read again the next time, from the beginning: what is booked already is not booked twice.
      for (const path of byPath.keys()) this.#files.delete(path);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#watch?.stop();
  }

  #isNew(file: FoundFile): boolean {
    const before = this.#files.get(file.path);
    if (before === undefined) return file.changedMs >= this.#readMs - datedEarlierMs;
    return before.changedMs !== file.changedMs || before.bytes !== file.bytes;
  }

  #soFar({ path, bytes }: FoundFile): ReadSoFar | null {
    const before = this.#files.get(path);
    return before === undefined || bytes <= before.bytes ? null : before;
  }

  #book(sightings: readonly { file: FoundFile; record: UsageRecord }[]): void {
    if (sightings.length === 0) return;
    const { ledger, throttle, entryRules, now } = this.#parts;
    const own = ledger.external.ownSessions();
    const entries = sightings.flatMap(({ file, record }) => {
      const { agent } = file;
      const { atMs, sessionId } = record;
      if (atMs === null || atMs < this.#sinceMs || (sessionId !== null && own.has(sessionId))) return [];
      const owner = { attemptId: null, taskId: null, worker: "", agent, model: null, type: null };
      const entry = recordedEntry(record, owner, "actual", entryRules, Math.min(atMs, now()));
      return [{ ...entry, account: this.#accountOf(file) }];
    });
    if (entries.length === 0) return;
    for (const { atMs, agent, model, tokens, nanoUsd } of ledger.external.book(entries)) {
      const subject = { worker: "", agent, model, external: true } as const;
      throttle.book({ atMs, subject, spend: { tokens, nanoUsd }, attemptId: null, simulated: false });
    }
  }

  /** "" for the agent's own. */
  #accountOf({ agent, path }: FoundFile): string {
    const isBelow = (folder: string): boolean => path.startsWith(`${this.#real(folder)}/`);
    const owner = this.#parts.accounts.find((own) => own.agent === agent && own.folders.some(isBelow));
    return owner?.account ?? "";
  }

  /** Files are found under the real names of their folders. */
  #real(folder: string): string {
    try {
      return realpathSync(folder);
    } catch {
      return folder;
    }
  }
}
