/**
 * What stands in folders, remembered between runs: asking a folder when it changed takes a tenth of the time of reading
 * it, and most folders of old records never change again.
 */
import { readdirSync, statSync, type Dirent } from "node:fs";
import { settledMs } from "./stamps.ts";

export interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** When it changed last, its inode, and what stood in it then. */
type Kept = readonly [changedMs: number, inode: number, folders: readonly string[], files: readonly string[]];

export class FolderListings {
  readonly #before: Readonly<Record<string, Kept>>;
  readonly #now: Record<string, Kept> = {};
  /** All folders that were asked for, also those that are not there. */
  readonly asked: string[] = [];
  #changed = false;

  /** `kept`: what `text` gave; null, or what is no such text = nothing is known. */
  constructor(kept: string | null) {
    this.#before = parsed(kept);
  }

  /** A folder that cannot be read holds nothing. */
  of(folder: string): Listing {
    this.asked.push(folder);
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) return { folders: [], files: [] };
    const before = this.#before[folder];
    if (before !== undefined && before[0] === stat.mtimeMs && before[1] === stat.ino) {
      this.#now[folder] = before;
      return { folders: before[2], files: before[3] };
    }
    const { folders, files } = listingOf(folder);
    if (Date.now() - stat.mtimeMs >= settledMs) {
      this.#now[folder] = [stat.mtimeMs, stat.ino, folders, files];
      this.#changed = true;
    }
    return { folders, files };
  }

  /** What is to be remembered of the folders that were asked for; null = nothing new. */
  text(): string | null {
    return this.#changed ? JSON.stringify(this.#now) : null;
  }
}

/** Links are neither; a folder that cannot be read holds nothing. */
export function listingOf(folder: string): Listing {
  const entries = entriesOf(folder);
  return {
    folders: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    files: entries.filter((entry) => entry.isFile()).map(({ name }) => name),
  };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // Gone or not ours to read: nothing to count is all that can be said.
  }
}

/** It lies in a private file that we wrote ourselves; a damaged one is forgotten. */
function parsed(kept: string | null): Record<string, Kept> {
  try {
    return kept === null ? {} : (JSON.parse(kept) as Record<string, Kept>);
  } catch {
    return {};
  }
}
