/**
 * The line that was looked at last, to tell those that say the same again without taking them apart: an answer is
 * written once for every block of it, and but for that block nearly all of the line is the same.
 */
import { isAscii } from "node:buffer";

/** A line without its bulk: the bytes from `start` up to `from`, and those from `to` up to `end`. */
export interface ShortLine {
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly end: number;
}

/** Bytes that all lines alike share, up to here; and before what they stand. */
interface Shared {
  readonly end: number;
  readonly before: "value" | "bulk" | "nothing";
  /** Where the next ones begin. */
  readonly next: number;
}

const COMMA = 44;

export class LastLine {
  /** Fields whose values differ from one line to the next, in their order. */
  readonly #differ: readonly Buffer[];
  #bytes = Buffer.allocUnsafeSlow(4096);
  /** Empty = there is none, or it is like no other. */
  #shared: readonly Shared[] = [];

  constructor(differ: readonly string[]) {
    this.#differ = differ.map((field) => Buffer.from(field));
  }

  /** Is it the last one but for its bulk and the values of these fields? None of those holds a comma. */
  isLike(data: Buffer, { start, from, to, end }: ShortLine): boolean {
    let at = start;
    let limit = from;
    let past = 0;
    for (const shared of this.#shared) {
      const length = shared.end - past;
      if (at + length > limit || data.compare(this.#bytes, past, shared.end, at, at + length) !== 0)
        return false;
      at += length;
      past = shared.next;
      if (shared.before === "nothing") return at === end;
      if (shared.before === "bulk") {
        if (at !== from) return false;
        at = to;
        limit = end;
      } else {
        at = data.indexOf(COMMA, at);
        if (at === -1 || at >= limit) return false;
      }
    }
    return false;
  }

  /** Takes this line in the place of the last one. Returns its text. */
  take(data: Buffer, { start, from, to, end }: ShortLine): string {
    const bulkAt = from - start;
    const length = bulkAt + (end - to);
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(2 * length);
    data.copy(this.#bytes, 0, start, from);
    data.copy(this.#bytes, bulkAt, to, end);
    const line = this.#bytes.subarray(0, length);
    this.#shared = this.#sharedOf(line, bulkAt);
    // One byte a character is made into text several times faster.
    return line.toString(isAscii(line) ? "latin1" : "utf8");
  }

  /** It is like no other. */
  forget(): void {
    this.#shared = [];
  }

  #sharedOf(line: Buffer, bulkAt: number): Shared[] {
    const shared: Shared[] = [];
    let past = 0;
    let isPastBulk = false;
    for (const field of this.#differ) {
      const at = line.indexOf(field, past);
      const valueAt = at + field.length;
      const valueEnd = at === -1 ? -1 : line.indexOf(COMMA, valueAt);
      if (valueEnd === -1) continue;
      if (!isPastBulk && valueEnd > bulkAt) {
        // In the midst of a field there is no bulk.
        if (at < bulkAt) return [];
        shared.push({ end: bulkAt, before: "bulk", next: bulkAt });
        isPastBulk = true;
      }
      shared.push({ end: valueAt, before: "value", next: valueEnd });
      past = valueEnd;
    }
    if (!isPastBulk) shared.push({ end: bulkAt, before: "bulk", next: bulkAt });
    shared.push({ end: line.length, before: "nothing", next: line.length });
    return shared;
  }
}
