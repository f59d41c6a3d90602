/** Reads many files: in this thread when they are few, else in several. */
import { FileReader } from "./read-file.ts";
import { bytesOf, readJob, type ReadJob, type ReadResult } from "./read-jobs.ts";
import { ReadingThreads } from "./reading-threads.ts";

/** Below this, starting threads takes longer than reading. */
const threadsFromBytes = 24 * 1024 * 1024;

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
  const bytes = jobs.reduce((sum, job) => sum + bytesOf(job), 0);
  const reader = new FileReader();
  const here = (job: ReadJob): ReadResult => readJob(reader, job);
  if (bytes >= threadsFromBytes) {
    if (started !== undefined) return started.read(jobs, onResult, here);
    const threads = ReadingThreads.start();
    if (threads !== null) return threads.read(jobs, onResult);
  }
  for (const job of jobs) onResult(here(job));
}
