/** One timer for the earliest of many moments: waking earlier moves it, waking later changes nothing. */

/** Longest single delay; a later moment is reached in steps. */
const stepMaxMs = 24 * 3_600_000;

export class WakeTimer {
  readonly #now: () => number;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | null = null;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(now: () => number, wake: () => void) {
    this.#now = now;
    this.#wake = wake;
  }

  /** Wakes at this moment at the latest. */
  by(atMs: number): void {
    if (this.#timer !== null && this.#atMs <= atMs) return;
    this.cancel();
    this.#atMs = atMs;
    const delayMs = Math.min(Math.max(atMs - this.#now(), 1), stepMaxMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#wake();
    }, delayMs);
    this.#timer.unref();
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
