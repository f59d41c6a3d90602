/** `ctm COMMAND …`: one command, carried out by the manager that runs, else at the ledger. */
import { CtmError } from "../base/errors.ts";
import type { Command, RawInput } from "../commands/command.ts";
import { followAlone, type Following } from "../commands/host.ts";
import type { AttachTarget } from "../app.ts";
import type { Config } from "../config.ts";
import { ALTERNATE_OFF, ALTERNATE_ON, frame } from "../repl/screen.ts";
import { attachTo } from "./attach.ts";
import type { Settings } from "./arguments.ts";
import { runDrafts } from "./batch.ts";
import { callerHere } from "./caller.ts";
import { examine } from "./doctor.ts";
import { configOf, withHost } from "./reach.ts";
import { runServe } from "./serve.ts";
import type { Terminal } from "./terminal.ts";

/** Returns the exit code. Throws CtmError. */
export async function runCommand(
  command: Command,
  raw: RawInput,
  settings: Settings,
  terminal: Terminal,
): Promise<number> {
  const caller = callerHere("argv", () => configOf(settings));
  const input = command.check(await command.prepare(raw, caller));
  if (command.alone && command.follows(input))
    return followUntilStopped(command, (onItem) => followAlone(command, input, caller, onItem), terminal);
  if (command.alone) return show(command, await command.runAlone(input, caller), terminal);
  if (command.face === "exit") throw new CtmError("usage", "`exit` is for the prompt; `kill` ends workers");
  if (command.face === "serve") return runServe(input, settings, terminal);
  const config = await configOf(settings);
  terminal.useTimeZone(config.throttle.timeZone);
  if (isMending(command, input)) return mend(command, input, config, terminal);
  if (command.name === "doctor") return show(command, await examine(config), terminal);
  if (command.face === "batch") return runDrafts(input, config, settings, terminal);
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

function show(command: Command, result: unknown, terminal: Terminal): number {
  if (terminal.json) terminal.printJson(result ?? null);
  else terminal.print(command.render(result, terminal.paper()));
  return command.isBad(result) ? 1 : 0;
}

/** Prints what comes until a key is pressed (Ctrl+C where there are no keys). A status is drawn in place. */
async function followUntilStopped(
  command: Command,
  start: (onItem: (item: unknown) => void) => Following,
  terminal: Terminal,
): Promise<number> {
  const inPlace = terminal.redraws && command.redraws;
  if (inPlace) process.stdout.write(ALTERNATE_ON);
  const following = start((item) => {
    if (terminal.json) return terminal.printJson(item);
    const lines = command.renderItem?.(item, terminal.paper()) ?? [];
    if (inPlace) process.stdout.write(frame(lines, process.stdout.rows));
    else terminal.print(lines);
  });
  const release = onStop(terminal, () => following.stop());
  try {
    await following.done;
  } finally {
    release();
    if (inPlace) process.stdout.write(ALTERNATE_OFF);
  }
  return 0;
}

/** Calls `stop` at a key or a signal. Returns how to end listening. */
function onStop(terminal: Terminal, stop: () => void): () => void {
  const { stdin } = process;
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // In raw mode Ctrl+C is a key like any other.
  if (terminal.interactive) stdin.setRawMode(true).on("data", stop).resume();
  return () => {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    if (terminal.interactive) stdin.off("data", stop).setRawMode(false).pause();
  };
}
