/**
 * A small file beside the ledger while a manager works on it. SQLite keeps the newest changes in a second file (the
 * WAL) and takes it away when it closes; should somebody take it away after a crash, the ledger opens without a word,
 * and without tasks that were acknowledged. Where the mark stands and the WAL is gone, that has happened.
 */
import { rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFile, syncFolder } from "./state-folder.ts";

const REMOVE = faultPoint("mark.remove");

/** Where the mark of this ledger lies. */
function markOf(file: string): string {
  return `${file}-in-use`;
}

/** Set by a manager that has opened the ledger: from here on there is a WAL. */
export function markInUse(file: string): void {
  ensurePrivateFile(markOf(file));
  syncFolder(dirname(file));
}

/** Taken away before the ledger is closed: a crash in between is a ledger in use without a mark, which is no fault. */
export function unmark(file: string): void {
  REMOVE.pass(() => rmSync(markOf(file), { force: true }));
  syncFolder(dirname(file));
}

export function isMarked(file: string): boolean {
  return statSync(markOf(file), { throwIfNoEntry: false }) !== undefined;
}

/** Was the ledger not closed, and is its WAL gone all the same? */
export function lacksItsChanges(file: string): boolean {
  return isMarked(file) && statSync(`${file}-wal`, { throwIfNoEntry: false }) === undefined;
}
