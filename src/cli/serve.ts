/** `ctm serve`: the manager without a prompt; what happens goes to standard output, a line each. */
import type { RawInput } from "../commands/command.ts";
import { findCommand } from "../commands/index.ts";
import type { Settings } from "./arguments.ts";
import { dashboardBeside } from "./dashboard.ts";
import { untilSignal } from "./interrupt.ts";
import { becomeManager } from "./reach.ts";
import { configOf } from "./settings-config.ts";
import { tellRecap } from "./tell-recap.ts";
import type { Terminal } from "./terminal.ts";

/** Runs until a signal; workers are left running. Throws CtmError `manager-running` when there is a manager. */
export async function runServe(input: RawInput, settings: Settings, terminal: Terminal): Promise<number> {
  const config = await configOf(settings);
  terminal.useTimeZone(config.throttle.timeZone);
  const stopping = untilSignal("SIGINT", "SIGTERM", "SIGHUP");
  const manager = await becomeManager(config, settings);
  const dashboard = await dashboardBeside(manager, settings);
  try {
    const following = manager.host.follow("watch", {}, (item) => {
      if (terminal.json) terminal.printJson(item);
      else terminal.print(findCommand("watch")?.renderItem?.(item, terminal.paper()) ?? []);
    });
    if (input["auto"] !== false) await manager.host.run("auto", { mode: "on" });
    tellRecap(manager.app.recap(), terminal);
    const { workers, notices } = manager.app.status();
    for (const notice of [...notices, ...dashboard.lines]) terminal.note(notice);
    terminal.note(
      `Serving ${config.paths.stateDir} with ${workers.length} workers, as process ${process.pid}.`,
    );
    const signal = await Promise.race([stopping.signal, manager.broken]);
    following.stop();
    // Whoever started this may start it again: the next one reads what is on the disk.
    if (typeof signal !== "string") throw signal;
    terminal.note(`${signal}: leaving; workers and their tasks go on in tmux.`);
    return 0;
  } finally {
    stopping.off();
    await dashboard.close();
    await manager.close("leave");
  }
}
