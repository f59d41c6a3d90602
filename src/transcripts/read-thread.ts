/** A thread that finds and reads record files. null ends it. */
import { parentPort } from "node:worker_threads";
import type { RecordFolders } from "./formats.ts";
import { batchesAhead, batchesOf, isMuch, type ReadBatch } from "./read-batches.ts";
import { FileReader } from "./read-file.ts";
import { readJob, type ReadResult } from "./read-jobs.ts";
import { findRecords, type RecordsFound } from "./records-found.ts";

/** What it is asked. */
export type ToThread =
  | { readonly read: ReadBatch }
  /** To find all files, and to go on at once with reading where there is so much of it that any thread would have begun. */
  | { readonly find: RecordFolders }
  | null;

/** What it answers: to each batch what was read of it, in the order they came. */
export type FromThread =
  | { readonly results: readonly ReadResult[] }
  /** `begun`: batches it reads next, as if it had been given them. */
  | { readonly found: RecordsFound; readonly begun: readonly ReadBatch[] };

const reader = new FileReader();

parentPort?.on("message", (asked: ToThread) => {
  if (asked === null) return parentPort?.close();
  if ("read" in asked) return read(asked.read);
  const found = findRecords(asked.find, null);
  const jobs = found.files.map((file) => ({ file, soFar: null }));
  const begun = isMuch(jobs) ? batchesOf(jobs).slice(0, batchesAhead) : [];
  post({ found, begun });
  begun.forEach(read);
});

function read(batch: ReadBatch): void {
  const results = batch.map((job) => readJob(reader, job));
  post(
    { results },
    results.map(({ records }) => records.buffer),
  );
}

function post(answer: FromThread, handedOver: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, [...handedOver]);
}
