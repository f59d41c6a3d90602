/** Opens the SQLite file that is the one truth on disk, and refuses one that cannot be trusted. */
import Database from "better-sqlite3";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { databaseFault, faultError } from "./database-fault.ts";
import { ensurePrivateFile } from "./state-folder.ts";

export type Db = Database.Database;
export type Transaction<F extends (...args: never[]) => unknown> = Database.Transaction<F>;

const OPEN = faultPoint("database.open");

/** SQLite releases whose WAL-reset bug can corrupt a file with two connections; fixed in 3.51.3 and backported. */
const WAL_RESET_FIXED: readonly (readonly [number, number, number])[] = [
  [3, 44, 6],
  [3, 50, 7],
  [3, 51, 3],
];

/**
 * Opens (and creates) the ledger's database: WAL, every commit synced to disk before it is acknowledged.
 * `file` may be ":memory:". Throws CtmError `ledger` with the reason; the file itself is left as it was.
 */
export function openDatabase(file: string): Db {
  let db: Db;
  if (file !== ":memory:") {
    ensurePrivateFile(file);
    const fault = databaseFault(file, false);
    if (fault !== null) throw faultError(file, fault);
  }
  try {
    db = OPEN.pass(() => new Database(file, { timeout: 5_000 }));
  } catch (error) {
    throw unusable(file, error);
  }
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.pragma("trusted_schema = OFF");
    db.pragma("wal_autocheckpoint = 1000");
    if (db.pragma("synchronous", { simple: true }) !== 2)
      throw new Error("synchronous=FULL was not accepted");
    return db;
  } catch (error) {
    db.close();
    throw unusable(file, error);
  }
}

/** Version of the SQLite library in use, e.g. "3.53.2". */
export function sqliteVersion(db: Db): string {
  return String(db.prepare("SELECT sqlite_version()").pluck().get());
}

/** Does this SQLite still have the WAL-reset corruption bug? */
export function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major !== 3 || minor < 7) return true;
  const fixed = WAL_RESET_FIXED.find(([, fixedMinor]) => fixedMinor === minor);
  if (fixed !== undefined) return patch < fixed[2];
  return minor < 51;
}

function unusable(file: string, error: unknown): CtmError {
  const cause = error instanceof Error ? error.message : String(error);
  return new CtmError(
    "ledger",
    `the database ${file} cannot be used: ${cause}`,
    ["It was left as it is. `ctm doctor` checks it; a copy of an older one can be put in its place."],
    { cause: error },
  );
}
