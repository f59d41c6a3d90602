/**
 * A file a program leaves its signals in, a line each, where it has many: `<launch>.log` in the spool. It is read from
 * where it was read last. Its writer begins it anew now and then, and does so only when all it said has been heard.
 *
 * A start reads it from the last command that was begun: whatever came before had been heard, or that command had not
 * been given. Hearing the end of an attempt twice does nothing. As in the spool, everything in it is hostile.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { messageMaxBytes } from "../base/limits.ts";
import { faultPoint } from "../faults/fault-point.ts";
import type { Signal } from "../agents/adapter.ts";

const READ = faultPoint("signal-log.read");

/** The most that is looked at in one reading; what is older than that is not searched for. */
const pieceBytes = 4 * messageMaxBytes;
const LINE_FEED = 10;
const EVENT = /^[A-Za-z][A-Za-z0-9-]{0,39}$/;
const BEGIN = "command-started";

export class SignalLog {
  readonly #path: string;
  readonly #launchId: string;
  readonly #from: "last command" | "all";
  /** Where the next line begins; null: it was never read. */
  #offset: number | null = null;

  /** `from`: what the first reading gives. */
  constructor(path: string, launchId: string, from: "last command" | "all" = "last command") {
    this.#path = path;
    this.#launchId = launchId;
    this.#from = from;
  }

  /** Signals written since the last reading. "later": it cannot be read now. Null: there is no such file of ours. */
  read(): Signal[] | "later" | null {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    let file: number;
    try {
      file = openSync(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      return isOutOfReach(error) ? null : "later";
    }
    try {
      const stats = fstatSync(file);
      return stats.isFile() ? this.#readFrom(file, stats.size, Math.floor(stats.mtimeMs)) : null;
    } catch {
      return "later";
    } finally {
      closeSync(file);
    }
  }

  #readFrom(file: number, size: number, atMs: number): Signal[] {
    const first = this.#offset === null && this.#from === "last command";
    // Shorter than it was: its writer has begun it anew.
    let at = this.#offset === null || this.#offset > size ? 0 : this.#offset;
    if (size - at > pieceBytes) at = size - pieceBytes;
    const bytes = Buffer.alloc(size - at);
    const length = READ.pass(() => readSync(file, bytes, 0, bytes.length, at));
    // A line without its end is still being written.
    const end = bytes.subarray(0, length).lastIndexOf(LINE_FEED) + 1;
    this.#offset = at + end;
    const lines = bytes.toString("utf8", 0, end).split("\n");
    const signals = lines.flatMap((line) => this.#signalIn(line, atMs) ?? []);
    return first
      ? signals.slice(
          Math.max(
            0,
            signals.findLastIndex(({ event }) => event === BEGIN),
          ),
        )
      : signals;
  }

  #signalIn(line: string, atMs: number): Signal | null {
    if (line === "" || line.length > messageMaxBytes) return null;
    let payload: unknown;
    try {
      payload = JSON.parse(line);
    } catch {
      return null;
    }
    if (typeof payload !== "object" || payload === null || !("event" in payload)) return null;
    const { event } = payload;
    if (typeof event !== "string" || !EVENT.test(event)) return null;
    return { launchId: this.#launchId, event, atMs, payload };
  }
}

/** Not there, a link, or none of ours; anything else may be over in a moment. */
export function isOutOfReach(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(?:ENOENT|ENOTDIR|ELOOP|EACCES|EPERM|ENXIO|ENODEV)$/.test(code);
}
