/**
 * What a pane printed, as tmux appends it to a file: read from its end, followed by file events, begun anew when it
 * grows too long. It goes on growing while no manager runs, so nothing is lost over a restart.
 */
import {
  appendFileSync,
  closeSync,
  constants,
  copyFileSync,
  type FSWatcher,
  fstatSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
  watch,
} from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { outputLogMaxBytes } from "../base/limits.ts";
import { plainText } from "../base/plain-text.ts";
import { bracketedPasteIn } from "./bracketed-paste.ts";

export interface OutputLogOptions {
  readonly maxBytes?: number;
}

/** Read at once while following. */
const pieceBytes = 256 * 1024;
/** A follower that is further behind skips to the end: a flood is not worth reading whole. */
const behindMaxBytes = 4 * 1024 * 1024;
/** How much of the end is read for its last lines. */
const tailBytes = 512 * 1024;

type Listener = (text: string) => void;

export class OutputLog {
  readonly #path: string;
  readonly #options: OutputLogOptions;
  readonly #listeners = new Set<Listener>();
  #watcher: FSWatcher | null = null;
  #file: number | null = null;
  #offset = 0;
  #decoder = new StringDecoder("utf8");
  #reading = false;
  /** Size at which the current file counts as too long. */
  #tooLongBytes: number;

  /** `path` as given to tmux; a path that is not absolute stands for no log at all. */
  constructor(path: string, options: OutputLogOptions = {}) {
    this.#path = path;
    this.#options = options;
    this.#tooLongBytes = this.#maxBytes;
  }

  get #maxBytes(): number {
    return this.#options.maxBytes ?? outputLogMaxBytes;
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
    return bracketedPasteIn(this.tail(2 * this.#maxBytes));
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
    else this.#atEnd(size);
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

  /** Everything of this file was read. Is it still the one that is written to, and not too long? */
  #atEnd(size: number): void {
    if (this.#file === null) return;
    const current = statSync(this.#path, { throwIfNoEntry: false });
    if (current !== undefined && current.ino !== fstatSync(this.#file).ino) {
      closeSync(this.#file);
      this.#file = null;
      this.#offset = 0;
      this.#readOn();
    } else if (size > this.#tooLongBytes) {
      this.#rotate(this.#file, size);
    }
  }

  /**
   * Begins the log anew: what is there becomes the older one, and the file is emptied. tmux goes on appending to it.
   * (Telling tmux to write to another file instead loses what is on its way in that moment.)
   */
  #rotate(file: number, size: number): void {
    try {
      copyFileSync(this.#path, olderOf(this.#path));
      const copied = statSync(olderOf(this.#path)).size;
      // What came in meanwhile. From here to the emptying there is no step between.
      const late = readAt(file, copied, fstatSync(file).size - copied);
      truncateSync(this.#path);
      this.#tooLongBytes = this.#maxBytes;
      this.#tell(this.#decoder.write(late.subarray(Math.max(0, this.#offset - copied))));
      this.#offset = 0;
      appendFileSync(olderOf(this.#path), late);
    } catch {
      // No room for a copy, perhaps: the log goes on as it was, until it has grown by as much again.
      this.#tooLongBytes = size + this.#maxBytes;
    }
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
