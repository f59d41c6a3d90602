/**
 * The wait for the disk, taken out of the commit: what a connection has committed lies in the file of its write-ahead
 * log, and stands on the disk once that file is synced, whoever syncs it. So one sync makes many commits durable, and
 * a thread of its own can wait for it.
 */
import { close, closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { commitPoint } from "./storage-fault.ts";

const SYNC = commitPoint("sync.log");

const synced = promisify(fdatasync);

export class WalSync {
  readonly #file: string | null;
  #descriptor: number | null = null;
  #underWay = 0;
  #closed = false;

  /** `file`: the database; ":memory:" has nothing to wait for. Its log exists from its first use on, until its end. */
  constructor(file: string) {
    this.#file = file === ":memory:" ? null : `${file}-wal`;
  }

  /** Everything committed before this call is on the disk when it resolves. Rejects with the system's error. */
  async sync(): Promise<void> {
    const descriptor = this.#open();
    if (descriptor === null) return;
    this.#underWay += 1;
    try {
      await SYNC.passAsync(() => synced(descriptor));
    } catch (error) {
      throw failedSync(error);
    } finally {
      this.#underWay -= 1;
      if (this.#closed && this.#underWay === 0) close(descriptor);
    }
  }

  /** The same at once. */
  syncNow(): void {
    const descriptor = this.#open();
    if (descriptor === null) return;
    try {
      SYNC.pass(() => fdatasyncSync(descriptor));
    } catch (error) {
      throw failedSync(error);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#descriptor !== null && this.#underWay === 0) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  /** Kept open: the locks of SQLite lie on other files, so that closing this one never takes one away. */
  #open(): number | null {
    if (this.#file !== null && !this.#closed) this.#descriptor ??= openSync(this.#file, "r");
    return this.#descriptor;
  }
}

/** Known by the name SQLite gives to a sync that failed: nobody can say what is on the disk. */
function failedSync(cause: unknown): Error {
  return Object.assign(new Error("the log of the database could not be synced", { cause }), {
    code: "SQLITE_IOERR_FSYNC",
  });
}
