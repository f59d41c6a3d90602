/** The clocks of this machine: the wall clock, which can be set, and the time since boot, which cannot. */
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { performance } from "node:perf_hooks";

export interface ClockReading {
  readonly wallMs: number;
  /** Since the machine was started, time asleep included. */
  readonly bootMs: number;
}

export interface MachineClock {
  /** Names this run of the machine; null where the system does not tell. */
  readonly bootId: string | null;
  read(): ClockReading;
}

/** When the wall clock is this far beyond the process's own clock, the machine may have slept. */
const sleptMs = 1_000;

/** The process's own clock is read, as that costs next to nothing; it stands still while the machine sleeps. */
export function machineClock(): MachineClock {
  const processMs = (): number => performance.now();
  let awakeOffsetMs = uptime() * 1_000 - processMs();
  let wallOffsetMs = Date.now() - processMs();
  return {
    bootId: readBootId(),
    read: () => {
      const [wallMs, ranMs] = [Date.now(), processMs()];
      if (Math.abs(wallMs - ranMs - wallOffsetMs) > sleptMs) {
        wallOffsetMs = wallMs - ranMs;
        awakeOffsetMs = Math.max(awakeOffsetMs, uptime() * 1_000 - ranMs);
      }
      return { wallMs, bootMs: ranMs + awakeOffsetMs };
    },
  };
}

/** Names this run of the machine; null where the system does not tell. */
export function readBootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null; // Then only the time since boot tells a new start of the machine.
  }
}
