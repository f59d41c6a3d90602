/**
 * Puts a backup in the ledger's place. What was there is moved aside, never overwritten; whatever moment a crash
 * comes at, the ledger is the old one, or the new one, or one that says what it lacks.
 */
import { linkSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { copyAside, factsOf, type BackupFacts } from "./backup.ts";
import { timeStamp } from "./backup-folder.ts";
import { contentFault, faultError } from "./database-fault.ts";
import { reading } from "./read-only.ts";
import { syncFolder } from "./state-folder.ts";
import { markInUse, unmark } from "./use-mark.ts";

const ASIDE = faultPoint("restore.aside");
const REMOVE = faultPoint("restore.remove-old");
const RENAME = faultPoint("restore.rename");
const DISCARD = faultPoint("restore.discard");

export interface Restored {
  readonly from: BackupFacts;
  /** Where what was there before lies now; null: there was nothing. */
  readonly aside: string | null;
}

/** Is this a backup this program can use? Throws CtmError `ledger` or `not-found`. Changes nothing. */
export function checkBackup(file: string): BackupFacts {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) throw new CtmError("not-found", `there is no file ${file}`);
  if (stats.size === 0) throw new CtmError("ledger", `${file} is empty: it is no backup`);
  const fault = contentFault(file);
  if (fault !== null) throw faultError(file, fault);
  return factsOf(file);
}

/** The caller holds the manager lock. Throws CtmError; then the ledger is what it was. */
export function restore(from: string, ledgerFile: string): Restored {
  const facts = checkBackup(from);
  const copy = reading(from, (db) => copyAside(db, dirname(ledgerFile)));
  try {
    const aside = ASIDE.pass(() => keepAside(ledgerFile));
    // Without its WAL the old ledger may lack changes: should this end here, the next start says so.
    if (aside !== null) markInUse(ledgerFile);
    for (const end of ["-wal", "-shm"]) REMOVE.pass(() => rmSync(`${ledgerFile}${end}`, { force: true }));
    RENAME.pass(() => renameSync(copy, ledgerFile));
    syncFolder(dirname(ledgerFile));
    unmark(ledgerFile);
    return { from: facts, aside };
  } catch (error) {
    DISCARD.pass(() => rmSync(copy, { force: true }));
    throw error;
  }
}

/** A second name for the ledger and its WAL, so that the first can be taken from them. */
function keepAside(ledgerFile: string): string | null {
  if (statSync(ledgerFile, { throwIfNoEntry: false }) === undefined) return null;
  const stamp = timeStamp();
  let aside = `${ledgerFile}.aside-${stamp}`;
  for (let n = 2; statSync(aside, { throwIfNoEntry: false }) !== undefined; n += 1)
    aside = `${ledgerFile}.aside-${stamp}-${n}`;
  for (const end of ["", "-wal"]) {
    if (statSync(`${ledgerFile}${end}`, { throwIfNoEntry: false }) !== undefined)
      linkSync(`${ledgerFile}${end}`, `${aside}${end}`);
  }
  syncFolder(dirname(ledgerFile));
  return aside;
}
