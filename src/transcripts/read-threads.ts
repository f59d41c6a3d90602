/** Reads many files: in this thread when they are few, else spread over the processor's cores. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { readJobs, type ReadJob, type ReadResult } from "./read-jobs.ts";

/** Below this, starting threads takes longer than reading. */
const threadsFromBytes = 24 * 1024 * 1024;
const threadsMax = 4;
/** What a thread may hold, in MiB: pieces of files and the records of one. */
const threadMemory = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 48 };
/** Beside the bundled program; from the source, one thread does it all. */
const THREAD_PROGRAM = import.meta.url.endsWith(".ts")
  ? null
  : fileURLToPath(new URL("./read-thread.js", import.meta.url));

/** Hands over each file's result as it comes, in no particular order. Rejects when a thread fails. */
export async function readAll(
  jobs: readonly ReadJob[],
  onResult: (result: ReadResult) => void,
): Promise<void> {
  const bytes = jobs.reduce((sum, job) => sum + bytesOf(job), 0);
  const threads = Math.min(threadsMax, availableParallelism());
  if (THREAD_PROGRAM === null || bytes < threadsFromBytes || threads === 1) {
    for (const result of readJobs(jobs)) onResult(result);
    return;
  }
  await Promise.all(shares(jobs, threads).map((share) => readInThread(THREAD_PROGRAM, share, onResult)));
}

/** Every thread about as many bytes: the largest files first, each to the thread that has least. */
function shares(jobs: readonly ReadJob[], threads: number): ReadJob[][] {
  const loads = Array.from({ length: threads }, () => ({ bytes: 0, jobs: [] as ReadJob[] }));
  for (const job of [...jobs].sort((a, b) => bytesOf(b) - bytesOf(a))) {
    const least = loads.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    least.bytes += bytesOf(job);
    least.jobs.push(job);
  }
  return loads.map((load) => load.jobs).filter((share) => share.length > 0);
}

function bytesOf({ file, soFar }: ReadJob): number {
  return Math.max(0, file.bytes - (soFar?.offset ?? 0));
}

function readInThread(
  program: string,
  jobs: readonly ReadJob[],
  onResult: (result: ReadResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(program, { workerData: jobs, resourceLimits: threadMemory });
    thread.on("message", (results: readonly ReadResult[]) => results.forEach(onResult));
    thread.on("error", reject);
    thread.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`a reading thread ended with code ${code}`)),
    );
  });
}
