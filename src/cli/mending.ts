/** `ctm backup`, `ctm restore FILE` and `ctm doctor --repair`: the ledger as a file, beside or without a manager. */
import { existsSync } from "node:fs";
import { CtmError } from "../base/errors.ts";
import type { RawInput } from "../commands/command.ts";
import { quote } from "../commands/words.ts";
import type { Config } from "../config.ts";
import { backUpFile, type BackupFacts } from "../ledger/backup.ts";
import { backupName, newestGoodBackup } from "../ledger/backup-folder.ts";
import { contentFault, databaseFault, faultError, type DatabaseFault } from "../ledger/database-fault.ts";
import { takeManagerLock } from "../ledger/manager-lock.ts";
import { checkBackup, restore } from "../ledger/restore.ts";
import { ensurePrivateFolders } from "../ledger/state-folder.ts";
import { unmark } from "../ledger/use-mark.ts";
import { askYes } from "../repl/questions.ts";
import { count } from "../reports/numbers.ts";
import { dateAndTime } from "../reports/times.ts";
import type { Terminal } from "./terminal.ts";

/** Copies the ledger to the file asked for, or into the folder of backups. Throws CtmError. */
export function backUpHere(input: RawInput, config: Config): BackupFacts {
  const { ledgerFile, stateDir } = config.paths;
  if (!existsSync(ledgerFile)) throw new CtmError("not-found", `there is no ledger in ${stateDir} yet`);
  const fault = databaseFault(ledgerFile);
  if (fault !== null && fault.kind !== "read-only") throw faultError(ledgerFile, fault);
  const { file } = input;
  return backUpFile(ledgerFile, typeof file === "string" ? file : backupName(ledgerFile));
}

/** Puts a backup in the ledger's place. Returns the exit code; throws CtmError `manager-running` when one runs. */
export async function restoreHere(input: RawInput, config: Config, terminal: Terminal): Promise<number> {
  const { file } = input;
  if (typeof file !== "string") throw new CtmError("usage", "name the backup");
  return alone(config, async () => {
    const backup = checkBackup(file);
    tellWhatItHolds(backup, terminal);
    await consent("Put it in the ledger's place? What is there now is moved aside.", input, terminal);
    putInPlace(backup, config, terminal);
    return 0;
  });
}

/** Names what is wrong with the database and mends it, after asking. Returns the exit code; throws CtmError. */
export async function repairHere(input: RawInput, config: Config, terminal: Terminal): Promise<number> {
  const { ledgerFile } = config.paths;
  return alone(config, async () => {
    const fault = existsSync(ledgerFile) ? databaseFault(ledgerFile) : null;
    if (fault === null) {
      tell(terminal, { repaired: false }, [`Nothing to repair: ${ledgerFile} is sound.`]);
      return 0;
    }
    terminal.note(`The database ${ledgerFile} ${fault.says}.`);
    if (fault.kind === "read-only" || fault.kind === "newer") throw faultError(ledgerFile, fault);
    const within = fault.kind === "changes-missing" ? contentFault(ledgerFile) : fault;
    if (within === null) await goOnWithout(input, config, terminal);
    else await goBack(within, input, config, terminal);
    return 0;
  });
}

async function goOnWithout(input: RawInput, config: Config, terminal: Terminal): Promise<void> {
  const { ledgerFile } = config.paths;
  tellWhatItHolds(checkBackup(ledgerFile), terminal);
  terminal.note(
    "If another program (sqlite3) has opened and closed it since, nothing is missing; else what came later is lost.",
  );
  await consent("Go on with what it holds? A copy of it goes into the folder of backups.", input, terminal);
  const { file } = backUpFile(ledgerFile, backupName(ledgerFile));
  unmark(ledgerFile);
  tell(terminal, { repaired: true, backup: file }, [
    "It is opened again from now on.",
    `A copy of it: ${file}`,
  ]);
}

async function goBack(
  fault: DatabaseFault,
  input: RawInput,
  config: Config,
  terminal: Terminal,
): Promise<void> {
  const backup = newestGoodBackup(config.paths.ledgerFile);
  if (backup === null) {
    const { message } = faultError(config.paths.ledgerFile, fault);
    throw new CtmError("ledger", `${message}, and there is no good backup in its folder`, [
      "`ctm restore FILE` takes one from elsewhere. To begin anew, move the file away yourself.",
    ]);
  }
  tellWhatItHolds(backup, terminal);
  terminal.note("What happened after it was made is not in it.");
  await consent("Put this backup in its place? The file that is there is moved aside.", input, terminal);
  putInPlace(backup, config, terminal);
}

function putInPlace(backup: BackupFacts, config: Config, terminal: Terminal): void {
  const { aside } = restore(backup.file, config.paths.ledgerFile);
  const was = aside === null ? [] : [`What was there is now ${aside}`];
  tell(terminal, { repaired: true, from: backup.file, aside }, [
    `Restored ${count(backup.tasks)} tasks from ${backup.file}.`,
    ...was,
  ]);
}

function tellWhatItHolds({ file, tasks, lastMs }: BackupFacts, terminal: Terminal): void {
  const until = lastMs === null ? "" : `, the last of it from ${dateAndTime(lastMs, terminal.paper())}`;
  terminal.note(`${file} holds ${count(tasks)} tasks${until}.`);
}

function tell(terminal: Terminal, result: object, lines: readonly string[]): void {
  if (terminal.json) terminal.printJson(result);
  else terminal.print(lines);
}

/** Throws CtmError `refused` unless the person says yes. */
async function consent(question: string, input: RawInput, terminal: Terminal): Promise<void> {
  if (input["yes"] === true) return;
  if (!terminal.interactive)
    throw new CtmError("refused", `nothing was changed: ${quote(question)} needs a yes (--yes)`);
  if (!(await askYes(question))) throw new CtmError("refused", "nothing was changed");
}

/** With the lock of a manager, so that none runs or starts meanwhile. */
async function alone<T>(config: Config, act: () => Promise<T>): Promise<T> {
  ensurePrivateFolders([config.paths.stateDir]);
  const lock = takeManagerLock(config.paths.lockFile);
  try {
    return await act();
  } finally {
    lock.release();
  }
}
