/**
 * What is wrong with a file that should be a ledger, found out without changing a byte of it: it is looked at as
 * bytes first, then by a connection that only reads.
 */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CtmError } from "../base/errors.ts";
import type { Db } from "./database.ts";
import { LEDGER_VERSION } from "./migrations.ts";
import { reading } from "./read-only.ts";
import { isSealed } from "./seal.ts";
import { lacksItsChanges } from "./use-mark.ts";

export interface DatabaseFault {
  /** changes-missing: it is sound, but its WAL was taken away after a crash. */
  readonly kind: "foreign" | "newer" | "damaged" | "read-only" | "changes-missing";
  /** What follows "the database FILE ". */
  readonly says: string;
}

const MAGIC = "SQLite format 3\u0000";
/** Tables every version of the ledger has. */
const TABLES = ["task", "attempt", "reservation", "usage", "move"];

/**
 * Looks a ledger over before it is opened for writing; null: nothing is wrong. An empty file is a new ledger.
 * `readThrough` false leaves out the long look at every row where it is just as it was closed.
 */
export function databaseFault(file: string, readThrough = true): DatabaseFault | null {
  return readOnlyFault(file) ?? changesFault(file) ?? contentFault(file, readThrough || !isSealed(file));
}

/** The same for a file that is only read, such as a backup: what it holds. */
export function contentFault(file: string, readThrough = true): DatabaseFault | null {
  try {
    if (statSync(file).size === 0) return null;
    if (!hasMagic(file)) return { kind: "foreign", says: "is no ledger: it is not an SQLite database" };
    return reading(file, (db) => shapeFault(db) ?? (readThrough ? rowsFault(db) : null));
  } catch (error) {
    return damaged(error);
  }
}

/** CtmError `ledger` for a fault, with what can be done about it. */
export function faultError(file: string, { kind, says }: DatabaseFault): CtmError {
  return new CtmError("ledger", `the database ${file} ${says}; it was left as it is`, [ADVICE[kind]]);
}

const REPAIR = "`ctm doctor --repair` puts the newest good backup in its place, after asking.";
const ADVICE: Record<DatabaseFault["kind"], string> = {
  foreign: `Move it away, or name another folder with --state-dir. ${REPAIR}`,
  newer: "Update ctm; or `ctm restore FILE` goes back to a backup from before (folder `backups`).",
  damaged: REPAIR,
  "read-only": "Make the file and its folder writable for you, or name another folder with --state-dir.",
  "changes-missing":
    "Put the file back if you have it; else `ctm doctor --repair` goes on without, after asking.",
};

function readOnlyFault(file: string): DatabaseFault | null {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    return { kind: "read-only", says: `cannot be written: it or its folder is read-only${code}` };
  }
}

function changesFault(file: string): DatabaseFault | null {
  if (!lacksItsChanges(file)) return null;
  return {
    kind: "changes-missing",
    says: "lacks its newest changes: it was not closed, and the file beside it (-wal) that held them is gone",
  };
}

function hasMagic(file: string): boolean {
  const bytes = Buffer.alloc(MAGIC.length);
  const opened = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return readSync(opened, bytes, 0, bytes.length, 0) === bytes.length && bytes.toString("latin1") === MAGIC;
  } finally {
    closeSync(opened);
  }
}

function shapeFault(db: Db): DatabaseFault | null {
  const names = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  // Created, and then the program ended: there is nothing in it yet.
  if (names.length === 0) return null;
  if (TABLES.some((table) => !names.includes(table)))
    return { kind: "foreign", says: "is no ledger: it is the SQLite database of another program" };
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version > LEDGER_VERSION) {
    const known = `version ${version}, this one knows ${LEDGER_VERSION}`;
    return { kind: "newer", says: `was written by a newer ctm (${known})` };
  }
  return null;
}

function rowsFault(db: Db): DatabaseFault | null {
  const check = String(db.pragma("quick_check(1)", { simple: true }));
  return check === "ok" ? null : { kind: "damaged", says: `is damaged: ${check}` };
}

/** Only what SQLite calls damage is damage: a lock or a lack of descriptors says nothing about the file. */
function damaged(error: unknown): DatabaseFault {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^SQLITE_(?:CORRUPT|NOTADB|SCHEMA|FORMAT)/.test(code))
    return { kind: "damaged", says: `is damaged: ${message}` };
  throw new CtmError("ledger", `the database cannot be looked at: ${message}`, [], { cause: error });
}
