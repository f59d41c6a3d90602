/**
 * Every booking a window can still need, kept so that limits may change while the manager runs. Columns of numbers
 * and shared subjects: a month of busy workers is millions of entries.
 */
import type { Spend, SpendSubject } from "./limits.ts";

/** What was used: when (ledger time), by whom, how much, and for which attempt. */
export interface Booking {
  readonly atMs: number;
  readonly subject: SpendSubject;
  readonly spend: Spend;
  /** null = outside any attempt (a person's own use of a worker). */
  readonly attemptId: string | null;
  /** A rehearsal's: counted only where the policy says so. */
  readonly simulated: boolean;
}

/** How far back a window reaches: the longest month, a day and more of it when the zone changes, and a margin. */
export const historyMs = 34 * 86_400_000;

export class BookingLog {
  #atMs: number[] = [];
  #tokens: number[] = [];
  #nanoUsd: number[] = [];
  #subjects: SpendSubject[] = [];
  #head = 0;

  append(atMs: number, subject: SpendSubject, spend: Spend): void {
    this.#atMs.push(atMs);
    this.#tokens.push(spend.tokens);
    this.#nanoUsd.push(spend.nanoUsd);
    this.#subjects.push(subject);
  }

  /** Drops what no window can reach any more. */
  forgetBefore(horizonMs: number): void {
    while (this.#head < this.#atMs.length && (this.#atMs[this.#head] ?? 0) < horizonMs) this.#head += 1;
    if (this.#head < 4_096 || this.#head * 2 < this.#atMs.length) return;
    this.#atMs = this.#atMs.slice(this.#head);
    this.#tokens = this.#tokens.slice(this.#head);
    this.#nanoUsd = this.#nanoUsd.slice(this.#head);
    this.#subjects = this.#subjects.slice(this.#head);
    this.#head = 0;
  }

  /** All entries in the order they were booked. */
  replay(each: (atMs: number, subject: SpendSubject, spend: Spend) => void): void {
    for (let index = this.#head; index < this.#atMs.length; index += 1) {
      const subject = this.#subjects[index];
      if (subject === undefined) continue;
      each(this.#atMs[index] ?? 0, subject, {
        tokens: this.#tokens[index] ?? 0,
        nanoUsd: this.#nanoUsd[index] ?? 0,
      });
    }
  }

  get size(): number {
    return this.#atMs.length - this.#head;
  }
}
