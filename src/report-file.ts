/** A report as a file: written aside as a whole, then named. What is there is overwritten only where that was asked for. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { CtmError } from "./base/errors.ts";
import { syncFolder, writeNewPrivateFile, writePrivateFile } from "./ledger/state-folder.ts";

/** CtmError `refused` where something is there and `force` is not set, `io` where it cannot be written. */
export function writeReport(path: string, lines: readonly string[], force: boolean): void {
  const text = `${lines.join("\n")}\n`;
  if (!force) writeNewPrivateFile(path, text, "--force overwrites it");
  else if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new CtmError("refused", `${path} is a folder`);
  else writePrivateFile(path, text);
  syncFolder(dirname(path));
}
