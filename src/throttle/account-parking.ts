/**
 * When an account (the credentials some agents run with) is parked because its provider lets nothing through, for how
 * long, and when each attempt that waits for it goes on. Pure: every answer follows from its arguments.
 */

/** What a provider said. The first two end at a stated time or by themselves, the last two only by a person. */
export const PARK_CAUSES = [
  "quota-exhausted",
  "rate-limited",
  "overloaded",
  "out-of-credit",
  "not-logged-in",
] as const;
export type ParkCause = (typeof PARK_CAUSES)[number];

/** An account that takes no work now. */
export interface AccountPark {
  readonly cause: ParkCause;
  /** The provider's or the agent's own sentence. */
  readonly message: string;
  readonly sinceMs: number;
  /** When it is tried again; null = when a person says so. */
  readonly untilMs: number | null;
  /** How often in a row it was parked for this cause without a turn that went through in between; from 1. */
  readonly inRow: number;
}

/** One failure that parks an account. */
export interface ParkReason {
  readonly cause: ParkCause;
  readonly message: string;
  /** The reset that the provider stated, or null. */
  readonly resetsAtMs: number | null;
}

const minuteMs = 60_000;
/** First pause where nobody said until when; it doubles with every park in a row. */
const FIRST_PAUSE_MS: Readonly<Record<ParkCause, number | null>> = {
  "quota-exhausted": 15 * minuteMs,
  "rate-limited": minuteMs,
  overloaded: minuteMs / 2,
  "out-of-credit": null,
  "not-logged-in": null,
};
const pauseMaxMs = 60 * minuteMs;
/** So many parks in a row without a stated reset, and nobody but a person knows what is wrong. */
const inRowMax = 8;
/** A stated reset further ahead than this is no reset of any known plan. */
const resetMaxMs = 32 * 24 * 60 * minuteMs;
/** Failures of several workers so close together tell of one and the same limit. */
const sameLimitMs = 2 * minuteMs;

export function isParkCause(failure: string): failure is ParkCause {
  return (PARK_CAUSES as readonly string[]).includes(failure);
}

/**
 * The account after one more failure. `previous` is how it was parked last, whether that has ended or not; null = never,
 * or a turn went through since.
 */
export function parked(previous: AccountPark | null, reason: ParkReason, nowMs: number): AccountPark {
  const { cause, message } = reason;
  const again = previous?.cause === cause ? previous : null;
  const same = again !== null && nowMs - again.sinceMs <= sameLimitMs && isInForce(again, nowMs);
  const inRow = again === null ? 1 : same ? again.inRow : again.inRow + 1;
  const untilMs = untilOf(reason, inRow, nowMs);
  if (!same) return { cause, message, sinceMs: nowMs, untilMs, inRow };
  // The later word on the same limit counts where it is the longer one.
  return { ...again, untilMs: laterOf(again.untilMs, untilMs) };
}

/** Does this park still hold back work? */
export function isInForce(park: AccountPark, nowMs: number): boolean {
  return park.untilMs === null || park.untilMs > nowMs;
}

function untilOf({ cause, resetsAtMs }: ParkReason, inRow: number, nowMs: number): number | null {
  const stated = resetsAtMs !== null && resetsAtMs > nowMs && resetsAtMs <= nowMs + resetMaxMs;
  if (stated) return resetsAtMs;
  const first = FIRST_PAUSE_MS[cause];
  return first === null || inRow > inRowMax
    ? null
    : nowMs + Math.min(pauseMaxMs, first * 2 ** Math.min(inRow - 1, 10));
}

function laterOf(aMs: number | null, bMs: number | null): number | null {
  return aMs === null || bMs === null ? null : Math.max(aMs, bMs);
}

/** After the reset a provider is not met by everybody at once. */
const firstAfterMs = 2_000;
const apartMs = 5_000;
const jitterMs = 3_000;

/**
 * When the n-th attempt (from 0) of an account that is free from `freeAtMs` on goes on: in turn, some seconds apart, with a
 * jitter that comes from the attempt's own id, so that several programs at the same account do not keep step.
 */
export function resumeAtMs(freeAtMs: number, n: number, attemptId: string): number {
  return freeAtMs + firstAfterMs + n * apartMs + (hashOf(attemptId) % jitterMs);
}

/** FNV-1a, 32 bits: only spreads. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
