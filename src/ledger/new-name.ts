/** A file written aside is given its name, where nothing has it: nothing is ever overwritten, whoever is quicker. */
import { linkSync, lstatSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";

const NAME = faultPoint("file.name");

/** CtmError `refused` with the rule where something is there already, `io` where there is no folder for it. */
export function refuseExisting(target: string, rule: string): void {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined)
    throw new CtmError("refused", `${target} is there already; ${rule}`);
  if (statSync(dirname(target), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CtmError("io", `there is no folder ${dirname(target)}`);
}

/** A link fails where somebody else was quicker, a rename would overwrite; some filesystems have no links. */
export function giveNewName(aside: string, target: string, rule: string): void {
  try {
    NAME.pass(() => linkSync(aside, target));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EEXIST") refuseExisting(target, rule);
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) {
      throw new CtmError("io", `${target} cannot be written: ${String(error)}`, [], { cause: error });
    }
    refuseExisting(target, rule);
    NAME.pass(() => renameSync(aside, target));
  }
}
