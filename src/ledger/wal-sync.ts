/**
 * The wait for the disk, taken out of the commit: what a connection has committed lies in the file of its write-ahead
 * log, and stands on the disk once that file is synced, whoever syncs it. So one sync makes many commits durable, and
 * a thread of its own can wait for it.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { commitPoint } from "./storage-fault.ts";

const SYNC = commitPoint("sync.log");

const synced = promisify(fdatasync);

export class WalSync {
  readonly #file: string | null;
  /** One for the thread and one for the event loop: a fault of the disk is told once to each descriptor. */
  readonly #descriptors: { thread: number | null; loop: number | null } = { thread: null, loop: null };
  #underWay = 0;
  #closed = false;

  /** `file`: the database; ":memory:" has nothing to wait for. Its log exists from its first use on, until its end. */
  constructor(file: string) {
    this.#file = file === ":memory:" ? null : `${file}-wal`;
  }

  /** Everything committed before this call is on the disk when it resolves. Rejects where nobody knows. */
  async sync(): Promise<void> {
    this.#underWay += 1;
    try {
      const descriptor = this.#descriptor("thread");
      if (descriptor !== null) await SYNC.passAsync(() => synced(descriptor));
    } catch (error) {
      throw failedSync(error);
    } finally {
      this.#underWay -= 1;
      if (this.#closed) this.#release("thread");
    }
  }

  /** The same at once. */
  syncNow(): void {
    try {
      const descriptor = this.#descriptor("loop");
      if (descriptor !== null) SYNC.pass(() => fdatasyncSync(descriptor));
    } catch (error) {
      throw failedSync(error);
    }
  }

  /** A sync under way ends by itself. */
  close(): void {
    this.#closed = true;
    this.#release("loop");
    this.#release("thread");
  }

  /** Kept open: the locks of SQLite lie on other files, so that closing this one never takes one away. */
  #descriptor(whose: "thread" | "loop"): number | null {
    if (this.#file !== null && !this.#closed) this.#descriptors[whose] ??= openSync(this.#file, "r");
    return this.#descriptors[whose];
  }

  #release(whose: "thread" | "loop"): void {
    const descriptor = this.#descriptors[whose];
    if (descriptor === null || (whose === "thread" && this.#underWay > 0)) return;
    this.#descriptors[whose] = null;
    closeSync(descriptor);
  }
}

/** Known by the name SQLite gives to a sync that failed: nobody can say what is on the disk. */
function failedSync(cause: unknown): Error {
  return Object.assign(new Error("the log of the database could not be synced", { cause }), {
    code: "SQLITE_IOERR_FSYNC",
  });
}
