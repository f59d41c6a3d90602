/** A batch is shown before it runs: what it would cost, which limits it would meet, and when it would be done. */
import { planQuestion } from "../commands/batch.ts";
import type { Command, RawInput } from "../commands/command.ts";
import type { Config } from "../config.ts";
import { askYes } from "../repl/questions.ts";
import { withHost } from "./reach.ts";
import { show } from "./show-results.ts";
import type { Terminal } from "./terminal.ts";

/** Shows it. True: it is to run, by the person's word, given now or beforehand. */
export async function showsPlan(
  command: Command,
  input: RawInput,
  config: Config,
  terminal: Terminal,
): Promise<boolean> {
  show(command, await withHost(config, (host) => host.run(command.name, input)), terminal);
  if (input["yes"] === true) return true;
  if (!terminal.interactive) {
    terminal.note("Nothing was queued: there is no terminal to ask at, and --yes was not given.");
    return false;
  }
  if (await askYes(planQuestion(input))) return true;
  terminal.note("Nothing was queued.");
  return false;
}
