/** Is a process still at work? */
import { existsSync, readFileSync } from "node:fs";

const showsProcesses = existsSync("/proc/self/stat");

/**
 * One that has ended and was not collected yet is not. What tmux and its agents leave behind falls to the machine's
 * first process: where that is no ordinary init, as in many containers, it collects the dead every few seconds, and so
 * long a signal to them still succeeds.
 */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !showsProcesses || !/^\d+ \([^]*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
