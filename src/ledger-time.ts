/**
 * Ledger time for this program: the machine's clocks, held to the anchor that the ledger keeps for this run of the
 * machine. Whoever opens the ledger goes by the same anchor, so that neither a restart of the manager nor a command
 * beside it takes over a wall clock that was set meanwhile.
 */
import * as z from "zod";
import type { Ledger } from "./ledger/ledger.ts";
import type { ClockReading, MachineClock } from "./machine-clock.ts";
import { duration } from "./reports/times.ts";
import { LedgerClock, type ClockAnchor } from "./throttle/ledger-clock.ts";

export interface LedgerTime {
  now(): number;
  /** What a person should know of the clock; empty while it behaves. */
  notices(): string[];
}

/** From here on a difference is no correction of a clock that runs a little wrong. */
const toldFromMs = 30_000;
const settingName = "clock";

const KeptAnchor = z.object({ bootId: z.string().nullable(), wallMs: z.number(), monotonicMs: z.number() });

/** Takes up the anchor of this run of the machine, or sets one and keeps it. */
export function openLedgerTime(ledger: Ledger, machine: MachineClock): LedgerTime {
  const lastMs = ledger.lastMs();
  const clock = new LedgerClock(anchorOf(ledger, machine, lastMs), lastMs);
  const read = ({ wallMs, bootMs }: ClockReading): number => clock.read(wallMs, bootMs);
  return {
    now: () => read(machine.read()),
    notices: () => {
      const reading = machine.read();
      const { wallMs, bootMs } = reading;
      const forwardMs = clock.driftMs(wallMs, bootMs);
      const backMs = read(reading) - wallMs;
      if (backMs > toldFromMs) return [setBack(backMs)];
      return forwardMs > toldFromMs ? [setForward(forwardMs)] : [];
    },
  };
}

function anchorOf(ledger: Ledger, machine: MachineClock, lastMs: number): ClockAnchor {
  const { bootId } = machine;
  const { wallMs, bootMs } = machine.read();
  const kept = keptAnchor(ledger);
  // The time since boot only falls when the machine was started anew.
  if (kept !== null && kept.bootId === bootId && kept.monotonicMs <= bootMs) return kept;
  // A wall clock behind what the ledger holds: time goes on from there, or a window would not end before the next boot.
  const anchor = { bootId, wallMs: Math.max(wallMs, lastMs), monotonicMs: bootMs };
  ledger.settings.set(settingName, JSON.stringify(anchor));
  return anchor;
}

function keptAnchor(ledger: Ledger): z.infer<typeof KeptAnchor> | null {
  const text = ledger.settings.get(settingName);
  if (text === null) return null;
  try {
    return KeptAnchor.parse(JSON.parse(text));
  } catch {
    return null; // Nobody's anchor: one is set as at the first start.
  }
}

function setForward(byMs: number): string {
  return `CLOCK: it was set forward by ${duration(byMs)}; limits go by the time that really passed`;
}

function setBack(byMs: number): string {
  return `CLOCK: it was set back by ${duration(byMs)}; for limits time stands still until it has caught up`;
}
