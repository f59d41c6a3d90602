/**
 * How a kind of record is read line by line, so that a file of any size is read in pieces and a file that grew is
 * read on from where the last reading ended.
 */
import { parseLine, type JsonObject } from "./json-lines.ts";
import { mergeRecords } from "./merge-records.ts";
import type { UsageRecord } from "./usage.ts";

export interface RecordFormat {
  /** A line that holds none of these says nothing about usage, and need not be given to `read`. */
  readonly marks: readonly string[];
  /** What the beginning of a line tells of it. Left out = it is never looked at. */
  readonly head?: RecordHead;
  /**
   * The bulk of a line, which says nothing about usage: what stands between the first of these and the last of the
   * other before a mark may be left out, if what is left is still a whole line.
   */
  readonly bulk?: { readonly from: string; readonly to: string };
  /**
   * Of lines that follow each other and, without their bulk, are the same but for the values of some fields (in this
   * order, none with a comma in it), only the first is read: the others say the same again. `which`: lines this holds for.
   */
  readonly alike?: { readonly butFor: readonly string[]; which(line: JsonObject): boolean };
  /** A reading from the beginning of a file (null), or one that goes on from a `state` of an earlier one. */
  open(state: unknown): RecordReading;
}

export interface RecordHead {
  /** So much of a line is its beginning. */
  readonly bytes: number;
  /** true = the line is to be read, false = it says nothing about usage. null = nothing is told, and marks decide. */
  tells(head: string): boolean | null;
}

export type StatedTotals = Readonly<Record<string, number>>;

export interface RecordReading {
  /** What one line says was used; the same response may be told again and again. Never throws. */
  read(line: JsonObject): readonly UsageRecord[];
  /** Plain data to go on from later. */
  state(): unknown;
  /**
   * Tokens that the agent itself says sessions have used in all, by session: held against what is read of them, never
   * added. Left out = it never says.
   */
  stated?(): StatedTotals;
  /** The folder the session works in, once a line has told it. */
  cwd(): string | null;
}

/** A line of text for a reading: what is broken, cut off or no object says nothing. */
export function readLine(reading: RecordReading, line: string): readonly UsageRecord[] {
  const object = parseLine(line);
  return object === null ? [] : reading.read(object);
}

/** All lines of a text, one record a response. */
export function readText(format: RecordFormat, text: string, state: unknown = null): UsageRecord[] {
  const reading = format.open(state);
  const sightings: UsageRecord[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (format.marks.some((mark) => line.includes(mark))) sightings.push(...readLine(reading, line));
  }
  return mergeRecords([sightings]);
}
