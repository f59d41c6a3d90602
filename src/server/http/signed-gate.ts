/**
 * How many signed calls are looked at in a second. A signature is checked over the whole body, which is work that
 * anybody who reaches the port can cause: the bucket stands before it. It is wide enough for a storm of true ones.
 */
import type { Refusal } from "./guard.ts";

export const signedPerSecond = 2_000;
const burstMax = 4_000;

export class SignedGate {
  readonly #now: () => number;
  #left = burstMax;
  #atMs: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#atMs = now();
  }

  /** null: it may go on, and one is taken out of the bucket. */
  refusal(): Refusal | null {
    const nowMs = this.#now();
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#left = Math.min(burstMax, this.#left + (passedMs * signedPerSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#left < 1) return { status: 429, why: "too many at once; send it again later" };
    this.#left -= 1;
    return null;
  }
}
