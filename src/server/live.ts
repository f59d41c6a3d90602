/**
 * What happens, as it happens, for readers that come and go: each fact has a number, the last ones are kept, and a
 * reader says which it saw last. One that was away for longer, or over a new start, is told to look at everything anew.
 */
import type { App } from "../app.ts";
import { factsKeptMax } from "../base/limits.ts";
import type { Fact } from "../events/facts.ts";
import { factText } from "../events/fact-text.ts";

/** Readers at once. */
export const followersMax = 64;
/** A reader that leaves more than this unread is cut, not waited for. */
export const followerLagMaxBytes = 1024 * 1024;
/** How often a silent line says that it is alive. */
export const heartbeatMs = 15_000;

export interface LiveFact {
  /** `run-number`: what a reader names to go on from here. */
  readonly id: string;
  readonly fact: Fact;
  /** The same as one sentence; texts of users and agents stand in it as they are. */
  readonly text: string;
}

/** What a reader begins with. */
export interface Beginning {
  /** Where it stands now. */
  readonly id: string;
  /** It missed something that is not kept: what it shows is to be read anew. */
  readonly reset: boolean;
  readonly missed: readonly LiveFact[];
}

export class Live {
  readonly #run: string;
  readonly #kept: LiveFact[] = [];
  readonly #readers = new Set<(fact: LiveFact) => void>();
  readonly #stop: () => void;
  #last = 0;

  /** `run` tells this process from the one before it. */
  constructor(app: App, run: string) {
    this.#run = run;
    this.#stop = app.onFact((fact) => this.#take(fact));
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** The facts that are kept, oldest first. */
  recent(): readonly LiveFact[] {
    return this.#kept;
  }

  /** What came behind `since`; null: the reader has seen nothing yet, and looks at everything anyway. */
  beginning(since: string | null): Beginning {
    const id = `${this.#run}-${this.#last}`;
    if (since === null) return { id, reset: false, missed: [] };
    const [run, number = ""] = since.split("-");
    const seen = /^\d{1,15}$/.test(number) ? Number(number) : -1;
    const oldest = this.#last - this.#kept.length;
    if (run !== this.#run || seen < oldest || seen > this.#last) return { id, reset: true, missed: [] };
    return { id, reset: false, missed: this.#kept.slice(seen - oldest) };
  }

  /** Returns how to stop. */
  follow(reader: (fact: LiveFact) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  close(): void {
    this.#stop();
    this.#readers.clear();
  }

  #take(fact: Fact): void {
    this.#last += 1;
    const live = { id: `${this.#run}-${this.#last}`, fact, text: factText(fact) };
    this.#kept.push(live);
    if (this.#kept.length > factsKeptMax) this.#kept.shift();
    for (const reader of this.#readers) reader(live);
  }
}
