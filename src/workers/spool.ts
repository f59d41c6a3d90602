/**
 * The folder that agents' hooks and launchers leave their signals in, one small file each; a program that has many
 * keeps a log of them. It is the mail box of a manager that may be dead at the moment: what arrives then is read at its
 * next start, in the order it was written.
 *
 * Everything in it is hostile: names, sizes, kinds of file and JSON. Nothing here throws because of a file.
 */
import {
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  watch,
} from "node:fs";
import { join } from "node:path";
import type { Signal } from "../agents/adapter.ts";
import { messageMaxBytes } from "../base/limits.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFolders } from "../ledger/state-folder.ts";
import { isOutOfReach, SignalLog } from "./signal-log.ts";

const LIST = faultPoint("spool.list");
const READ = faultPoint("spool.read");
const REMOVE = faultPoint("spool.remove");
const TIDY = faultPoint("spool.tidy");

export interface SpooledSignal extends Signal {
  /** Its file's name: the handle for `done`; null: it is a line of a log. */
  readonly name: string | null;
  /** Why the payload is null although something was written; null when all is well. */
  readonly fault: "oversized" | "broken" | null;
}

/** `<launch>.<order>-<pid>.<event>.json`; the order is nanoseconds since the epoch, as far as its writer knew. */
const NAME = /^([A-Za-z0-9_-]{1,80})\.(\d{1,20})-(\d{1,10})\.([A-Za-z][A-Za-z0-9-]{0,39})\.json$/;
const LOG_NAME = /^([A-Za-z0-9_-]{1,80})\.log$/;
/** Logs that are followed at once. */
const logsMax = 1_000;
/** A file without its closing line feed is still being written; after this time its writer has died. */
const unfinishedAfterMs = 1_000;
/** Files a writer left aside (their names begin with a dot) are removed at a start when they are older. */
const asideAfterMs = 60 * 60 * 1_000;
/** Unknown names remembered, so that each is reported once. */
const odditiesMax = 1_000;

export class Spool {
  readonly #dir: string;
  readonly #taken = new Set<string>();
  readonly #unfinished = new Map<string, NodeJS.Timeout>();
  readonly #odd = new Set<string>();
  readonly #logs = new Map<string, SignalLog>();
  #watcher: FSWatcher | null = null;
  /** The folder could not be listed, and is listed again then. */
  #scanAgain: NodeJS.Timeout | null = null;
  #onSignal: ((signal: SpooledSignal) => void) | null = null;
  #onOddity: (name: string) => void = () => undefined;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Opens the folder (0700, created if missing). Throws CtmError `refused` or `io` when it cannot be ours alone. */
  static open(dir: string): Spool {
    ensurePrivateFolders([dir]);
    return new Spool(dir);
  }

  /** Hears, once each, of names that are no signal's. The files are left where they are. */
  onOddity(listener: (name: string) => void): void {
    this.#onOddity = listener;
  }

