/** Threads that read record files, spread over the processor's cores. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { bytesOf, type ReadJob, type ReadResult } from "./read-jobs.ts";

const threadsMax = 4;
/** What a thread may hold, in MiB: pieces of files and the records of one. */
const threadMemory = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 48 };
/** What a thread is given at once: enough that asking for more costs nothing, so little that all end together. */
const batchBytes = 4 * 1024 * 1024;
const batchFiles = 64;
/** Batches a thread has before it: one it reads, and one to go on with. */
const batchesAhead = 2;
/** Beside the bundled program; from the source, one thread does it all. */
const THREAD_PROGRAM = import.meta.url.endsWith(".ts")
  ? null
  : fileURLToPath(new URL("./read-thread.js", import.meta.url));

/** They load their program while there is nothing to read yet. */
export class ReadingThreads {
  readonly #threads: readonly Worker[];

  /** `besides`: threads that will read as well, and have a core each. null: there is one core, or no program for threads. */
  static start(besides: 0 | 1 = 0): ReadingThreads | null {
    const cores = Math.min(threadsMax, availableParallelism());
    return THREAD_PROGRAM === null || cores === 1
      ? null
      : new ReadingThreads(THREAD_PROGRAM, cores - besides);
  }

  private constructor(program: string, threads: number) {
    this.#threads = Array.from(
      { length: threads },
      () => new Worker(program, { resourceLimits: threadMemory }),
    );
  }

  /**
   * Hands over each file's result as it comes, in no particular order. To be called once: the threads end when all is
   * read. `here`: reads a file in this thread, which then takes its part of the work, and stands still for as long as a
   * batch takes it. Rejects when a thread fails, or what the results are handed to.
   */
  async read(
    jobs: readonly ReadJob[],
    onResult: (result: ReadResult) => void,
    here?: (job: ReadJob) => ReadResult,
  ): Promise<void> {
    const batches = batchesOf(jobs);
    try {
      await Promise.all([
        this.#readBatches(batches, onResult),
        here === undefined ? null : readSmallest(batches, (job) => onResult(here(job))),
      ]);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #readBatches(batches: ReadJob[][], onResult: (result: ReadResult) => void): Promise<void> {
    let working = 0;
    return new Promise((resolve, reject) => {
      const give = (thread: Worker): void => {
        const batch = batches.shift() ?? null;
        if (batch !== null) working += 1;
        thread.postMessage(batch);
      };
      const take = (results: readonly ReadResult[]): void => {
        results.forEach(onResult);
        working -= 1;
        if (working === 0) resolve();
      };
      for (const thread of this.#threads) {
        thread.on("message", (results: readonly ReadResult[]) => {
          give(thread);
          try {
            take(results);
          } catch (error) {
            reject(error);
          }
        });
        thread.on("error", reject);
        thread.on("exit", (code) => {
          if (code !== 0) reject(new Error(`a reading thread ended with code ${code}`));
        });
      }
      for (let ahead = 0; ahead < batchesAhead; ahead++) this.#threads.forEach(give);
      if (working === 0) resolve();
    });
  }

  /** Ends them, whatever they do. */
  close(): void {
    for (const thread of this.#threads) void thread.terminate();
  }
}

/** From the other end; between two batches whatever else there is to do has its turn. */
async function readSmallest(batches: ReadJob[][], read: (job: ReadJob) => void): Promise<void> {
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    batch.forEach(read);
    await setImmediate();
  }
}

/** The largest files first, so that none of them is left for the end. */
function batchesOf(jobs: readonly ReadJob[]): ReadJob[][] {
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
