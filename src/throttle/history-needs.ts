/** How much of the past a start must know, so that every window is exact from then on. */
import { historyMs } from "./booking-log.ts";
import type { Calendar } from "./calendar.ts";
import { WINDOWS, type Limit } from "./limits.ts";
import { hourMs, windowLengthMs } from "./windows.ts";

export interface HistoryNeeds {
  /** From here on each booking by itself: rolling windows let them go one by one. */
  readonly exactFromMs: number;
  /**
   * Before that, oldest first: where history begins, and where the calendar windows that hold the present began.
   * Between one and the next (and `exactFromMs`) a sum is enough: time goes on only, so no later window begins there.
   */
  readonly cutsMs: readonly number[];
}

/** An hour always: it is what the burn rate is read from. */
export function historyNeeds(limits: readonly Limit[], calendar: Calendar, nowMs: number): HistoryNeeds {
  const rolling = limits.filter(({ form }) => form === "rolling").map(({ window }) => windowLengthMs(window));
  const exactFromMs = nowMs - Math.max(hourMs, ...rolling);
  const starts = WINDOWS.map((window) => calendar.bounds(window, nowMs).startMs);
  const cutsMs = [...new Set([nowMs - historyMs, ...starts])].filter((atMs) => atMs < exactFromMs);
  return { exactFromMs, cutsMs: cutsMs.toSorted((a, b) => a - b) };
}
