/** All record files as they were at one moment, and what was looked at to find them; it goes from thread to thread. */
import { findRecordFiles, type FoundFile } from "./find-files.ts";
import { FolderListings } from "./folder-listings.ts";
import type { RecordFolders } from "./formats.ts";

export interface RecordsFound {
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
  /** All folders that were asked for, also those that are not there. */
  readonly walked: readonly string[];
  /** What is to be remembered of those folders; null = nothing new. */
  readonly listings: string | null;
}

/** `kept`: the listings of an earlier look; null = nothing is known. */
export function findRecords(folders: RecordFolders, kept: string | null): RecordsFound {
  const listings = new FolderListings(kept);
  const files = findRecordFiles(folders, (folder) => listings.of(folder));
  return { files, walked: listings.asked, listings: listings.text() };
}
