/** A batch is shown before it runs: what it would cost, which limits it would meet, and when it would be done. */
import { isApproved, planQuestion } from "../commands/batch.ts";
import type { Command, RawInput } from "../commands/command.ts";
import type { Config } from "../config.ts";
import { askYes } from "../repl/questions.ts";
import { withHost } from "./reach.ts";
import { show } from "./show-results.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows it. Null: it is not to run. Else it is, by the person's word, given now or beforehand, and this is where its end
 * is told: as JSON the plan and what became of it are one document, `{plan, ran}`.
 */
export async function showsPlan(
  command: Command,
  input: RawInput,
  config: Config,
  terminal: Terminal,
): Promise<Terminal | null> {
  const plan = await withHost(config, (host) => host.run(command.name, input));
  if (terminal.json && isApproved(command, input))
    return { ...terminal, printJson: (ran) => terminal.printJson({ plan, ran }) };
  show(command, plan, terminal);
  if (isApproved(command, input)) return terminal;
  if (!terminal.interactive) {
    terminal.note("Nothing was queued: there is no terminal to ask at, and --yes was not given.");
    return null;
  }
  if (await askYes(planQuestion(input))) return terminal;
  terminal.note("Nothing was queued.");
  return null;
}
