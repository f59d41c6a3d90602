/**
 * Follows what a worker prints: hands the raw stream to its adapter (some agents signal in it), and when the
 * terminal has been quiet for a moment asks for one look at the screen. Nothing is looked at on a clock.
 */
import { join } from "node:path";
import { OutputLog } from "./output-log.ts";
import type { Worker } from "./worker.ts";

/** A screen that has not changed for so long shows where the agent stands. */
const quietMs = 400;

export interface OutputWatchParts {
  /** It printed something. */
  onOutput(): void;
  onQuiet(): Promise<void>;
}

export class OutputWatch {
  readonly log: OutputLog;
  /** The launch folder whose log this follows; a new start has a new one. */
  readonly dir: string | null;
  readonly #worker: Worker;
  readonly #parts: OutputWatchParts;
  readonly #unfollow: () => void;
  #quiet: NodeJS.Timeout | null = null;
  #rest = "";
  #closed = false;

  constructor(worker: Worker, parts: OutputWatchParts) {
    this.#worker = worker;
    this.#parts = parts;
    this.dir = worker.record.launchDir;
    this.log = new OutputLog(join(this.dir ?? "", "output.log"));
    this.#unfollow = this.log.follow((chunk) => this.#take(chunk));
    this.#arm();
  }

  #take(chunk: string): void {
    const { events, rest } = this.#worker.adapter.readStream(this.#rest + chunk);
    this.#rest = rest;
    for (const event of events) void this.#worker.see(event, "signal", "terminal stream");
    this.#parts.onOutput();
    this.#arm();
  }

  /** Each piece of output puts the look off; only states in which a screen can tell something ask for one. */
  #arm(): void {
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    if (this.#closed) return;
    this.#quiet = setTimeout(() => {
      this.#quiet = null;
      // A pane that closes between the timer and the look is reported by tmux itself.
      this.#parts.onQuiet().catch(() => undefined);
    }, quietMs);
    this.#quiet.unref();
  }

  close(): void {
    this.#closed = true;
    this.#unfollow();
    if (this.#quiet !== null) clearTimeout(this.#quiet);
  }
}
