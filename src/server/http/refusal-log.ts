/** Who was refused at the door: the last ones, cut short, and how many of each kind. */
import type { IncomingMessage } from "node:http";
import type { Refusal } from "./guard.ts";

const keptMax = 200;
const wordsMaxChars = 200;

/** A caller that was refused. */
export interface NotedRefusal {
  readonly atMs: number;
  readonly status: number;
  readonly why: string;
  /** Method and path, without what stands behind the question mark. */
  readonly call: string;
  readonly host: string | null;
  readonly origin: string | null;
}

export class RefusalLog {
  readonly #last: NotedRefusal[] = [];
  readonly #counts = new Map<number, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Newest last. */
  get last(): readonly NotedRefusal[] {
    return this.#last;
  }

  /** How many there were, by status. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts;
  }

  /** Returns the refusal, so that it can be answered. */
  note(request: IncomingMessage, refusal: Refusal): Refusal {
    const { method = "", url = "", headers } = request;
    const { status, why } = refusal;
    const call = `${method} ${url.split("?", 1)[0] ?? ""}`.slice(0, wordsMaxChars);
    const { host, origin } = headers;
    this.#last.push({ atMs: this.#now(), status, why, call, host: cut(host), origin: cut(origin) });
    if (this.#last.length > keptMax) this.#last.shift();
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
    return refusal;
  }
}

function cut(words: string | undefined): string | null {
  return words?.slice(0, wordsMaxChars) ?? null;
}
