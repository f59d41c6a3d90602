/** `ctm mcp`: tools for an agent. Standard output is the protocol's alone; what else is to be said goes to standard error. */
import { CtmError } from "../base/errors.ts";
import { stateDirOfWorker } from "../config.ts";
import { CoordinatingSession, driverAt, type Driver } from "../mcp/session.ts";
import { serveMcp } from "../mcp/serve.ts";
import type { Settings } from "./arguments.ts";
import { callerHere } from "./caller.ts";
import { untilSignal } from "./interrupt.ts";
import { withHost } from "./reach.ts";
import { configOf } from "./settings-config.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** Runs until the agent closes our standard input, or a signal comes. */
export async function runMcp(settings: Settings, terminal: Terminal): Promise<number> {
  if (process.stdin.isTTY)
    throw new CtmError("usage", "`mcp` speaks to an agent, not to a terminal", [
      "`claude mcp add ctm -- ctm mcp` lets Claude Code start it.",
    ]);
  const home = stateDirOfWorker();
  const config = await configOf(home === null ? settings : { ...settings, stateDir: home });
  const caller = callerHere("mcp", () => Promise.resolve(config));
  const refuse = (): never => {
    throw new CtmError("usage", "files are not read for an agent: hand over texts");
  };
  const trouble = (error: unknown): void => terminal.complain(error);
  const { ppid } = process;
  const driver = (): Driver => driverAt(ppid, `process-${ppid}`);
  const stopping = untilSignal("SIGINT", "SIGTERM", "SIGHUP");
  const inputEnded = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    process.stdin.once("close", resolve);
  });
  try {
    await serveMcp(
      {
        version: VERSION,
        caller: { ...caller, readText: refuse },
        rights: home === null ? "act" : "worker",
        session: home === null ? new CoordinatingSession(driver, trouble) : null,
        withHost: (act) => withHost(config, act),
        trouble,
      },
      Promise.race([inputEnded, stopping.signal.then(() => undefined)]),
    );
    return 0;
  } finally {
    stopping.off();
  }
}
