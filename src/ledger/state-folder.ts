/**
 * The folders and files the product keeps: private from the moment they exist, whatever the umask, and never
 * reached through a link or a folder that somebody else owns or can write.
 */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { giveNewName, refuseExisting } from "./new-name.ts";

const FILE = {
  create: faultPoint("file.create"),
  over: faultPoint("file.over"),
  replace: faultPoint("file.replace"),
  discard: faultPoint("file.discard"),
  close: faultPoint("file.close"),
};
const SYNC = faultPoint("file.sync");
const FOLDER = { create: faultPoint("folder.create"), close: faultPoint("folder.close") };

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const PROGRAM_MODE = 0o700;
const OTHERS = 0o077;
const WRITABLE_BY_ANYBODY = 0o002;
const STICKY = 0o1000;

/**
 * Makes sure that each of these absolute paths is a private folder of ours (0700), creating what is missing. A
 * folder of ours that others could look into is closed to them. Throws CtmError `refused` for a link, a foreign
 * owner, or a folder on the way that anybody could swap; `io` when the disk does not let us.
 */
export function ensurePrivateFolders(paths: readonly string[]): void {
  for (const path of paths) {
    if (!isAbsolute(path)) throw new CtmError("io", `the folder ${path} has no absolute path`);
    createFolder(path);
    closeToOthers(path);
  }
}

/** What is wrong with a folder that should be private, in words; null when nothing is. For the doctor. */
export function folderFault(path: string): string | null {
  const facts = factsOf(path);
  if (facts === null) return "it does not exist";
  return (
    strangerFault(facts) ?? ((facts.mode & OTHERS) === 0 ? null : `its mode is ${modeOf(facts)}, not 700`)
  );
}

/**
 * Writes a private file (0600) as a whole: aside first, synced, then renamed, so that a reader sees the old text
 * or the new one and a link in its place is replaced, not followed. Throws CtmError `io`.
 */
export function writePrivateFile(path: string, text: string | Uint8Array): void {
  replaceFile(path, text, FILE_MODE);
}

/**
 * Creates or replaces a private file (0600) that only a program running now will read: whole for it, as above, but not
 * worth waiting for the disk, since a power cut ends its reader too. Throws CtmError `io`.
 */
export function handPrivateFile(path: string, text: string): void {
  replaceFile(path, text, FILE_MODE, false);
}

/**
 * Writes over a private file (0600) of a program that reads it only when it is told to, and never meanwhile; creates it
 * where it is missing. Cheaper than a new file a time. Throws CtmError `io`, also where a link stands in its place.
 */
export function writeOver(path: string, text: string): void {
  const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
  const bytes = Buffer.from(text);
  try {
    FILE.over.pass(() => {
      const file = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
      try {
        if (!fstatSync(file).isFile()) throw new Error("it is no regular file");
        if ((fstatSync(file).mode & 0o777) !== FILE_MODE) fchmodSync(file, FILE_MODE);
        writeFileSync(file, bytes);
        ftruncateSync(file, bytes.length);
      } finally {
        closeSync(file);
      }
    });
  } catch (error) {
    throw ioError(`the file ${path} cannot be written`, error);
  }
}

/**
 * Makes sure that a private file (0600) is there, empty if it was not: for those who open it by name (SQLite) and
 * would create it for everybody to read. One of ours that others could read is closed to them. Throws CtmError
 * `refused` when a link, somebody else's file or something else stands in its place.
 */
export function ensurePrivateFile(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    try {
      createPrivateFile(path, "");
    } catch (error) {
      // Another program of ours may create it at the same moment.
      if (!(error instanceof CtmError) || error.code !== "refused") throw error;
    }
  }
  closeFileToOthers(path);
}

function closeFileToOthers(path: string): void {
  const facts = factsOf(path);
  if (facts?.isFile() !== true) throw new CtmError("refused", `${path} is no regular file`);
  const uid = process.getuid?.();
  if (uid !== undefined && facts.uid !== uid)
    throw new CtmError("refused", `${path} is not used: it belongs to another user (${facts.uid})`);
  // By its name and not by a descriptor: closing one would drop the locks SQLite holds on that file.
  if ((facts.mode & 0o777) !== FILE_MODE) FILE.close.pass(() => chmodSync(path, FILE_MODE));
}

/** The same for a program only we may read and run (0700). Throws CtmError `io`. */
export function writePrivateProgram(path: string, text: string): void {
  replaceFile(path, text, PROGRAM_MODE);
}

/** Removes what a write that was killed has left behind. */
export function discardLeftOver(path: string): void {
  FILE.discard.pass(() => rmSync(path, { force: true }));
}

/** What is in the file is on the disk when this returns. Throws CtmError `io`. */
export function syncFile(path: string): void {
  sync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}

