/**
 * A reservation that grows while its task runs: as soon as most of it is used, more is asked for. What does not fit
 * into a window is owed: the task goes on, and nothing new is let in there until it fits or the task has ended.
 */
import type { Spend } from "./limits.ts";

/** What an attempt has reserved after an extension, and what it needs beyond that and does not get. */
export interface Extension {
  readonly reserved: Spend;
  readonly owed: Spend;
}

/** Tokens, or nano-dollars, of one attempt. */
interface Share {
  readonly reserved: number;
  readonly used: number;
}

/** From this part of the reservation on, in percent of it, more is asked for. */
const extendAbovePercent = 80;

/** What an attempt should have reserved for what it has used; null = what it has is enough. */
export function wantedReservation(reserved: Spend, used: Spend): Spend | null {
  const tokens = wanted({ reserved: reserved.tokens, used: used.tokens });
  const nanoUsd = wanted({ reserved: reserved.nanoUsd, used: used.nanoUsd });
  return tokens === reserved.tokens && nanoUsd === reserved.nanoUsd ? null : { tokens, nanoUsd };
}

/** Half as much again, as often as it takes: few extensions, and none of them far beyond what is used. */
function wanted({ reserved, used }: Share): number {
  let amount = reserved;
  while (used * 100 > amount * extendAbovePercent) amount += Math.max(1, Math.ceil(amount / 2));
  return amount;
}

/** How much of a wanted reservation fits: `room` is what is left in the tightest window. What was overrun is used already. */
export function fitting(
  share: Share,
  wantedAmount: number,
  room: number,
): { reserved: number; owed: number } {
  const { reserved, used } = share;
  const covered = Math.max(reserved, used);
  const more = Math.max(0, wantedAmount - covered);
  const granted = Math.min(more, Math.max(0, room));
  return { reserved: Math.max(reserved, Math.min(wantedAmount, covered + granted)), owed: more - granted };
}
