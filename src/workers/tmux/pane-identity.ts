/**
 * Which pane this is, beyond doubt. Ids of panes begin again at %0 with each server, and process ids are used
 * again: only all of them together name one program in one pane.
 */
import { readFileSync } from "node:fs";
import { CtmError } from "../../base/errors.ts";

export interface PaneIdentity {
  readonly serverPid: number;
  /** Seconds since the epoch. */
  readonly serverStartTime: number;
  /** tmux ids, e.g. "$3", "@4", "%5". */
  readonly sessionId: string;
  readonly windowId: string;
  readonly paneId: string;
  readonly panePid: number;
  /** Clock ticks from the boot of the machine to the start of the pane's process; null where the system does not tell. */
  readonly panePidStartTime: number | null;
}

export function samePane(a: PaneIdentity, b: PaneIdentity): boolean {
  return (
    a.serverPid === b.serverPid &&
    a.serverStartTime === b.serverStartTime &&
    a.paneId === b.paneId &&
    a.panePid === b.panePid &&
    a.panePidStartTime === b.panePidStartTime
  );
}

/** Throws CtmError `refused` unless every part has its form: they are written into tmux commands. */
export function requireIdentity(pane: PaneIdentity): void {
  const ids =
    /^\$\d{1,10}$/.test(pane.sessionId) &&
    /^@\d{1,10}$/.test(pane.windowId) &&
    /^%\d{1,10}$/.test(pane.paneId);
  const numbers = [pane.serverPid, pane.serverStartTime, pane.panePid].every(
    (n) => Number.isSafeInteger(n) && n > 0,
  );
  if (!ids || !numbers) throw new CtmError("refused", "This is no identity of a tmux pane.");
}

/** When a process began, in clock ticks since boot; null when it is gone or the system does not tell. */
export function processStartTime(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in parentheses, may hold anything; the fields after it are numbers.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    return Number.isSafeInteger(ticks) ? ticks : null;
  } catch {
    return null; // No such process, or no /proc.
  }
}
