/**
 * What a provider itself says is used of an account's own windows (five hours, a week): shown and weighed as limits of
 * their own. Percent is all a provider tells, so these windows hold nothing back ahead of time; they close by level.
 */
import { levelOf, type Level } from "./levels.ts";

export interface ProviderWindow {
  /** As the provider names it, e.g. five_hour, seven_day. */
  readonly window: string;
  /** Thousandths of the window that are used, by everybody on the account. */
  readonly usedPermille: number;
  /** When it begins anew; null = not told. */
  readonly resetsAtMs: number | null;
  readonly seenAtMs: number;
}

/** A window without a stated reset is believed for so long. */
const staleMs = 5 * 3_600_000;

/** What is used of it now: nothing after its reset, and nothing is known of what was seen long ago. */
export function usedNow(window: ProviderWindow, nowMs: number): number {
  const endsAtMs = window.resetsAtMs ?? window.seenAtMs + staleMs;
  return endsAtMs <= nowMs ? 0 : window.usedPermille;
}

/** Its level, with a share of the window (percent, 0 to 99) kept for the person. */
export function windowLevel(window: ProviderWindow, reservePercent: number, nowMs: number): Level {
  return levelOf(usedNow(window, nowMs), 1_000 - 10 * reservePercent);
}
