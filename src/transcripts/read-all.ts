/** Reads many files: in this thread when they are few, else in several. */
import { isMuch } from "./read-batches.ts";
import { FileReader } from "./read-file.ts";
import { readJob, type ReadJob, type ReadResult } from "./read-jobs.ts";
import { ReadingThreads } from "./reading-threads.ts";

/**
 * Hands over each file's result as it comes, in no particular order. Rejects when a thread fails, or what the results
 * are handed to. `started`: threads that wait for something to read; this one then reads as well. Without them it is
 * free for whatever else it has to do, if there is much to read.
 */
export async function readAll(
  jobs: readonly ReadJob[],
  onResult: (result: ReadResult) => void,
  started?: ReadingThreads,
): Promise<void> {
  const reader = new FileReader();
  const here = (job: ReadJob): ReadResult => readJob(reader, job);
  if (isMuch(jobs)) {
    if (started !== undefined) return started.read(jobs, onResult, here);
    const threads = ReadingThreads.start();
    if (threads !== null) return threads.read(jobs, onResult);
  }
  for (const job of jobs) onResult(here(job));
}
