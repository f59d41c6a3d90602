/** The folder a copy of the pages is written to: a private one that holds such a copy and nothing else. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { CtmError } from "./base/errors.ts";
import { oneLine } from "./reports/cells.ts";
import {
  discardLeftOver,
  ensurePrivateFolders,
  syncFolder,
  writePrivateFile,
} from "./ledger/state-folder.ts";

/** Stands in the head of a copy: by it the next one knows what it may overwrite. */
export const EXPORT_MARK = '<meta name="generator" content="ctm dashboard export">';

const FILE = "index.html";
/** Within so much of its beginning. */
const markWithinBytes = 1_024;
/** What a write that was killed leaves behind. */
const LEFT_OVER = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.new$/;
const namedMax = 3;

/** Throws CtmError `refused` where something else stands in the folder, or it is not ours. */
export function checkExportFolder(folder: string): void {
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  if (facts === undefined) return;
  if (!facts.isDirectory()) throw new CtmError("refused", `${folder} is no folder`);
  const foreign = entriesOf(folder).filter((name) => !LEFT_OVER.test(name) && !isOurs(folder, name));
  if (foreign.length === 0) return;
  const named = foreign.sort().slice(0, namedMax).map(oneLine).join(", ");
  const more = foreign.length > namedMax ? ` and ${foreign.length - namedMax} more` : "";
  throw new CtmError("refused", `${folder} holds something else (${named}${more}): nothing was written`, [
    "Name a new folder, an empty one, or one that holds an earlier export.",
  ]);
}

/** Writes the copy (0600, its folder 0700) as a whole in the place of an earlier one. Returns its path. */
export function writeExport(folder: string, html: string): string {
  checkExportFolder(folder);
  ensurePrivateFolders([folder]);
  for (const name of entriesOf(folder)) if (LEFT_OVER.test(name)) discardLeftOver(join(folder, name));
  const file = join(folder, FILE);
  writePrivateFile(file, html);
  syncFolder(folder);
  return file;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CtmError("io", `the folder ${folder} cannot be read: ${why}`, [], { cause: error });
  }
}

function isOurs(folder: string, name: string): boolean {
  if (name !== FILE) return false;
  try {
    const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
    const file = openSync(join(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const head = Buffer.alloc(markWithinBytes);
      return fstatSync(file).isFile() && head.toString("utf8", 0, readSync(file, head)).includes(EXPORT_MARK);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
