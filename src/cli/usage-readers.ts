/**
 * Threads for a first `ctm usage …`: where no index is kept yet there is everything to read, and they load their program
 * while this process loads its own. The build puts this into a file of its own.
 */
import { existsSync } from "node:fs";
import { ReadingThreads } from "../transcripts/reading-threads.ts";
import { pathsHere } from "./usage-question.ts";

/** null = something was read before, or nothing tells. Never throws. */
export function readersAhead(words: readonly string[]): ReadingThreads | null {
  try {
    return existsSync(pathsHere(words).usageIndex) ? null : ReadingThreads.start(1);
  } catch {
    return null; // What is wrong is told by the one who checks it.
  }
}