/** What was created, renamed or removed in the folder is so after a power cut too. Throws CtmError `io`. */
export function syncFolder(path: string): void {
  sync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

function sync(path: string, flags: number): void {
  try {
    const opened = openSync(path, flags);
    try {
      SYNC.pass(() => fsyncSync(opened));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    throw ioError(`${path} cannot be synced to the disk`, error);
  }
}

function replaceFile(path: string, text: string | Uint8Array, mode: number, synced = true): void {
  const aside = join(dirname(path), `.${randomUUID()}.new`);
  try {
    writeNew(aside, text, mode, synced);
    FILE.replace.pass(() => renameSync(aside, path));
  } catch (error) {
    FILE.discard.pass(() => rmSync(aside, { force: true }));
    throw ioError(`the file ${path} cannot be written`, error);
  }
}

/**
 * Writes a private file (0600) that must not be there yet, as a whole: aside first, synced, then named. Throws CtmError
 * `refused`, with what `rule` says, when something is there, `io` otherwise.
 */
export function writeNewPrivateFile(path: string, text: string, rule: string): void {
  refuseExisting(path, rule);
  const aside = join(dirname(path), `.${randomUUID()}.new`);
  try {
    createPrivateFile(aside, text);
    giveNewName(aside, path, rule);
  } finally {
    FILE.discard.pass(() => rmSync(aside, { force: true }));
  }
}

/**
 * Writes a private file (0600) that must not be there yet. Throws CtmError `refused` when it is, `io` otherwise.
 * `synced` false: only a program running now will read it.
 */
export function createPrivateFile(path: string, text: string | Uint8Array, synced = true): void {
  try {
    writeNew(path, text, FILE_MODE, synced);
  } catch (error) {
    if (codeOf(error) === "EEXIST")
      throw new CtmError("refused", `${path} is there already`, [], { cause: error });
    throw ioError(`the file ${path} cannot be written`, error);
  }
}

function writeNew(path: string, text: string | Uint8Array, mode: number, synced: boolean): void {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  FILE.create.pass(() => {
    const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    try {
      // A umask such as 0777 takes bits away even from us.
      if ((fstatSync(file).mode & 0o777) !== mode) fchmodSync(file, mode);
      writeFileSync(file, text);
      if (synced) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

/** Creates `path` and what is missing above it, one folder at a time, each private from its creation on. */
function createFolder(path: string): void {
  if (factsOf(path) !== null) return;
  const parent = dirname(path);
  if (parent !== path) createFolder(parent);
  try {
    FOLDER.create.pass(() => mkdirSync(path, FOLDER_MODE));
  } catch (error) {
    // Another process of ours may have been quicker; whose it is, is checked afterwards.
    if (codeOf(error) !== "EEXIST") throw ioError(`the folder ${path} cannot be created`, error);
  }
}

function closeToOthers(path: string): void {
  const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
  const before = factsOf(path);
  const fault = before === null ? "it does not exist" : strangerFault(before);
  if (fault !== null) throw new CtmError("refused", `the folder ${path} is not used: ${fault}`);
  refuseSwappable(path);
  let folder: number;
  try {
    folder = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    throw ioError(`the folder ${path} cannot be opened`, error);
  }
  try {
    if ((fstatSync(folder).mode & 0o777) !== FOLDER_MODE)
      FOLDER.close.pass(() => fchmodSync(folder, FOLDER_MODE));
  } finally {
    closeSync(folder);
  }
}

/** Below a folder that anybody can write (and that is not sticky, like /tmp), ours could be swapped for another. */
function refuseSwappable(path: string): void {
  for (let inner = path; inner !== dirname(inner); inner = dirname(inner)) {
    const parent = dirname(inner);
    const { mode } = statSync(parent);
    if ((mode & WRITABLE_BY_ANYBODY) === 0 || (mode & STICKY) !== 0) continue;
    throw new CtmError("refused", `the folder ${path} is not used: anybody can write into ${parent}`, [
      `Make it yours alone: chmod o-w ${parent}`,
    ]);
  }
}

function strangerFault(facts: Stats): string | null {
  if (facts.isSymbolicLink()) return "it is a link";
  if (!facts.isDirectory()) return "it is not a folder";
  const uid = process.getuid?.();
  return uid === undefined || facts.uid === uid ? null : `it belongs to another user (${facts.uid})`;
}

function factsOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw ioError(`${path} cannot be looked at`, error);
  }
}

function modeOf(facts: Stats): string {
  return (facts.mode & 0o777).toString(8).padStart(3, "0");
}

function ioError(what: string, error: unknown): CtmError {
  const cause = error instanceof Error ? error.message : String(error);
  return new CtmError("io", `${what}: ${cause}`, [], { cause: error });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
