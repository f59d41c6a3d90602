/**
 * A folder that events are put into as files: for scripts and cron jobs that have neither a socket nor a network. A file is
 * written aside and renamed into it, taken, and removed once it is in the journal: a crash in between finds it again, and
 * its id says that it is the same. What is no event is put beside, with the reason told.
 */
import {
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
} from "node:fs";
import { join } from "node:path";
import { eventMaxBytes, parseEnvelopeText, type Envelope } from "../activation/envelope.ts";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFolders } from "../ledger/state-folder.ts";
import { storageFaultOf } from "../ledger/storage-fault.ts";

const REMOVE = faultPoint("inbox.remove");
const REJECT = faultPoint("inbox.reject");

const NAME = /^[^.\p{Cc}\p{Cs}/][^\p{Cc}\p{Cs}/]{0,199}\.json$/u;
/** A file that cannot be read yet may still be written; so long after its last change its writer is done. */
const unfinishedMs = 1_000;
/** While the disk takes no writes, what lies there is looked at again so often. */
const againMs = 5_000;
/** Files that were no events and are kept to be looked at. */
const rejectedMax = 1_000;

export interface InboxParts {
  /** The folder `events` of the state folder. */
  readonly dir: string;
  /** Takes an event, durably. Throws CtmError. */
  take(event: Envelope): void;
  trouble(message: string): void;
}

export class Inbox {
  readonly #parts: InboxParts;
  readonly #dir: string;
  readonly #rejected: string;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;

  private constructor(parts: InboxParts) {
    this.#parts = parts;
    this.#dir = join(parts.dir, "inbox");
    this.#rejected = join(parts.dir, "rejected");
  }

  /** Takes what lies there, then whatever is put there. Throws CtmError `refused` or `io` when it cannot be ours alone. */
  static open(parts: InboxParts): Inbox {
    const inbox = new Inbox(parts);
    ensurePrivateFolders([parts.dir, inbox.#dir, inbox.#rejected]);
    inbox.#watcher = watch(inbox.#dir, (_event, name) => (name === null ? inbox.#scan() : inbox.#look(name)));
    inbox.#watcher.on("error", () => undefined); // The folder was removed: nothing more can arrive.
    inbox.#scan();
    return inbox;
  }

  close(): void {
    this.#watcher?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #scan(): void {
    try {
      for (const name of readdirSync(this.#dir).sort()) this.#look(name);
    } catch (error) {
      this.#parts.trouble(`the inbox of events cannot be listed: ${String(error)}`);
    }
  }

  #look(name: string): void {
    if (!NAME.test(name)) return;
    const read = this.#read(name);
    if (read === null) return;
    try {
      if (read.text === null)
        throw new CtmError("usage", `it has more than ${eventMaxBytes} bytes or is no file`);
      this.#parts.take(parseEnvelopeText(read.text));
      REMOVE.pass(() => rmSync(join(this.#dir, name), { force: true }));
    } catch (error) {
      this.#refused(name, read.ageMs, error);
    }
  }

  #refused(name: string, ageMs: number, error: unknown): void {
    const isNoEvent = error instanceof CtmError && error.code === "usage";
    if (isNoEvent && ageMs < unfinishedMs) return this.#later(unfinishedMs);
    if (isNoEvent) return this.#putAside(name, error.message);
    // It waits where it lies.
    if (!(error instanceof CtmError) && storageFaultOf(error) === null)
      this.#parts.trouble(`the event ${name} was not taken: ${String(error)}`);
    this.#later(againMs);
  }

  #putAside(name: string, why: string): void {
    try {
      const isFull = readdirSync(this.#rejected).length >= rejectedMax;
      const [from, to] = [join(this.#dir, name), join(this.#rejected, name)];
      REJECT.pass(() => (isFull ? rmSync(from, { force: true }) : renameSync(from, to)));
      this.#parts.trouble(`${name} in the inbox is no event (${why}): it is in events/rejected`);
    } catch (error) {
      this.#parts.trouble(`${name} in the inbox is no event (${why}), and cannot be moved: ${String(error)}`);
    }
  }

  #later(delayMs: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#scan();
    }, delayMs);
    this.#timer.unref();
  }

  /** null: it is gone. Text null: too long, a link, or no file at all. */
  #read(name: string): { text: string | null; ageMs: number } | null {
    let file: number;
    try {
      const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
      file = openSync(join(this.#dir, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
      return isGone ? null : { text: null, ageMs: unfinishedMs };
    }
    try {
      const stats = fstatSync(file);
      const ageMs = Date.now() - stats.mtimeMs;
      if (!stats.isFile()) return { text: null, ageMs: unfinishedMs };
      if (stats.size > eventMaxBytes) return { text: null, ageMs };
      return { text: readFileSync(file, "utf8"), ageMs };
    } finally {
      closeSync(file);
    }
  }
}
