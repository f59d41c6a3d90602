/**
 * Is this news? A cause is told of when it appears and when it gets worse, and not again before it has been better for
 * a while: a figure that goes to and fro about a bound alerts once.
 */
import type { Signal } from "./alert.ts";

export interface Cause {
  /** The worst grade that was told of and counts as told. */
  readonly told: number;
  /** As it stands now; 0 = it is over. */
  readonly grade: number;
  /** Since when it is better than what was told; null = it is not. */
  readonly betterSinceMs: number | null;
  /** What was told last. */
  readonly words: string;
}

export interface Judgement {
  readonly news: boolean;
  /** null: nothing stands, and nothing is remembered. */
  readonly cause: Cause | null;
}

/** What a signal comes to. `rearmMs`: so long it must have been better before the same is news again. */
export function judge(before: Cause | null, signal: Signal, nowMs: number, rearmMs: number): Judgement {
  const { grade, news, text } = signal;
  if (news === "always") return { news: grade > 0, cause: null };
  const known = before === null ? null : forgotten(before, nowMs, rearmMs);
  const told = known?.told ?? 0;
  const otherWords = news === "words" && grade > 0 && known !== null && known.words !== text;
  if (grade > told || otherWords)
    return { news: true, cause: { told: Math.max(grade, told), grade, betterSinceMs: null, words: text } };
  if (known === null || told === 0) return { news: false, cause: null };
  const betterSinceMs = grade < told ? (known.betterSinceMs ?? nowMs) : null;
  return { news: false, cause: { ...known, grade, betterSinceMs } };
}

/** Better for long enough: only what stands now counts as told. */
function forgotten(cause: Cause, nowMs: number, rearmMs: number): Cause {
  const { betterSinceMs, grade } = cause;
  if (betterSinceMs === null || nowMs - betterSinceMs < rearmMs) return cause;
  return { ...cause, told: grade, betterSinceMs: null };
}
