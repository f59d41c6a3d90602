/**
 * What was read of each record file, and how far, kept between runs in a private SQLite file. It is a copy of what
 * stands in the records: when it is damaged or of another version it is thrown away, and everything is read again.
 */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFile, ensurePrivateFolders } from "../ledger/state-folder.ts";

/** Raise it when readings come out otherwise than before: what an older program read is then read again. */
const READING_VERSION = 5;
const busyMs = 10_000;

const OPEN = faultPoint("usage-index.open");
const DISCARD = faultPoint("usage-index.discard");
const BEGIN = faultPoint("usage-index.begin");
const PUT = faultPoint("usage-index.put");
const LISTINGS = faultPoint("usage-index.listings");
const UPDATE = faultPoint("usage-index.update");

const TABLES = `
  BEGIN IMMEDIATE;
  DROP TABLE IF EXISTS file;
  DROP TABLE IF EXISTS sums;
  DROP TABLE IF EXISTS listings;
  CREATE TABLE file (
    path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, changed_ms REAL NOT NULL, inode INTEGER NOT NULL,
    head TEXT NOT NULL, records BLOB NOT NULL
  );
  CREATE TABLE sums (fingerprint TEXT PRIMARY KEY, sums TEXT NOT NULL);
  CREATE TABLE listings (text TEXT NOT NULL);
  COMMIT;
`;

export interface IndexedFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
  readonly inode: number;
  /** The reading without its records, as JSON. */
  readonly head: string;
  /** As `packRecords` packs them. */
  readonly records: Uint8Array;
}

export class UsageIndex {
  readonly #db: Database.Database;

  /** Opens and creates it. Throws CtmError `refused` or `io` when the folder is not ours to use. */
  static open(path: string): UsageIndex {
    ensurePrivateFolders([dirname(path)]);
    ensurePrivateFile(path);
    try {
      return new UsageIndex(path);
    } catch {
      for (const part of ["", "-wal", "-shm"]) DISCARD.pass(() => rmSync(path + part, { force: true }));
      ensurePrivateFile(path);
      return new UsageIndex(path);
    }
  }

  private constructor(path: string) {
    this.#db = OPEN.pass(() => new Database(path, { timeout: busyMs }));
    try {
      // No sync: what a power cut takes is read again, and what it damages is noticed and thrown away.
      this.#db.pragma("page_size = 16384");
      this.#db.pragma("journal_mode = TRUNCATE");
      this.#db.pragma("synchronous = OFF");
      this.#db.pragma("trusted_schema = OFF");
      if (this.#db.pragma("user_version", { simple: true }) !== READING_VERSION) this.#begin();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** The sums that were made of just these files; null when they are of others. */
  sumsOf(fingerprint: string): string | null {
    return (
      this.#db
        .prepare<[string], string>("SELECT sums FROM sums WHERE fingerprint = ?")
        .pluck()
        .get(fingerprint) ?? null
    );
  }

  /** What stood in the folders; null = nothing is known. */
  listings(): string | null {
    return this.#db.prepare<[], string>("SELECT text FROM listings").pluck().get() ?? null;
  }

  keepListings(text: string): void {
    const write = (): void => {
      this.#db.prepare("DELETE FROM listings").run();
      this.#db.prepare("INSERT INTO listings VALUES (?)").run(text);
    };
    LISTINGS.pass(() => this.#db.transaction(write).immediate());
  }

  files(): IndexedFile[] {
    return this.#db
      .prepare<[], IndexedFile>(
        "SELECT path, bytes, changed_ms AS changedMs, inode, head, records FROM file ORDER BY path",
      )
      .all();
  }

  /** Takes over some of what changed. */
  put(changed: readonly IndexedFile[]): void {
    const save = this.#db.prepare("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?)");
    const write = (): void => {
      for (const { path, bytes, changedMs, inode, head, records } of changed)
        save.run(path, bytes, changedMs, inode, head, records);
    };
    PUT.pass(() => this.#db.transaction(write).immediate());
  }

  /** When all that changed was put: takes out what is gone, and keeps the sums. */
  conclude(gone: readonly string[], fingerprint: string, sums: string): void {
    const remove = this.#db.prepare("DELETE FROM file WHERE path = ?");
    const write = (): void => {
      for (const path of gone) remove.run(path);
      this.#db.prepare("DELETE FROM sums").run();
      this.#db.prepare("INSERT INTO sums VALUES (?, ?)").run(fingerprint, sums);
    };
    UPDATE.pass(() => this.#db.transaction(write).immediate());
  }

  close(): void {
    this.#db.close();
  }

  #begin(): void {
    BEGIN.pass(() => {
      this.#db.exec(TABLES);
      this.#db.pragma(`user_version = ${READING_VERSION}`);
    });
  }
}
