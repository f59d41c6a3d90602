/** `ctm` alone: the prompt, as the manager or as a client of the one that runs. */
import { exitCodeOf } from "../base/errors.ts";
import type { CommandHost } from "../commands/host.ts";
import type { Config } from "../config.ts";
import { banner } from "../repl/banner.ts";
import { History } from "../repl/history.ts";
import { runPiped } from "../repl/piped.ts";
import { Repl, type ReplEnd } from "../repl/repl.ts";
import type { Paper } from "../reports/paper.ts";
import { recapIsNews, renderRecap, type RecapModel } from "../reports/recap.ts";
import type { StatusModel } from "../reports/status-model.ts";
import type { Settings } from "./arguments.ts";
import { attachTo } from "./attach.ts";
import { callerHere } from "./caller.ts";
import { dashboardBeside } from "./dashboard.ts";
import { untilSignal } from "./interrupt.ts";
import { joinHouse, type Manager } from "./reach.ts";
import { configOf } from "./settings-config.ts";
import { tellRecap } from "./tell-recap.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** Returns the exit code. Throws CtmError. */
export async function runPrompt(settings: Settings, terminal: Terminal): Promise<number> {
  const config = await configOf(settings);
  terminal.useTimeZone(config.throttle.timeZone);
  const stopping = untilSignal("SIGTERM", "SIGHUP");
  const house = await joinHouse(config, settings);
  try {
    if ("app" in house) return await runAsManager(house, config, settings, terminal, stopping.signal);
    const gone = house.closed.then(() => terminal.note("The manager has ended, and this prompt with it."));
    const { exitCode } = await converse(house, config, terminal, Promise.race([stopping.signal, gone]));
    house.close();
    return exitCode;
  } finally {
    stopping.off();
  }
}

async function runAsManager(
  manager: Manager,
  config: Config,
  settings: Settings,
  terminal: Terminal,
  stopping: Promise<unknown>,
): Promise<number> {
  let workers: ReplEnd["workers"] = "leave";
  const [dashboard, offered] = await Promise.all([
    dashboardBeside(manager, terminal.interactive ? settings : { ...settings, dashboard: false }),
    offers(manager, settings),
  ]);
  try {
    const end = await converse(manager.host, config, terminal, stopping, [...dashboard.lines, ...offered]);
    workers = end.workers;
    tellWhatStays(manager, workers, terminal);
    return end.exitCode;
  } finally {
    await dashboard.close();
    await manager.close(workers);
  }
}

/** Sessions a person started by hand are offered, never taken unasked. */
async function offers({ app }: Manager, settings: Settings): Promise<string[]> {
  if (settings.adopt === true) return [];
  const names = await app.fleet.adoptable();
  return names.length === 0
    ? []
    : [`Running on your own tmux server: ${names.join(", ")}. \`adopt NAME\` takes one over.`];
}

function tellWhatStays({ app }: Manager, workers: ReplEnd["workers"], terminal: Terminal): void {
  const alive = app.fleet.rows().filter(({ state }) => state !== "dead").length;
  if (workers === "leave" && alive > 0) {
    terminal.note(
      `${alive} ${alive === 1 ? "worker stays" : "workers stay"} in tmux; \`ctm\` takes them up again (\`exit --kill\` ends them).`,
    );
  }
}

async function converse(
  host: CommandHost,
  config: Config,
  terminal: Terminal,
  ended: Promise<unknown>,
  offered: readonly string[] = [],
): Promise<ReplEnd & { exitCode: number }> {
  const caller = callerHere("repl", () => Promise.resolve(config));
  const paper = terminal.paper;
  if (!terminal.interactive) {
    const { print, complain, json } = terminal;
    if (host.role === "manager") tellRecap((await host.run("recap", {})) as RecapModel, terminal);
    const fault = await runPiped({ host, caller, input: process.stdin, json, paper, print, complain });
    return { workers: "leave", exitCode: fault === null ? 0 : exitCodeOf(fault) };
  }
  const status = (await host.run("status", {})) as StatusModel;
  const repl = new Repl({
    host,
    caller,
    paper,
    history: new History(config.paths.historyFile),
    input: process.stdin,
    output: process.stdout,
    attach: attachTo,
    greeting: [
      ...banner(VERSION, host.role, status, paper()),
      ...(await recapLines(host, paper())),
      ...offered,
    ],
    autoIsOn: status.mode.kind === "auto",
  });
  return { ...(await repl.run(ended)), exitCode: 0 };
}

/** The morning after: told to whoever begins as the manager, and to others while dispatch is paused for it. */
async function recapLines(host: CommandHost, paper: Paper): Promise<string[]> {
  const model = (await host.run("recap", {})) as RecapModel;
  if (!recapIsNews(model) || (host.role !== "manager" && !model.pausedHere)) return [];
  return ["", ...renderRecap(model, paper), ""];
}
