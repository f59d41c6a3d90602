/** The folder of the backups beside the ledger: what lies in it, which is the newest good one, how many stay. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { backupsKeptMax } from "../base/limits.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { backUp, factsOf, type BackupFacts } from "./backup.ts";
import { contentFault } from "./database-fault.ts";
import type { Db } from "./database.ts";
import { ensurePrivateFolders } from "./state-folder.ts";

const PRUNE = faultPoint("backup.prune");

/** Backups made by themselves are named so; those a person makes are theirs to remove. */
const AUTOMATIC = /^before-v\d+-.*\.sqlite$/;

export function backupFolder(ledgerFile: string): string {
  return join(dirname(ledgerFile), "backups");
}

/** A name for a backup of now that nobody has yet: `ledger-20260214-093000.sqlite`. */
export function backupName(ledgerFile: string, lead = "ledger"): string {
  const folder = backupFolder(ledgerFile);
  ensurePrivateFolders([folder]);
  const stamp = timeStamp();
  for (let n = 1; ; n += 1) {
    const file = join(folder, `${lead}-${stamp}${n === 1 ? "" : `-${n}`}.sqlite`);
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return file;
  }
}

/** Before the ledger's shape is changed it is kept as it was; the oldest of these go. Throws as `backUp` does. */
export function backUpBeforeMigration(db: Db, ledgerFile: string, toVersion: number): void {
  backUp(db, backupName(ledgerFile, `before-v${toVersion}`));
  const folder = backupFolder(ledgerFile);
  const automatic = readdirSync(folder).filter((name) => AUTOMATIC.test(name));
  const newestFirst = automatic.map((name) => join(folder, name)).sort((a, b) => writtenMs(b) - writtenMs(a));
  for (const file of newestFirst.slice(backupsKeptMax)) PRUNE.pass(() => rmSync(file, { force: true }));
}

/** The newest backup that this program can use; null: there is none. */
export function newestGoodBackup(ledgerFile: string): BackupFacts | null {
  const folder = backupFolder(ledgerFile);
  const names =
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
  const files = names.filter((name) => name.endsWith(".sqlite") && !name.startsWith("."));
  const newestFirst = files.map((name) => join(folder, name)).sort((a, b) => writtenMs(b) - writtenMs(a));
  const good = newestFirst.find((file) => contentFault(file) === null && statSync(file).size > 0);
  return good === undefined ? null : factsOf(good);
}

/** `20260214-093000`, in UTC. */
export function timeStamp(): string {
  return new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replaceAll(/[-:]/g, "")
    .replace("T", "-");
}

function writtenMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
