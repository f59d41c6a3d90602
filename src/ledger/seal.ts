/**
 * A note beside a large ledger of how it was closed: its size, its place and its times. Reading a ledger through takes
 * a second for a million rows, so one that is still just as it was closed is not read through again; a small one, one
 * that was not closed, and one that anything has touched since always are.
 */
import { readFileSync, statSync } from "node:fs";
import { handPrivateFile } from "./state-folder.ts";

/** Up to here reading it through costs less than a person notices. */
const largeBytes = 16 * 1024 * 1024;

export function sealOf(file: string): string {
  return `${file}-sealed`;
}

/** Notes how the ledger lies there, closed. One that is small, or still open elsewhere, gets no note. */
export function seal(file: string): void {
  try {
    const found = closedLook(file);
    if (found !== null && !isSealed(file)) handPrivateFile(sealOf(file), found);
  } catch {
    // Without a note it is read through at the next start.
  }
}

/** Is it just as it was closed? */
export function isSealed(file: string): boolean {
  try {
    return readFileSync(sealOf(file), "utf8") === closedLook(file);
  } catch {
    return false;
  }
}

/** What every write changes, down to the nanosecond as far as the kernel counts. Null: it is small, or in use. */
function closedLook(file: string): string | null {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  const changes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size < largeBytes || changes > 0) return null;
  return `${[dev, ino, size, mtimeNs, ctimeNs].join(" ")}\n`;
}
