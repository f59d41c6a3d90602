/** `ctm COMMAND …`: one command, carried out by the manager that runs, else at the ledger. */
import { CtmError } from "../base/errors.ts";
import type { Command, RawInput } from "../commands/command.ts";
import type { AttachTarget } from "../app.ts";
import { stateDirOfWorker, type Config } from "../config.ts";
import { attachTo } from "./attach.ts";
import type { Settings } from "./arguments.ts";
import { runDrafts } from "./batch.ts";
import { showsPlan } from "./batch-plan.ts";
import { approved, isPlanned } from "../commands/batch.ts";
import { callerHere } from "./caller.ts";
import { examine } from "./doctor.ts";
import { withHost } from "./reach.ts";
import { runServe } from "./serve.ts";
import { configOf } from "./settings-config.ts";
import { followUntilStopped, show } from "./show-results.ts";
import type { Terminal } from "./terminal.ts";

/** What an agent calls from inside its worker. */
const FROM_INSIDE: ReadonlySet<string> = new Set([
  "subtask",
  "report",
  "report escalation",
  "message",
  "events send",
]);

/** Returns the exit code. Throws CtmError. */
export async function runCommand(
  command: Command,
  raw: RawInput,
  settings: Settings,
  terminal: Terminal,
): Promise<number> {
  const caller = callerHere("argv", () => configOf(settings));
  const input = command.check(await command.prepare(raw, caller));
  if (command.face === "exit") throw new CtmError("usage", "`exit` is for the prompt; `kill` ends workers");
  if (command.face === "serve") return runServe(input, settings, terminal);
  if (command.face === "mcp") {
    const { runMcp } = await import("./mcp.ts");
    return runMcp(settings, terminal);
  }
  // What a worker tells goes to the manager whose worker this is.
  const home = FROM_INSIDE.has(command.name) ? stateDirOfWorker() : null;
  const config = await configOf(home === null ? settings : { ...settings, stateDir: home });
  terminal.useTimeZone(config.throttle.timeZone);
  if (isMending(command, input)) return mend(command, input, config, terminal);
  if (command.name === "doctor") return show(command, await examine(config), terminal);
  if (command.face === "batch") {
    const told = isPlanned(command, input) ? await showsPlan(command, input, config, terminal) : terminal;
    return told === null ? 0 : runDrafts(approved(input), config, settings, told);
  }
  return withHost(config, async (host) => {
    if (command.follows(input))
      return followUntilStopped(command, (onItem) => host.follow(command.name, input, onItem), terminal);
    const result = await host.run(command.name, input);
    if (command.face === "attach" && terminal.interactive) return attachTo(result as AttachTarget);
    return show(command, result, terminal);
  });
}

/** The ledger as a file: beside a manager, which has other things to do than to copy, or without one. */
function isMending(command: Command, input: RawInput): boolean {
  return command.face === "repair" || command.name === "backup" || input["repair"] === true;
}

async function mend(command: Command, input: RawInput, config: Config, terminal: Terminal): Promise<number> {
  const { backUpHere, repairHere, restoreHere } = await import("./mending.ts");
  if (command.name === "backup") return show(command, backUpHere(input, config), terminal);
  return command.name === "doctor"
    ? repairHere(input, config, terminal)
    : restoreHere(input, config, terminal);
}
