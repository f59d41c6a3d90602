/**
 * Records as bytes: small on the disk, handed from thread to thread without being copied, and read one by one. Names
 * and keys are one text, each record a row of numbers in as few bytes as they need.
 */
import type { CompletenessFlag, Open, Usage, UsageRecord } from "./usage.ts";

/** The text, as JSON. */
interface PackedText {
  /** Models, sessions and versions of the program, each once. */
  readonly names: readonly string[];
  /** A key for each row. */
  readonly keys: readonly string[];
  /** What some rows say beyond their numbers. */
  readonly more: readonly More[];
}

interface More {
  readonly mayRepeat?: string;
  readonly statedNanoUsd?: number;
  readonly webSearches?: number;
  /** Of one whose moment is none, or before 1970. */
  readonly atMs?: number | null;
}

/** Of a record that says nothing beyond its numbers, of one that may repeat the message its key begins with, the rest. */
const PLAIN = 0;
const REPLAY = 1;
const MORE = 2;
/** A row begins with its kind in the low bits of one byte, and its flags in those above. */
const kindBits = 2;

const FLAGS: readonly CompletenessFlag[] = [
  "output-under-recorded",
  "compaction-unseen",
  "unpriced-model",
  "beyond-record",
];
const NO_FLAGS: readonly CompletenessFlag[] = [];

/** Bytes of the text, little-endian, before the text itself; the rows come last. */
const lengthBytes = 4;
/** A number has seven bits in each byte, the lowest first; the eighth says that another byte follows. */
const followed = 0x80;
/** Bytes a number takes at most: it has 53 bits. */
const numberBytes = 8;
/** In a row: what it says more, model, session, version, moment, six counters. */
const numbersPerRow = 11;
const rowMaxBytes = 1 + numbersPerRow * numberBytes;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What `Pack` reads. Counters and moments are whole numbers. */
export function packRecords(records: readonly UsageRecord[]): Uint8Array<ArrayBuffer> {
  const names = new Names();
  const beyond: More[] = [];
  const rows = new Rows(records.length * rowMaxBytes);
  for (const record of records) {
    const { atMs, flags, usage } = record;
    const kind = kindOf(record);
    rows.byte(kind | (flagBits(flags) << kindBits));
    if (kind === MORE) rows.number(beyond.push(moreOf(record)) - 1);
    // A loop: written out one by one, all of it would be compiled as many times for speed as there are numbers.
    const numbers = [
      names.placeOf(record.model),
      names.placeOf(record.sessionId),
      names.placeOf(record.cliVersion),
      Math.max(0, atMs ?? 0),
      usage.inputTokens,
      usage.cacheReadTokens,
      usage.cacheWrite5mTokens,
      usage.cacheWrite1hTokens,
      usage.outputTokens,
      usage.reasoningTokens,
    ];
    for (const number of numbers) rows.number(number);
  }
  const text: PackedText = { names: names.all, keys: records.map(({ key }) => key), more: beyond };
  const textBytes = encoder.encode(JSON.stringify(text));
  const bytes = new Uint8Array(lengthBytes + textBytes.length + rows.length);
  new DataView(bytes.buffer).setUint32(0, textBytes.length, true);
  bytes.set(textBytes, lengthBytes);
  bytes.set(rows.written(), lengthBytes + textBytes.length);
  return bytes;
}

/** Names in order of their first mention; place 0 = none. */
class Names {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  placeOf(name: string | null): number {
    if (name === null) return 0;
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.all.push(name);
      this.#places.set(name, place);
    }
    return place;
  }
}

class Rows {
  readonly #bytes: Uint8Array;
  length = 0;

