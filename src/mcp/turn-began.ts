/** When the turn of a session began that calls us now, read from the end of its record. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { claudeTurnBeganMs } from "../metering/claude-turn.ts";
import { codexTurnBeganMs } from "../metering/codex-turn.ts";

/** So much of its end is read: a turn that wrote more is taken to begin with the call. */
const tailMaxBytes = 4 * 1024 * 1024;

const READERS: Readonly<Record<string, (text: string) => number | null>> = {
  claude: claudeTurnBeganMs,
  codex: codexTurnBeganMs,
};

/** Milliseconds since 1970; null: the record cannot be read, or does not tell. */
export function turnBeganMs(agent: string, recordPath: string): number | null {
  try {
    return READERS[agent]?.(tailOf(recordPath)) ?? null;
  } catch {
    return null; // It is not there yet, or not ours to read.
  }
}

function tailOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - tailMaxBytes);
    const buffer = Buffer.alloc(size - from);
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}