  /**
   * Begins: first everything that lies there, in the order it was written, then whatever arrives. A signal is told
   * once a run; its file stays until `done`, so that after a crash it is told again.
   */
  onSignal(listener: (signal: SpooledSignal) => void): void {
    if (this.#onSignal !== null) throw new Error("the spool has its listener already");
    this.#onSignal = listener;
    // Watching begins before the first look, or what arrives in between would be missed.
    this.#watcher = watch(this.#dir, (_event, name) => (name === null ? this.#scan() : this.#look(name)));
    this.#watcher.on("error", () => undefined); // The folder was removed: nothing more can arrive.
    this.#removeAsides();
    this.#scan();
  }

  /** Tells everything that lies there now: what its writer left before it died is told before its death is judged. */
  readNow(): void {
    this.#scan();
  }

  /** The signal has been dealt with, durably: its file goes. */
  done({ name }: SpooledSignal): void {
    if (name === null) return;
    this.#taken.delete(name);
    REMOVE.pass(() => removed(join(this.#dir, name)));
  }

  /** Nobody is concerned with what this launch says any more: its log goes. */
  forget(launchId: string): void {
    if (this.#logs.delete(launchId)) REMOVE.pass(() => removed(join(this.#dir, `${launchId}.log`)));
  }

  close(): void {
    this.#watcher?.close();
    this.#onSignal = null;
    if (this.#scanAgain !== null) clearTimeout(this.#scanAgain);
    for (const timer of this.#unfinished.values()) clearTimeout(timer);
    this.#unfinished.clear();
  }

  #scan(): void {
    const names = namesIn(this.#dir);
    for (const name of (names ?? []).sort(byOrder)) this.#look(name);
    if (names !== null || this.#scanAgain !== null || this.#onSignal === null) return;
    this.#scanAgain = setTimeout(() => {
      this.#scanAgain = null;
      this.#scan();
    }, unfinishedAfterMs);
    this.#scanAgain.unref();
  }

  #look(name: string): void {
    if (this.#onSignal === null || name.startsWith(".") || this.#taken.has(name)) return;
    const launch = LOG_NAME.exec(name)?.[1];
    if (launch !== undefined) return this.#lookInto(name, launch);
    const parts = NAME.exec(name);
    if (parts === null) return this.#reportOddity(name);
    const file = readBounded(join(this.#dir, name));
    if (file === null) return;
    if (file === "later") return this.#lookAgain(name);
    const [, launchId = "", , , event = ""] = parts;
    if (file.text !== null && !file.text.endsWith("\n") && !isOld(file.stats) && event !== "progress")
      return this.#lookAgain(name);
    this.#taken.add(name);
    const payload = file.text === null ? undefined : parsed(file.text);
    const empty = event === "progress" && file.text === "";
    const fault = file.text === null ? "oversized" : payload === undefined && !empty ? "broken" : null;
    const atMs = Math.floor(file.stats.mtimeMs);
    this.#onSignal({ name, launchId, event, atMs, payload: payload ?? null, fault });
  }

  #lookInto(name: string, launchId: string): void {
    const log = this.#logs.get(launchId) ?? new SignalLog(join(this.#dir, name), launchId);
    if (!this.#logs.has(launchId) && this.#logs.size >= logsMax) return this.#reportOddity(name);
    const signals = log.read();
    if (signals === null) {
      this.#logs.delete(launchId);
      return;
    }
    this.#logs.set(launchId, log);
    if (signals === "later") return this.#lookAgain(name);
    for (const signal of signals) this.#onSignal?.({ ...signal, name: null, fault: null });
  }

  /** Waits for the rest; the writer's next write brings us back too, this is for one that died. */
  #lookAgain(name: string): void {
    if (this.#unfinished.has(name)) return;
    const timer = setTimeout(() => {
      this.#unfinished.delete(name);
      this.#look(name);
    }, unfinishedAfterMs);
    timer.unref();
    this.#unfinished.set(name, timer);
  }

  #reportOddity(name: string): void {
    if (this.#odd.has(name) || this.#odd.size >= odditiesMax) return;
    this.#odd.add(name);
    this.#onOddity(name);
  }

  #removeAsides(): void {
    for (const name of namesIn(this.#dir) ?? []) {
      const path = join(this.#dir, name);
      const stats = name.startsWith(".") ? statSync(path, { throwIfNoEntry: false }) : undefined;
      if (stats?.isFile() === true && Date.now() - stats.mtimeMs > asideAfterMs)
        TIDY.pass(() => rmSync(path, { force: true }));
    }
  }
}

/** One call to the system where `rmSync` makes two. */
function removed(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // It may be gone already, with its folder perhaps.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

/** Null: the folder cannot be listed now. */
function namesIn(dir: string): string[] | null {
  try {
    return LIST.pass(() => readdirSync(dir));
  } catch (error) {
    return isOutOfReach(error) ? [] : null; // Gone: nothing lies there.
  }
}

function byOrder(a: string, b: string): number {
  const [first, second] = [orderOf(a), orderOf(b)];
  if (first !== second) return first < second ? -1 : 1;
  return a < b ? -1 : 1;
}

function orderOf(name: string): bigint {
  return BigInt(NAME.exec(name)?.[2] ?? "0");
}

/**
 * Null: there is no such regular file of ours. Text null: it is longer than a signal may be. "later": it cannot be read
 * now (no descriptor is free, the disk fails), which says nothing about the file.
 */
function readBounded(path: string): { text: string | null; stats: Stats } | "later" | null {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    return isOutOfReach(error) ? null : "later";
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) return null;
    if (stats.size > messageMaxBytes) return { text: null, stats };
    const bytes = Buffer.alloc(stats.size);
    const length = READ.pass(() => readSync(file, bytes, 0, stats.size, 0));
    return { text: bytes.toString("utf8", 0, length), stats };
  } catch {
    return "later";
  } finally {
    closeSync(file);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isOld(stats: Stats): boolean {
  return Date.now() - stats.mtimeMs >= unfinishedAfterMs;
}
