/** A thread that finds and reads record files. null ends it. */
import { parentPort } from "node:worker_threads";
import { batchesAhead, batchesOf, isMuch, type ReadBatch } from "./read-batches.ts";
import { FileReader } from "./read-file.ts";
import type { RecordFolders } from "./formats.ts";
import { packResults, readJob, type PackedResults } from "./read-jobs.ts";
import { findRecords, type RecordsFound } from "./records-found.ts";

/** What it is asked, as JSON. */
export type ToThread =
  | { readonly read: ReadBatch }
  /** To find all files, and to go on at once with reading where there is so much of it that any thread would have begun. */
  | { readonly find: RecordFolders }
  | null;

/** What it found, as JSON. `begun`: batches it reads next, as if it had been given them. */
export interface FoundBeside {
  readonly found: RecordsFound;
  readonly begun: readonly ReadBatch[];
}

/** What it answers, to each in the order they came: what it found, or what was read of a batch. */
export type FromThread = string | PackedResults;

const reader = new FileReader();

parentPort?.on("message", (text: string) => {
  const asked = JSON.parse(text) as ToThread;
  if (asked === null) return parentPort?.close();
  if ("read" in asked) return read(asked.read);
  const found = findRecords(asked.find, null);
  const jobs = found.files.map((file) => ({ file, soFar: null }));
  const begun = isMuch(jobs) ? batchesOf(jobs).slice(0, batchesAhead) : [];
  post(JSON.stringify({ found, begun } satisfies FoundBeside));
  begun.forEach(read);
});

function read(batch: ReadBatch): void {
  const results = packResults(batch.map((job) => readJob(reader, job)));
  post(results, [results.records.buffer]);
}

function post(answer: FromThread, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, handedOver);
}
