/**
 * Processes that outlived their worker. An agent's children end with its pane unless they ignore the hang-up or left
 * its session; then they go on, and may go on spending. They are known by the launch that every process of ours
 * inherits in its environment; they are reported, and ended only when a person says so.
 */
import { faultPoint } from "../faults/fault-point.ts";
import { environmentOf, isStill, ownProcesses, parentOf, type ProcessSeen } from "./processes.ts";
import type { WorkerRecord } from "../ledger/worker-rows.ts";
import { type PaneIdentity, processStartTime } from "./tmux/pane-identity.ts";

const END = faultPoint("survivor.end");

export interface Survivor extends ProcessSeen {
  /** The launch it came from. */
  readonly launchId: string;
}

/** How long a survivor may take to end itself before it is killed. */
const endWithinMs = 2_000;
const lookAgainMs = 50;
const LAUNCH = /^[A-Za-z0-9_-]{1,80}$/;

/** Processes of launches into this spool that are none of the living ones. */
export function findSurvivors(spoolDir: string, living: ReadonlySet<string>): Survivor[] {
  return ownProcesses().flatMap((seen) => {
    const environment = environmentOf(seen.pid);
    const launchId = environment?.get("CTM_LAUNCH") ?? "";
    if (environment?.get("CTM_SPOOL") !== spoolDir || !LAUNCH.test(launchId) || living.has(launchId))
      return [];
    // One that is about to be gone, or is gone but for its parent to notice, outlived nothing.
    return isStill(seen) ? [{ ...seen, launchId }] : [];
  });
}

/** Launches whose pane is where it was, when no manager is there to know: its process is still the tmux server's child. */
export function livingLaunches(records: readonly WorkerRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ launchId, pane }) => {
      if (launchId === null || pane === null) return [];
      const { panePid, panePidStartTime, serverPid } = JSON.parse(pane) as PaneIdentity;
      const there = processStartTime(panePid) === panePidStartTime && parentOf(panePid) === serverPid;
      return there ? [launchId] : [];
    }),
  );
}

/** Asks them to end, and kills those that do not. Resolves with those that are still there. */
export async function endSurvivors(survivors: readonly Survivor[]): Promise<Survivor[]> {
  signal(survivors, "SIGTERM");
  for (let waitedMs = 0; waitedMs < endWithinMs && survivors.some(isStill); waitedMs += lookAgainMs) {
    await pause(lookAgainMs);
  }
  signal(survivors, "SIGKILL");
  for (let waitedMs = 0; waitedMs < endWithinMs && survivors.some(isStill); waitedMs += lookAgainMs) {
    await pause(lookAgainMs);
  }
  return survivors.filter(isStill);
}

/** Its number may have been given to another process meanwhile: only the one that was seen is meant. */
function signal(survivors: readonly Survivor[], name: NodeJS.Signals): void {
  for (const survivor of survivors.filter(isStill)) {
    try {
      END.pass(() => process.kill(survivor.pid, name));
    } catch {
      // It ended by itself in the meantime.
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
