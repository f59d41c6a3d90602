/**
 * Moments of a cron expression on the clock of a time zone. A local time that a change of the clock leaves out is
 * taken at the first instant after it; one that comes twice is taken the first time.
 */
import { Cron } from "croner";
import type { Schedule } from "./trigger.ts";

/** Most missed moments that are made up for. */
export const missedMax = 100;

/** Is this a cron expression that ever comes due? Null: it is; else what is wrong. */
export function cronFault(cron: string): string | null {
  try {
    return new Cron(cron, { paused: true, timezone: "UTC" }).nextRun(new Date(0)) === null
      ? "never comes due"
      : null;
  } catch {
    return "is no cron expression such as 0 9 * * 1-5";
  }
}

/** The first moment after this one; null: there is none any more. */
export function nextMoment({ cron, timeZone }: Schedule, afterMs: number): number | null {
  return cronOf(cron, timeZone).nextRun(new Date(afterMs))?.getTime() ?? null;
}

/**
 * The moments that fire now: those after `lastMs` until `nowMs`. The newest is on time when it is at most `lateMs` old;
 * what was missed is made up for as the schedule says.
 */
export function dueMoments(schedule: Schedule, lastMs: number, nowMs: number, lateMs: number): number[] {
  const missed: number[] = [];
  for (let at = nextMoment(schedule, lastMs); at !== null && at <= nowMs; at = nextMoment(schedule, at)) {
    missed.push(at);
    if (missed.length > missedMax) missed.shift();
  }
  const newest = missed.at(-1);
  if (newest === undefined) return [];
  switch (schedule.catchup) {
    case "all":
      return missed;
    case "once":
      return [newest];
    case "skip":
      return nowMs - newest <= lateMs ? [newest] : [];
    default:
      return schedule.catchup satisfies never;
  }
}

const crons = new Map<string, Cron>();

function cronOf(cron: string, timeZone: string): Cron {
  const key = `${timeZone} ${cron}`;
  const known = crons.get(key);
  if (known !== undefined) return known;
  const made = new Cron(cron, { paused: true, timezone: timeZone });
  if (crons.size >= 1_000) crons.clear();
  crons.set(key, made);
  return made;
}
