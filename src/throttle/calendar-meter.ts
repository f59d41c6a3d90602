/** What was spent in the current hour, day or month of a time zone: one sum, begun anew at each boundary. */
import type { Calendar } from "./calendar.ts";
import type { WindowName } from "./limits.ts";

interface Entry {
  readonly atMs: number;
  readonly amount: number;
}

export class CalendarMeter {
  readonly #window: WindowName;
  readonly #calendar: Calendar;
  #startMs = Number.NEGATIVE_INFINITY;
  #endMs = Number.NEGATIVE_INFINITY;
  #sum = 0;
  /** Dated beyond the window's end (a clock was wrong). They count now, and again in their own window. */
  #ahead: Entry[] = [];

  constructor(window: WindowName, calendar: Calendar) {
    this.#window = window;
    this.#calendar = calendar;
  }

  /** Moves to the window that holds `nowMs`. Time never goes back: the caller sees to that. */
  advance(nowMs: number): void {
    if (nowMs < this.#endMs || !Number.isFinite(nowMs)) return;
    const { startMs, endMs } = this.#calendar.bounds(this.#window, nowMs);
    const entries = this.#ahead;
    this.#startMs = startMs;
    this.#endMs = endMs;
    this.#sum = 0;
    this.#ahead = [];
    for (const { atMs, amount } of entries) this.add(atMs, amount);
  }

  /** Adds an amount at its own time; one of an earlier window is passed over. */
  add(atMs: number, amount: number): void {
    if (amount === 0 || atMs < this.#startMs) return;
    if (atMs < this.#endMs) this.#sum += amount;
    else this.#ahead.push({ atMs, amount });
  }

  used(): number {
    return this.#ahead.reduce((sum, entry) => sum + entry.amount, this.#sum);
  }

  /** A calendar window frees nothing before it ends, and then everything. */
  freeAtMs(_amount: number): number | null {
    return this.#endMs;
  }

  endMs(): number {
    return this.#endMs;
  }
}
