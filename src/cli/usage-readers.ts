/**
 * Threads for a first `ctm usage …`: where no index is kept yet there is everything to read, and they find it and begin
 * with it while this process loads its program.
 */
import { existsSync } from "node:fs";
import { usualRecordFolders } from "../config.ts";
import { ReadingThreads } from "../transcripts/reading-threads.ts";
import { pathsHere } from "./usage-question.ts";

/** null = something was read before, or nothing tells. Never throws. */
export function readersAhead(words: readonly string[]): ReadingThreads | null {
  try {
    if (existsSync(pathsHere(words).usageIndex)) return null;
    const threads = ReadingThreads.start(1);
    threads?.findAhead(usualRecordFolders());
    return threads;
  } catch {
    return null; // What is wrong is told by the one who checks it.
  }
}
