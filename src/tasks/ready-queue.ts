/**
 * The few tasks that are next: a small window of ids in front of the ledger. p-queue orders and starts them;
 * its concurrency is how many workers are free, its pause the throttle's word. It is never the store: the
 * ledger holds the tasks, and an id taken out of line is offered again by the next pass.
 */
import PQueue from "p-queue";
import { readyWindowMax } from "../base/limits.ts";

/** What beginning a task came to: did it go to a worker, and when is its slot free again? */
export interface Begun {
  readonly sent: boolean;
  readonly done: Promise<void>;
}

export class ReadyQueue {
  readonly #queue = new PQueue({ concurrency: 1, autoStart: false });
  readonly #waiting = new Map<number, (sent: boolean) => void>();

  /** How many more ids the window takes. */
  get room(): number {
    return readyWindowMax - this.#waiting.size;
  }

  /**
   * Puts an id in line, which stands still until `allow`; `begin` runs when its turn comes and decides at once.
   * Resolves with whether it was sent: false also when it was taken out of line, or stood in it already.
   */
  offer(id: number, priority: number, begin: () => Begun): Promise<boolean> {
    if (this.#waiting.has(id) || this.room <= 0) return Promise.resolve(false);
    if (!this.#queue.isPaused) this.#queue.pause();
    return new Promise<boolean>((decided, failed) => {
      this.#waiting.set(id, decided);
      const run = async (): Promise<void> => {
        this.#waiting.delete(id);
        const begun = begin();
        decided(begun.sent);
        // The last free worker is taken: nobody is left in line to wait for the end of a dispatch.
        if (begun.sent && this.#queue.pending >= this.#queue.concurrency) this.clear();
        await begun.done;
      };
      this.#queue.add(run, { priority }).catch(failed);
    });
  }

  /** Takes everything that has not begun out of line. */
  clear(): void {
    this.#queue.clear();
    for (const decided of this.#waiting.values()) decided(false);
    this.#waiting.clear();
  }

  /** Lets `free` more tasks begin beside those that are beginning; 0 takes everything out of line. */
  allow(free: number): void {
    if (free <= 0) {
      this.clear();
      return;
    }
    this.#queue.concurrency = free + this.#queue.pending;
    this.#queue.start();
  }
}
