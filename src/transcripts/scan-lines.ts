/**
 * The lines of a file that hold one of some marks, read in pieces: most of a transcript is prompts and outputs that
 * are never looked at, and no file is ever held whole. A line longer than any answer is passed over and counted.
 */
import { readSync } from "node:fs";
import { parseLine, type JsonObject } from "../metering/json-lines.ts";
import type { RecordFormat, RecordHead } from "../metering/record-format.ts";
import { LastLine, type ShortLine } from "./last-line.ts";

/** Small enough to be still in the processor's cache when it is searched. */
const pieceBytes = 256 * 1024;
/** Longest line that is looked at. An answer has 128,000 tokens at most; what is longer carries an image or a file. */
export const lineMaxBytes = 16 * 1024 * 1024;
const NEWLINE = 10;

export interface ScanEnd {
  /** Where the last whole line ended: what stands behind it is read again next time. */
  readonly offset: number;
  /** Lines that were too long to be looked at. */
  readonly longLines: number;
}

/** Scans files of one format, one after another, with the same memory. */
export class LineScanner {
  readonly #marks: readonly Buffer[];
  readonly #bulk: { readonly from: Buffer; readonly to: Buffer } | null;
  readonly #head: RecordFormat["head"];
  readonly #isAlike: (line: JsonObject) => boolean;
  readonly #last: LastLine;
  #buffer = Buffer.allocUnsafeSlow(pieceBytes);

  constructor({ marks, bulk, head, alike }: Pick<RecordFormat, "marks" | "bulk" | "head" | "alike">) {
    this.#head = head;
    this.#isAlike = alike?.which ?? (() => false);
    this.#last = new LastLine(alike?.butFor ?? []);
    this.#marks = marks.map((mark) => Buffer.from(mark));
    this.#bulk = bulk === undefined ? null : { from: Buffer.from(bulk.from), to: Buffer.from(bulk.to) };
  }

  /** Calls back for each line from `from` on that holds a mark; also for the last one when no newline ends it. */
  scan(file: number, from: number, onLine: (line: JsonObject) => void): ScanEnd {
    this.#last.forget();
    let position = from;
    let held = 0;
    let longLines = 0;
    let passingOver = false;
    for (;;) {
      if (held === this.#buffer.length && !this.#grow()) {
        passingOver = true;
        held = 0;
      }
      const bytes = readSync(file, this.#buffer, held, this.#buffer.length - held, position);
      if (bytes === 0) break;
      position += bytes;
      held += bytes;
      let data = this.#buffer.subarray(0, held);
      if (passingOver) {
        const end = data.indexOf(NEWLINE);
        if (end === -1) {
          held = 0;
          continue;
        }
        passingOver = false;
        longLines++;
        data = data.subarray(end + 1);
      }
      const whole = data.lastIndexOf(NEWLINE) + 1;
      if (whole > 0) this.#search(data.subarray(0, whole), onLine);
      const rest = data.subarray(whole);
      rest.copy(this.#buffer);
      held = rest.length;
    }
    if (held > 0 && !passingOver) this.#search(this.#buffer.subarray(0, held), onLine);
    return { offset: position - held, longLines };
  }

  /** Makes room for a longer line; false when it is longer than any that is looked at. */
  #grow(): boolean {
    if (this.#buffer.length >= lineMaxBytes) return false;
    const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 4);
    this.#buffer.copy(larger);
    this.#buffer = larger;
    return true;
  }

  #search(data: Buffer, onLine: (line: JsonObject) => void): void {
    if (this.#head === undefined) this.#markedLines(data, onLine);
    else this.#toldLines(data, this.#head, onLine);
  }

  /** Line by line, by what the beginning of each tells. */
  #toldLines(data: Buffer, head: RecordHead, onLine: (line: JsonObject) => void): void {
    for (let start = 0; start < data.length; ) {
      const newline = data.indexOf(NEWLINE, start);
      const end = newline === -1 ? data.length : newline;
      const told = head.tells(data.toString("latin1", start, Math.min(end, start + head.bytes)));
      if (told === null) {
        this.#markedLines(data.subarray(start, end), onLine);
      } else if (told) {
        const line = this.#parse(data, start, end, end);
        if (line !== null) onLine(line);
      }
      start = end + 1;
    }
  }

  #markedLines(data: Buffer, onLine: (line: JsonObject) => void): void {
    const next = this.#marks.map((mark) => data.indexOf(mark));
    for (;;) {
      let hit = -1;
      for (const at of next) if (at !== -1 && (hit === -1 || at < hit)) hit = at;
      if (hit === -1) return;
      const start = data.lastIndexOf(NEWLINE, hit) + 1;
      const newline = data.indexOf(NEWLINE, hit);
      const end = newline === -1 ? data.length : newline;
      const line = this.#parse(data, start, hit, end);
      if (line !== null) onLine(line);
      for (const [index, mark] of this.#marks.entries()) {
        const at = next[index] ?? -1;
        if (at !== -1 && at < end) next[index] = data.indexOf(mark, end);
      }
    }
  }

  /** Without its bulk if that leaves a whole line: brackets that do not match are no line, and are read in full. */
  #parse(data: Buffer, start: number, hit: number, end: number): JsonObject | null {
    const short = this.#bulk === null ? null : shortLine(data, this.#bulk, { start, hit, end });
    if (short !== null) {
      if (this.#last.isLike(data, short)) return null;
      const line = parseLine(this.#last.take(data, short));
      if (line === null || !this.#isAlike(line)) this.#last.forget();
      if (line !== null) return line;
    }
    return parseLine(data.toString("utf8", start, end));
  }
}

function shortLine(
  data: Buffer,
  bulk: { readonly from: Buffer; readonly to: Buffer },
  { start, hit, end }: { readonly start: number; readonly hit: number; readonly end: number },
): ShortLine | null {
  const from = data.indexOf(bulk.from, start);
  const to = data.lastIndexOf(bulk.to, hit);
  return from === -1 || from >= to ? null : { start, from: from + bulk.from.length, to, end };
}
