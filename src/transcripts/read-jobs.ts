/** Files to be read, and what was read, in a shape that goes to another thread and back. */
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
