/** One of the threads that find and read record files, as it is seen from outside. */
import { Worker } from "node:worker_threads";
import type { RecordFolders } from "./formats.ts";
import type { ReadBatch } from "./read-batches.ts";
import { unpackResults, type ReadResult } from "./read-jobs.ts";
import type { FoundBeside, FromThread, ToThread } from "./read-thread.ts";
import type { RecordsFound } from "./records-found.ts";

/** What a thread may hold, in MiB: pieces of files and the records of one. */
const threadMemory = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 48 };

/** What a thread found, and what it reads of that without being asked again. */
export interface FoundAhead {
  readonly found: RecordsFound;
  readonly begun: readonly { readonly batch: ReadBatch; readonly results: Promise<readonly ReadResult[]> }[];
}

interface Waiting {
  take(answer: FromThread): void;
  reject(error: unknown): void;
}

export class ReadingThread {
  readonly #worker: Worker;
  /** Those that wait for an answer: it answers in the order it was asked. */
  readonly #waiting: Waiting[] = [];
  #failure: { readonly error: unknown } | null = null;

  constructor(program: string) {
    this.#worker = new Worker(program, { resourceLimits: threadMemory });
    this.#worker.on("message", (answer: FromThread) => this.#waiting.shift()?.take(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`a reading thread ended with code ${code}`)));
  }

  /** Rejects when the thread fails or has ended. */
  read(batch: ReadBatch): Promise<readonly ReadResult[]> {
    this.#post({ read: batch });
    return this.#answer(resultsOf);
  }

  /** Rejects when the thread fails or has ended. */
  find(folders: RecordFolders): Promise<FoundAhead> {
    this.#post({ find: folders });
    return this.#answer((answer) => {
      if (typeof answer !== "string") throw new Error("a reading thread gave no files it found");
      const { found, begun } = JSON.parse(answer) as FoundBeside;
      // What it answers next is of these.
      return { found, begun: begun.map((batch) => ({ batch, results: this.#answer(resultsOf) })) };
    });
  }

  /** Lets it end when it has answered all. */
  end(): void {
    this.#post(null);
  }

  /** Ends it, whatever it does. */
  terminate(): void {
    void this.#worker.terminate();
  }

  #post(asked: ToThread): void {
    this.#worker.postMessage(JSON.stringify(asked), []);
  }

  #answer<T>(read: (answer: FromThread) => T): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const take = (answer: FromThread): void => {
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#failure === null) this.#waiting.push({ take, reject });
      else reject(this.#failure.error);
    });
    // It may fail before anybody waits for it, and then it is no failure of the whole program.
    promise.catch(() => undefined);
    return promise;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function resultsOf(answer: FromThread): readonly ReadResult[] {
  if (typeof answer === "string") throw new Error("a reading thread gave no results");
  return unpackResults(answer);
}
