/**
 * What a pane printed, as its pipe writes it to a file: read from its end, followed by file events. The writer begins
 * a new file when it grows too long. It goes on while no manager runs, so nothing is lost over a restart.
 */
import {
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  readSync,
  statSync,
  watch,
} from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { plainText } from "../base/plain-text.ts";
import { bracketedPasteIn } from "./bracketed-paste.ts";

/** Read at once while following. */
const pieceBytes = 256 * 1024;
/** A follower that is further behind skips to the end: a flood is not worth reading whole. */
const behindMaxBytes = 4 * 1024 * 1024;
/** How much of the end is read for its last lines. */
const tailBytes = 512 * 1024;
/** How much of the end is searched for what the program said of bracketed pastes: it may be long ago. */
const searchedBytes = 32 * 1024 * 1024;

type Listener = (text: string) => void;

export class OutputLog {
  readonly #path: string;
  readonly #listeners = new Set<Listener>();
  #watcher: FSWatcher | null = null;
  #file: number | null = null;
  #offset = 0;
  #decoder = new StringDecoder("utf8");
  #reading = false;

  /** `path` as given to tmux; a path that is not absolute stands for no log at all. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The last lines printed, as harmless text; older than the current file where that is still short. */
  lines(count: number): string[] {
    const text = plainText(this.tail(tailBytes));
    const lines = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
    return text === "" || count <= 0 ? [] : lines.slice(-count);
  }

  /** The raw end of the output. */
  tail(maxBytes: number): string {
    const now = readEnd(this.#path, maxBytes);
    const before =
      now.length < maxBytes ? readEnd(olderOf(this.#path), maxBytes - now.length) : Buffer.alloc(0);
    return Buffer.concat([before, now]).toString("utf8");
  }

  /** Does the program take bracketed pastes now? Null: it never said. */
  takesBracketedPaste(): boolean | null {
    return bracketedPasteIn(this.tail(searchedBytes));
  }

  /**
   * Hands over raw output as it is written: from now on, or from an offset of the current file. Characters are never
   * split; escape sequences may be. A second follower joins where the first one is. Ends with the returned function.
   */
  follow(listener: Listener, fromOffset?: number): () => void {
    this.#listeners.add(listener);
    if (this.#watcher === null) this.#begin(fromOffset);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Bytes of the current file that followers were given. */
  get offset(): number {
    return this.#offset;
  }

  #begin(fromOffset: number | undefined): void {
    if (!isAbsolute(this.#path)) return;
    this.#file = openLog(this.#path);
    const size = this.#file === null ? 0 : fstatSync(this.#file).size;
    this.#offset = Math.min(fromOffset ?? size, size);
    const name = basename(this.#path);
    try {
      // The folder and not the file: the name may come to stand for a new one.
      this.#watcher = watch(dirname(this.#path), (_event, changed) => {
        if (changed === null || changed === name) this.#read();
      });
    } catch {
      return; // The folder is gone: there is nothing to follow.
    }
    this.#watcher.on("error", () => undefined);
    this.#read();
  }

  #stop(): void {
    this.#watcher?.close();
    this.#watcher = null;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#decoder = new StringDecoder("utf8");
  }

  /** Reads what there is, a piece a turn, so that a flood does not keep everything else waiting. */
  #read(): void {
    if (this.#reading || this.#watcher === null) return;
    this.#file ??= openLog(this.#path);
    if (this.#file === null) return;
    const { size } = fstatSync(this.#file);
    if (size < this.#offset) this.#offset = 0; // Somebody emptied it.
    if (size - this.#offset > behindMaxBytes) {
      this.#offset = size - pieceBytes;
      this.#decoder = new StringDecoder("utf8");
    }
    const piece = readAt(this.#file, this.#offset, Math.min(pieceBytes, size - this.#offset));
    this.#offset += piece.length;
    if (piece.length > 0) this.#tell(this.#decoder.write(piece));
    if (this.#offset < size) this.#readOn();
    else this.#atEnd();
  }

  #readOn(): void {
    this.#reading = true;
    setImmediate(() => {
      this.#reading = false;
      this.#read();
    });
  }

  #tell(text: string): void {
    if (text !== "") for (const listener of this.#listeners) listener(text);
  }

  /** Everything of this file was read. Is it still the one that is written to? */
  #atEnd(): void {
    if (this.#file === null) return;
    const current = statSync(this.#path, { throwIfNoEntry: false });
    const now = fstatSync(this.#file);
    if (current === undefined || current.ino === now.ino) return;
    // Its writer put it aside: what it wrote before that belongs to it still.
    if (now.size === this.#offset) {
      closeSync(this.#file);
      this.#file = null;
      this.#offset = 0;
    }
    this.#readOn();
  }
}

function olderOf(path: string): string {
  return `${path}.1`;
}

function openLog(path: string): number | null {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return null; // Not there (yet).
  }
}

function readAt(file: number, offset: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, bytes));
  return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
}

function readEnd(path: string, maxBytes: number): Buffer {
  const file = isAbsolute(path) ? openLog(path) : null;
  if (file === null) return Buffer.alloc(0);
  try {
    const { size } = fstatSync(file);
    const bytes = Math.min(size, maxBytes);
    return readAt(file, size - bytes, bytes);
  } finally {
    closeSync(file);
  }
}
