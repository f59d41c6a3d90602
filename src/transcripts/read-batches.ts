/** How files that are to be read are shared out among threads. */
import { bytesOf, type ReadJob } from "./read-jobs.ts";

/** Below this, starting threads takes longer than reading. */
const threadsFromBytes = 24 * 1024 * 1024;
/** What a thread is given at once: enough that asking for more costs nothing, so little that all end together. */
const batchBytes = 4 * 1024 * 1024;
const batchFiles = 64;
/** Batches a thread has before it: one it reads, and one to go on with. */
export const batchesAhead = 2;

export type ReadBatch = readonly ReadJob[];

/** Is it so much that several threads are to read it? */
export function isMuch(jobs: readonly ReadJob[]): boolean {
  return jobs.reduce((sum, job) => sum + bytesOf(job), 0) >= threadsFromBytes;
}

/** The largest files first, so that none of them is left for the end. */
export function batchesOf(jobs: readonly ReadJob[]): ReadBatch[] {
  const batches: ReadJob[][] = [];
  let batch: ReadJob[] = [];
  let bytes = 0;
  for (const job of [...jobs].sort((a, b) => bytesOf(b) - bytesOf(a))) {
    if (batch.length === 0) batches.push(batch);
    batch.push(job);
    bytes += bytesOf(job);
    if (bytes < batchBytes && batch.length < batchFiles) continue;
    batch = [];
    bytes = 0;
  }
  return batches;
}
