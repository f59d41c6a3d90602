/** `ctm COMMAND …` of a command that is carried out where the person sits, with no manager and no ledger. */
import type { Caller, Command, RawInput } from "../commands/command.ts";
import { followAlone } from "../commands/following.ts";
import { followUntilStopped, show } from "./show-results.ts";
import type { Terminal } from "./terminal.ts";

/** Returns the exit code. Throws CtmError. */
export async function runAlone(
  command: Command,
  raw: RawInput,
  caller: Caller,
  terminal: Terminal,
): Promise<number> {
  const input = command.check(await command.prepare(raw, caller));
  if (command.follows(input))
    return followUntilStopped(command, (onItem) => followAlone(command, input, caller, onItem), terminal);
  return show(command, await command.runAlone(input, caller), terminal);
}
