/**
 * What was spent in the last so many milliseconds, from an exact log: no buckets, so no window ever holds more than
 * its limit. Running totals stand beside the log, so that reading, expiry and look-ahead never walk it.
 */
export class RollingMeter {
  readonly #lengthMs: number;
  #nowMs = Number.NEGATIVE_INFINITY;
  /** Index of the oldest entry still inside the window. */
  #head = 0;
  #atMs: number[] = [];
  /** Sum of all amounts up to and including this entry, the expired ones that are still kept included. */
  #totals: number[] = [];

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Moves the window's end to `nowMs`: an entry leaves exactly one window length after its time. */
  advance(nowMs: number): void {
    this.#nowMs = nowMs;
    while (this.#head < this.#atMs.length && (this.#atMs[this.#head] ?? 0) <= nowMs - this.#lengthMs)
      this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#atMs.length) this.#compact();
  }

  /** Adds an amount at its own time, late ones included; what has left the window already is passed over. */
  add(atMs: number, amount: number): void {
    if (amount === 0 || atMs <= this.#nowMs - this.#lengthMs) return;
    const last = this.#atMs.length - 1;
    if (last < this.#head || (this.#atMs[last] ?? 0) <= atMs) {
      this.#atMs.push(atMs);
      this.#totals.push(this.#totalBefore(last + 1) + amount);
      return;
    }
    this.#insert(this.#firstAfter(atMs), atMs, amount);
  }

  /** Sum of what is inside; an entry dated ahead of the clock counts at once. */
  used(): number {
    return this.#totalBefore(this.#atMs.length) - this.#totalBefore(this.#head);
  }

  /** When at least `amount` of what is inside has left, if nothing is added; null when there is not so much inside. */
  freeAtMs(amount: number): number | null {
    const wanted = this.#totalBefore(this.#head) + amount;
    const index = firstIndex(this.#head, this.#totals.length, (i) => (this.#totals[i] ?? 0) >= wanted);
    const atMs = this.#atMs[index];
    return atMs === undefined ? null : atMs + this.#lengthMs;
  }

  /** When the oldest entry leaves, or null when the window is empty. */
  oldestLeavesMs(): number | null {
    const atMs = this.#atMs[this.#head];
    return atMs === undefined ? null : atMs + this.#lengthMs;
  }

  /** How much of what is inside now has left by `atMs`, if nothing is added. */
  leftBy(atMs: number): number {
    return this.#totalBefore(this.#firstAfter(atMs - this.#lengthMs)) - this.#totalBefore(this.#head);
  }

  #totalBefore(index: number): number {
    return index === 0 ? 0 : (this.#totals[index - 1] ?? 0);
  }

  #firstAfter(atMs: number): number {
    return firstIndex(this.#head, this.#atMs.length, (index) => (this.#atMs[index] ?? 0) > atMs);
  }

  #insert(index: number, atMs: number, amount: number): void {
    this.#totals.splice(index, 0, this.#totalBefore(index));
    this.#atMs.splice(index, 0, atMs);
    for (let later = index; later < this.#totals.length; later += 1) {
      this.#totals[later] = (this.#totals[later] ?? 0) + amount;
    }
  }

  /** Forgets what has expired, and begins the totals anew so that they stay exact for ever. */
  #compact(): void {
    const base = this.#totalBefore(this.#head);
    this.#atMs = this.#atMs.slice(this.#head);
    this.#totals = this.#totals.slice(this.#head).map((total) => total - base);
    this.#head = 0;
  }
}

/** First index in [from, to) that passes a test which, once passed, stays passed; `to` when none does. */
function firstIndex(from: number, to: number, passes: (index: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
