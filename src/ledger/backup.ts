/**
 * Copies of the ledger that can be trusted: written aside by SQLite itself from one moment of the ledger, whoever
 * writes to it meanwhile, checked, synced, and only then given their name. Nothing is ever overwritten.
 */
import { randomUUID } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { contentFault } from "./database-fault.ts";
import type { Db } from "./database.ts";
import { giveNewName, refuseExisting } from "./new-name.ts";
import { reading } from "./read-only.ts";
import { createPrivateFile, syncFile, syncFolder } from "./state-folder.ts";

export interface BackupFacts {
  readonly file: string;
  readonly bytes: number;
  readonly tasks: number;
  /** Of the ledger's shape. */
  readonly version: number;
  /** The last thing it knows of; null: nothing has happened in it. */
  readonly lastMs: number | null;
}

const COPY = faultPoint("backup.copy", "SQLITE_FULL");
const FAILED = faultPoint("backup.failed");
const DISCARD = faultPoint("backup.discard");

const overwritesNothing = "a backup overwrites nothing";
const LAST_MS = `SELECT max(at) FROM (SELECT max(at_ms) AS at FROM move UNION ALL SELECT max(created_at_ms) FROM task)`;

/** Copies the ledger behind this connection to `target`, which must not be there. CtmError `refused`, `io`, `ledger`. */
export function backUp(db: Db, target: string): BackupFacts {
  refuseExisting(target, overwritesNothing);
  const aside = copyAside(db, dirname(target));
  try {
    const facts = factsOf(aside);
    giveNewName(aside, target, overwritesNothing);
    syncFolder(dirname(target));
    return { ...facts, file: target };
  } finally {
    DISCARD.pass(() => rmSync(aside, { force: true }));
  }
}

/** The same from a file that nobody has to have open. */
export function backUpFile(file: string, target: string): BackupFacts {
  return reading(file, (db) => backUp(db, target));
}

/** Copies a ledger into `folder` under a name of no meaning; checked and synced. The caller renames or removes it. */
export function copyAside(db: Db, folder: string): string {
  const aside = join(folder, `.${randomUUID()}.new`);
  // Created by us, so that it is private from the start; SQLite accepts an empty file.
  createPrivateFile(aside, "");
  try {
    COPY.pass(() => db.prepare("VACUUM INTO ?").run(aside));
    const fault = contentFault(aside);
    if (fault !== null) throw new Error(`the copy ${fault.says}`);
    requireIntegrity(aside);
    syncFile(aside);
    return aside;
  } catch (error) {
    FAILED.pass(() => rmSync(aside, { force: true }));
    const cause = error instanceof Error ? error.message : String(error);
    throw new CtmError("ledger", `no copy of the ledger could be made in ${folder}: ${cause}`, [], {
      cause: error,
    });
  }
}

/** What a ledger or a backup holds. Throws what SQLite throws. */
export function factsOf(file: string): BackupFacts {
  return reading(file, (db) => ({
    file,
    bytes: statSync(file).size,
    tasks: db.prepare<[], number>("SELECT count(*) FROM task").pluck().get() ?? 0,
    version: Number(db.pragma("user_version", { simple: true })),
    lastMs: db.prepare<[], number | null>(LAST_MS).pluck().get() ?? null,
  }));
}

function requireIntegrity(file: string): void {
  const said = reading(file, (db) => String(db.pragma("integrity_check(1)", { simple: true })));
  if (said !== "ok") throw new Error(`the copy is damaged: ${said}`);
}
