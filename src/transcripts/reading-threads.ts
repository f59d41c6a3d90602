/** Threads that read record files, spread over the processor's cores. */
import { availableParallelism } from "node:os";
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

  /** null: there is one core, or no program for threads. */
  static start(): ReadingThreads | null {
    const threads = Math.min(threadsMax, availableParallelism());
    return THREAD_PROGRAM === null || threads === 1 ? null : new ReadingThreads(THREAD_PROGRAM, threads);
  }

  private constructor(program: string, threads: number) {
    this.#threads = Array.from(
      { length: threads },
      () => new Worker(program, { resourceLimits: threadMemory }),
    );
  }

  /**
   * Hands over each file's result as it comes, in no particular order. To be called once: the threads end when all is
   * read. Rejects when one of them fails, or what the results are handed to.
   */
  async read(jobs: readonly ReadJob[], onResult: (result: ReadResult) => void): Promise<void> {
    try {
      await this.#readBatches(batchesOf(jobs), onResult);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #readBatches(batches: ReadJob[][], onResult: (result: ReadResult) => void): Promise<void> {
    let unread = batches.length;
    const give = (thread: Worker): void => thread.postMessage(batches.shift() ?? null);
    return new Promise((resolve, reject) => {
      const take = (results: readonly ReadResult[]): void => {
        results.forEach(onResult);
        unread -= 1;
        if (unread === 0) resolve();
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
    });
  }

  /** Ends them, whatever they do. */
  close(): void {
    for (const thread of this.#threads) void thread.terminate();
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
