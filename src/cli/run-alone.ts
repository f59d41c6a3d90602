/** `ctm COMMAND …` of a command that is carried out where the person sits, with no manager and no ledger. */
import type { Command, RawInput } from "../commands/command.ts";
import { followAlone } from "../commands/following.ts";
import type { Settings } from "./arguments.ts";
import { callerHere } from "./caller.ts";
import { configOf } from "./settings-config.ts";
import { followUntilStopped, show } from "./show-results.ts";
import type { Terminal } from "./terminal.ts";

/** Returns the exit code. Throws CtmError. */
export async function runAlone(
  command: Command,
  raw: RawInput,
  settings: Settings,
  terminal: Terminal,
): Promise<number> {
  const caller = callerHere("argv", () => configOf(settings));
  const input = command.check(await command.prepare(raw, caller));
  if (command.follows(input))
    return followUntilStopped(command, (onItem) => followAlone(command, input, caller, onItem), terminal);
  return show(command, await command.runAlone(input, caller), terminal);
}
