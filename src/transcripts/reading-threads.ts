/** Threads that find and read record files, spread over the processor's cores. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RecordFolders } from "./formats.ts";
import { batchesAhead, batchesOf, type ReadBatch } from "./read-batches.ts";
import type { ReadJob, ReadResult } from "./read-jobs.ts";
import { ReadingThread, type FoundAhead } from "./reading-thread.ts";
import type { RecordsFound } from "./records-found.ts";

const threadsMax = 4;
/** Beside the bundled program; from the source, one thread does it all. */
const THREAD_PROGRAM = import.meta.url.endsWith(".ts")
  ? null
  : fileURLToPath(new URL("./read-thread.cjs", import.meta.url));

/** They load their program, and find what there is to read, while the one who started them does other things. */
export class ReadingThreads {
  readonly #threads: readonly ReadingThread[];
  #ahead: { readonly folders: string; readonly answer: Promise<FoundAhead> } | null = null;

  /** `besides`: threads that will read as well, and have a core each. null: there is one core, or no program for threads. */
  static start(besides: 0 | 1 = 0): ReadingThreads | null {
    const cores = Math.min(threadsMax, availableParallelism());
    return THREAD_PROGRAM === null || cores === 1
      ? null
      : new ReadingThreads(THREAD_PROGRAM, cores - besides);
  }

  /** `program`: the file each of so many threads runs. */
  constructor(program: string, threads: number) {
    this.#threads = Array.from({ length: threads }, () => new ReadingThread(program));
  }

  /** Has one of them find all files, and begin to read them where they are many. To be called once, and first. */
  findAhead(folders: RecordFolders): void {
    const [thread] = this.#threads;
    if (thread !== undefined)
      this.#ahead = { folders: JSON.stringify(folders), answer: thread.find(folders) };
  }

  /** What was found ahead; null = nothing was looked for, or in other folders. Rejects when the thread failed. */
  async found(folders: RecordFolders): Promise<RecordsFound | null> {
    if (this.#ahead?.folders !== JSON.stringify(folders)) return null;
    return (await this.#ahead.answer).found;
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
    try {
      const begun = (await this.#ahead?.answer)?.begun ?? [];
      const wanted = new Set(jobs.filter(({ soFar }) => soFar === null).map(({ file }) => file.path));
      const isBegun = new Set(begun.flatMap(({ batch }) => batch.map(({ file }) => file.path)));
      const batches = batchesOf(jobs.filter(({ file, soFar }) => soFar !== null || !isBegun.has(file.path)));
      const ways = this.#threads.flatMap((thread, of) =>
        Array.from({ length: batchesAhead }, async (_, way) => {
          const early = of === 0 ? begun[way] : undefined;
          for (const result of (await early?.results) ?? []) if (wanted.has(result.path)) onResult(result);
          for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
            (await thread.read(batch)).forEach(onResult);
        }),
      );
      const readHere = here === undefined ? null : readSmallest(batches, (job) => onResult(here(job)));
      await Promise.all([...ways, readHere]);
      for (const thread of this.#threads) thread.end();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends them, whatever they do. */
  close(): void {
    for (const thread of this.#threads) thread.terminate();
  }
}

/** From the other end; between two batches whatever else there is to do has its turn. */
async function readSmallest(batches: ReadBatch[], read: (job: ReadJob) => void): Promise<void> {
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    batch.forEach(read);
    await setImmediate();
  }
}
