/** Files to be read, and what was read, in a shape that goes to another thread and back. */
import type { FoundFile } from "./find-files.ts";
import { FileReader, type ReadSoFar } from "./read-file.ts";

export interface ReadJob {
  readonly file: FoundFile;
  readonly soFar: ReadSoFar | null;
}

/** As texts: they travel and are stored without being taken apart again. */
export interface ReadResult {
  readonly path: string;
  readonly continues: boolean;
  /** The reading without its records, as JSON. */
  readonly head: string;
  /** Its records, as JSON. */
  readonly records: string;
}

/** Reads one file after another, in this thread. */
export function* readJobs(jobs: readonly ReadJob[]): Generator<ReadResult> {
  const reader = new FileReader();
  for (const { file, soFar } of jobs) {
    const { reading, continues } = reader.read(file, soFar);
    const { records, ...head } = reading;
    yield { path: file.path, continues, head: JSON.stringify(head), records: JSON.stringify(records) };
  }
}
