/** The arguments of every process on the machine, looked at over and over while something runs (Linux). */
import { readdirSync, readFileSync } from "node:fs";
import { onTestFinished } from "vitest";

const lookEveryMs = 10;
/** A process looked at so often is an old one: it has become what it is. */
const looksMax = 20;

export interface ProcessWatch {
  /** Every command line seen so far, each once, its words joined by blanks. */
  readonly lines: ReadonlySet<string>;
}

/** Looks until the test ends. A process that lives for less than some ten milliseconds may be missed. */
export function watchProcesses(): ProcessWatch {
  const lines = new Set<string>();
  const looks = new Map<string, number>();
  const look = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const looked = (looks.get(pid) ?? 0) + 1;
      looks.set(pid, looked);
      if (looked > looksMax) continue;
      const line = readOrNull(`/proc/${pid}/cmdline`);
      if (line !== null && line !== "") lines.add(line.replaceAll("\0", " "));
    }
  };
  const timer = setInterval(look, lookEveryMs);
  onTestFinished(() => clearInterval(timer));
  return { lines };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // It has ended.
  }
}
