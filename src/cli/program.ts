/** The program behind the bin: reads argv and goes one of its ways. Returns the exit code. */
import "./plain-checks.ts";
import { exitCodeOf } from "../base/errors.ts";
import { commandHelp, optionLine, overview } from "../commands/help-text.ts";
import { allCommands } from "../commands/index.ts";
import { faultWish } from "../config.ts";
import { named } from "../ledger/storage-fault.ts";
import { PROGRAM_OPTIONS, readArguments, type Invocation } from "./arguments.ts";
import { refuseBrokenWords } from "./raw-arguments.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export async function runProgram(words: readonly string[]): Promise<number> {
  // Known before argv is read: errors of argv itself are to be JSON too.
  let terminal = openTerminal(words.includes("--json") ? { json: true } : {});
  try {
    refuseBrokenWords(words);
    const invocation = readArguments(words, allCommands());
    if ("settings" in invocation) terminal = openTerminal(invocation.settings);
    const fault = faultWish();
    if (fault !== null) {
      const { takeFault } = await import("./fault.ts");
      if (takeFault(fault, terminal)) return 0;
    }
    return await carryOut(invocation, terminal);
  } catch (thrown) {
    const error = named(thrown);
    terminal.complain(error);
    return exitCodeOf(error);
  }
}

async function carryOut(invocation: Invocation, terminal: Terminal): Promise<number> {
  switch (invocation.kind) {
    case "version":
      terminal.print([`ctm ${VERSION}`]);
      return 0;
    case "help":
      terminal.print(invocation.command === null ? programHelp() : commandHelp(invocation.command));
      return 0;
    case "prompt": {
      const { runPrompt } = await import("./interactive.ts");
      return runPrompt(invocation.settings, terminal);
    }
    case "texts": {
      const { runTexts } = await import("./batch.ts");
      return runTexts(invocation.texts, invocation.settings, terminal);
    }
    case "command": {
      if (invocation.command.alone) {
        const { runAlone } = await import("./run-alone.ts");
        const { callerHere } = await import("./caller.ts");
        const { configOf } = await import("./settings-config.ts");
        const caller = callerHere("argv", () => configOf(invocation.settings));
        return runAlone(invocation.command, invocation.raw, caller, terminal);
      }
      const { runCommand } = await import("./run-command.ts");
      return runCommand(invocation.command, invocation.raw, invocation.settings, terminal);
    }
    default:
      return invocation satisfies never;
  }
}

function programHelp(): string[] {
  return [
    "ctm: queue work for several AI coding agents in tmux, within token and money limits.",
    "",
    "Usage:",
    "  ctm [options]                       open the prompt",
    '  ctm [options] "Task 1" "Task 2"     run these tasks and end (also: ctm -- word)',
    "  ctm [options] COMMAND ...           one command; handed to the running manager, if there is one",
    "",
    "Options:",
    ...PROGRAM_OPTIONS.map(optionLine),
    "",
    ...overview(allCommands()),
    "",
    "Exit codes: 0 done, 1 a task did not complete, 2 bad usage, 69 something needed is missing, 75 another manager runs.",
  ];
}
