/**
 * One manager a state folder. The lock is a SQLite file held in an exclusive transaction: the kernel lets go of
 * it when the process dies, however it dies, so there is no stale lock to guess about.
 */
import Database from "better-sqlite3";
import { existsSync } from "node:fs";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFile } from "./state-folder.ts";

const OPEN = faultPoint("lock.open");
const TAKE = faultPoint("lock.take");
const RELEASE = faultPoint("lock.release");

export interface ManagerLock {
  release(): void;
}

/** Its name, beside the ledger. */
export const LOCK_FILE = "manager.lock";

/** Does a manager hold this lock now? */
export function managerRuns(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    takeManagerLock(file).release();
    return false;
  } catch {
    // One that cannot be asked may well run.
    return true;
  }
}

/** Takes the lock or throws CtmError `manager-running` at once. */
export function takeManagerLock(file: string): ManagerLock {
  ensurePrivateFile(file);
  const db = OPEN.pass(() => new Database(file, { timeout: 0 }));
  try {
    db.pragma("journal_mode = DELETE");
    TAKE.pass(() => db.exec("BEGIN EXCLUSIVE"));
  } catch (error) {
    db.close();
    if (isBusy(error)) {
      throw new CtmError("manager-running", "another ctm manager already runs on this state folder", [], {
        cause: error,
      });
    }
    throw new CtmError("ledger", `the lock file ${file} cannot be used: ${String(error)}`, [], {
      cause: error,
    });
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      RELEASE.pass(() => db.exec("ROLLBACK"));
      db.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