  constructor(maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes);
  }

  byte(value: number): void {
    this.#bytes[this.length++] = value;
  }

  number(value: number): void {
    let rest = value;
    // Above 31 bits there are no shifts.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / followed)) this.byte((rest % followed) | followed);
    for (; rest >= followed; rest >>>= 7) this.byte((rest & (followed - 1)) | followed);
    this.byte(rest);
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

function flagBits(flags: readonly CompletenessFlag[]): number {
  let bits = 0;
  for (const flag of flags) bits |= 1 << FLAGS.indexOf(flag);
  return bits;
}

function kindOf({ key, mayRepeat, statedNanoUsd, atMs, usage: { webSearches } }: UsageRecord): number {
  if (statedNanoUsd !== undefined || webSearches !== undefined || atMs === null || atMs < 0) return MORE;
  if (mayRepeat === undefined) return PLAIN;
  return mayRepeat === messageOf(key) ? REPLAY : MORE;
}

function moreOf({ mayRepeat, statedNanoUsd, atMs, usage: { webSearches } }: UsageRecord): More {
  return {
    ...(mayRepeat === undefined ? {} : { mayRepeat }),
    ...(statedNanoUsd === undefined ? {} : { statedNanoUsd }),
    ...(webSearches === undefined ? {} : { webSearches }),
    ...(atMs === null || atMs < 0 ? { atMs } : {}),
  };
}

/** What a key begins with. */
export function messageOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** Packed records, taken apart where one is asked for. */
export class Pack {
  readonly keys: readonly string[];
  readonly #names: readonly string[];
  readonly #more: readonly More[];
  readonly #bytes: Uint8Array;
  /** Where each row begins. */
  readonly #starts: Uint32Array;
  /** Where the next number is read. */
  #at = 0;

  /** Throws when these are no bytes of `packRecords`. */
  constructor(bytes: Uint8Array) {
    const end = lengthBytes + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const text = JSON.parse(decoder.decode(bytes.subarray(lengthBytes, end))) as PackedText;
    this.keys = text.keys;
    this.#names = text.names;
    this.#more = text.more;
    this.#bytes = bytes;
    this.#starts = new Uint32Array(text.keys.length);
    this.#at = end;
    for (let row = 0; row < this.#starts.length; row++) {
      this.#starts[row] = this.#at;
      this.#skipRow();
    }
    if (this.#at !== bytes.length) throw new Error("packed records end where no row does");
  }

  /** All records. */
  records(): UsageRecord[] {
    return this.keys.map((_, row) => this.recordAt(row));
  }

  recordAt(row: number): UsageRecord {
    const key = this.keys[row] ?? "";
    const first = this.#beginRow(row);
    const kind = first & ((1 << kindBits) - 1);
    const flags = first >> kindBits;
    const beyond = kind === MORE ? this.#more[this.#number()] : undefined;
    const model = this.#name();
    const sessionId = this.#name();
    const cliVersion = this.#name();
    const atMs = this.#number();
    const usage: Open<Usage> = {
      inputTokens: this.#number(),
      cacheReadTokens: this.#number(),
      cacheWrite5mTokens: this.#number(),
      cacheWrite1hTokens: this.#number(),
      outputTokens: this.#number(),
      reasoningTokens: this.#number(),
    };
    const record: Open<UsageRecord> = {
      key,
      model,
      usage,
      atMs,
      sessionId,
      cliVersion,
      flags: flags === 0 ? NO_FLAGS : FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0),
    };
    if (kind === REPLAY) record.mayRepeat = messageOf(key);
    if (beyond === undefined) return record;
    const { webSearches, ...rest } = beyond;
    if (webSearches !== undefined) usage.webSearches = webSearches;
    return Object.assign(record, rest);
  }

  /** The session of each row. */
  *sessions(): Generator<string | null> {
    for (let row = 0; row < this.keys.length; row++) {
      if ((this.#beginRow(row) & ((1 << kindBits) - 1)) === MORE) this.#number();
      this.#number();
      yield this.#name();
    }
  }

  #beginRow(row: number): number {
    this.#at = this.#starts[row] ?? this.#bytes.length;
    return this.#bytes[this.#at++] ?? 0;
  }

  #skipRow(): void {
    const bytes = this.#bytes;
    const kind = (bytes[this.#at++] ?? 0) & ((1 << kindBits) - 1);
    for (let left = kind === MORE ? numbersPerRow : numbersPerRow - 1; left > 0; left--)
      while ((bytes[this.#at++] ?? 0) >= followed);
  }

  #name(): string | null {
    const place = this.#number();
    return place === 0 ? null : (this.#names[place - 1] ?? null);
  }

  #number(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] ?? 0;
    let value = byte & (followed - 1);
    // Four bytes fit where shifts work; what is longer, mostly a moment, is put together by sums.
    for (let shift = 7; byte >= followed && shift < 28; shift += 7) {
      byte = bytes[this.#at++] ?? 0;
      value |= (byte & (followed - 1)) << shift;
    }
    for (let times = 2 ** 28; byte >= followed; times *= followed) {
      byte = bytes[this.#at++] ?? 0;
      value += (byte & (followed - 1)) * times;
    }
    return value;
  }
}
