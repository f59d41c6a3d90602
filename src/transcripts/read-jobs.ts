/**
 * Files to be read, and what was read. From thread to thread they go as one text, and the records of all files as one
 * piece of memory that is handed over: objects one by one would take ten times as long.
 */
import type { FoundFile } from "./find-files.ts";
import type { FileReader, ReadSoFar } from "./read-file.ts";

export interface ReadJob {
  readonly file: FoundFile;
  readonly soFar: ReadSoFar | null;
}

/** As texts and bytes: they travel and are stored without being taken apart again. */
export interface ReadResult {
  readonly path: string;
  readonly continues: boolean;
  /** The reading without its records, as JSON. */
  readonly head: string;
  /** Its records, packed. */
  readonly records: Uint8Array;
}

/** The head of a result, and how many bytes its records are. */
type PackedHead = readonly [path: string, continues: boolean, head: string, bytes: number];

/** What was read of several files. */
export interface PackedResults {
  readonly text: string;
  readonly records: Uint8Array<ArrayBuffer>;
}

export function readJob(reader: FileReader, { file, soFar }: ReadJob): ReadResult {
  const { reading, continues } = reader.read(file, soFar);
  const { records, ...head } = reading;
  return { path: file.path, continues, head: JSON.stringify(head), records };
}

/** Bytes that are still to be read of it. */
export function bytesOf({ file, soFar }: ReadJob): number {
  return Math.max(0, file.bytes - (soFar?.offset ?? 0));
}

export function packResults(results: readonly ReadResult[]): PackedResults {
  const heads = results.map(
    ({ path, continues, head, records }): PackedHead => [path, continues, head, records.length],
  );
  const all = new Uint8Array(results.reduce((sum, { records }) => sum + records.length, 0));
  let at = 0;
  for (const { records } of results) {
    all.set(records, at);
    at += records.length;
  }
  return { text: JSON.stringify(heads), records: all };
}

export function unpackResults({ text, records: all }: PackedResults): ReadResult[] {
  let at = 0;
  return (JSON.parse(text) as PackedHead[]).map(([path, continues, head, bytes]) => {
    const records = all.subarray(at, at + bytes);
    at += bytes;
    return { path, continues, head, records };
  });
}
