/** A batch from argv or a file: its tasks are queued at once, run in auto mode, watched and summed up. */
import { connect } from "node:net";
import type { DispatchState } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { checkDraft } from "../commands/batch-file.ts";
import type { Queued } from "../commands/batch.ts";
import type { RawInput } from "../commands/command.ts";
import type { CommandHost } from "../commands/host.ts";
import { mergeTallies, tallyIdsMax } from "../commands/tally.ts";
import type { Config } from "../config.ts";
import type { Fact } from "../events/facts.ts";
import { alikeLines, type AlikeAmong } from "../reports/alike.ts";
import { renderBatchSummary, type BatchModel } from "../reports/batch-summary.ts";
import { count } from "../reports/numbers.ts";
import { staysDead, type WorkerRow } from "../reports/workers-table.ts";
import type { StatusModel } from "../reports/status-model.ts";
import type { Settings } from "./arguments.ts";
import { showProgress } from "./batch-progress.ts";
import { callerHere } from "./caller.ts";
import { onInterrupt } from "./interrupt.ts";
import { joinHouse, type Manager } from "./reach.ts";
import { configOf } from "./settings-config.ts";
import { tellRecap } from "./tell-recap.ts";
import type { Terminal } from "./terminal.ts";

/** `ctm "Task 1" "Task 2"`: each text a task. Returns the exit code. */
export async function runTexts(
  texts: readonly string[],
  settings: Settings,
  terminal: Terminal,
): Promise<number> {
  const caller = callerHere("argv", () => configOf(settings));
  const drafts = texts.map((text) => checkDraft({ text }, {}, caller));
  const config = await configOf(settings);
  terminal.useTimeZone(config.throttle.timeZone);
  return runDrafts({ drafts }, config, settings, terminal);
}

/** Runs a checked batch to its end, as the manager or through the one that runs. Returns the exit code. */
export async function runDrafts(
  input: RawInput,
  config: Config,
  settings: Settings,
  terminal: Terminal,
): Promise<number> {
  const workersWereThere = await answers(config.paths.tmuxSocket);
  const house = await joinHouse(config, settings);
  if ("app" in house) {
    const keep = workersWereThere || settings.keepWorkers === true;
    return runAsManager(house, keep, input, terminal);
  }
  try {
    if (settings.own === true)
      throw new CtmError("manager-running", "another manager runs, and --own refuses to hand over");
    await requireDistributing(house);
    terminal.note(`A manager runs (process ${house.managerPid}): it takes these tasks over.`);
    return (await runToEnd(house, input, terminal)).exitCode;
  } finally {
    house.close();
  }
}

async function runAsManager(
  manager: Manager,
  keepWorkers: boolean,
  input: RawInput,
  terminal: Terminal,
): Promise<number> {
  let workers: "leave" | "kill" = "leave";
  try {
    tellRecap(manager.app.recap(), terminal);
    // What this start made of the time before may be what waits for a person: then nothing is begun.
    const idle = manager.app.status().queue.running === 0;
    if (idle && !keepWorkers) workers = "kill";
    requireUnpaused(manager.app.dispatchState());
    workers = "leave";
    await manager.host.run("auto", { mode: "on" });
    tellNotices(manager.app.status(), terminal);
    const broken = manager.broken.then((fault) => Promise.reject(fault));
    const { exitCode, ended } = await Promise.race([runToEnd(manager.host, input, terminal), broken]);
    // Workers started for this batch end with it; those that were there, or still work, stay.
    if (ended && !keepWorkers && manager.app.status().queue.running === 0) workers = "kill";
    return exitCode;
  } finally {
    await manager.close(workers);
  }
}

/** Does a tmux server listen there? The file alone may be left from one that has ended. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function tellNotices(status: StatusModel, terminal: Terminal): void {
  for (const notice of status.notices) terminal.note(notice);
}

/** A batch that waits for a person to end a pause would wait for ever where nobody sits. */
function requireUnpaused({ paused, pauseReason }: DispatchState): void {
  if (!paused) return;
  const reason = pauseReason === null ? "" : `: ${pauseReason}`;
  throw new CtmError("paused", `dispatch is paused${reason}; nothing was queued`, [
    "`ctm recap` tells what happened, `ctm resume` lets tasks go again; `ctm add` only queues.",
  ]);
}

/** Handing tasks to a manager that sends nothing out would wait for ever. */
async function requireDistributing(host: CommandHost): Promise<void> {
  const { mode } = (await host.run("status", {})) as StatusModel;
  if (mode.kind === "auto") return;
  const states = { paused: "its dispatch is paused", stopped: "its database takes no writes" } as const;
  const state = mode.kind in states ? states[mode.kind as keyof typeof states] : "it is not in auto mode";
  throw new CtmError("manager-running", `another manager runs and ${state}: nothing was queued`, [
    "`ctm auto on` (or `ctm resume`) lets it run them; `ctm add` only queues.",
  ]);
}

/** Queues, watches and waits. Not ended: the person left, and the tasks go on or stay queued. */
async function runToEnd(
  host: CommandHost,
  input: RawInput,
  terminal: Terminal,
): Promise<{ exitCode: number; ended: boolean }> {
  const progress = showProgress(host, terminal);
  const interrupt = onInterrupt(() => void beginLeaving(host, terminal));
  const workersGone = whenNoWorkerIsLeft(host);
  try {
    const { queued, known, alike } = (await host.run("batch", input)) as Queued;
    for (const line of alikeLines(alike, terminal.paper())) terminal.note(line);
    const ids = [...new Set([...queued, ...known])];
    progress.begin(ids);
    const end = await Promise.race([
      waitFor(host, ids).then(() => "ended" as const),
      interrupt.second.then(() => "left" as const),
      workersGone.seen.then(() => "no workers" as const),
    ]);
    progress.end();
    const tally = await tallyOf(host, ids);
    report(tally, end === "ended", alike, terminal);
    if (end === "no workers") throw noWorkers(tally, await workersOf(host));
    return { ended: end === "ended", exitCode: tally.completed === tally.total ? 0 : 1 };
  } finally {
    progress.end();
    interrupt.off();
    workersGone.off();
  }
}

/** Resolves when every worker is dead and none will be started again: nothing can run the tasks that are left. */
function whenNoWorkerIsLeft(host: CommandHost): { readonly seen: Promise<void>; off(): void } {
  let see = (): void => undefined;
  const seen = new Promise<void>((resolve) => (see = resolve));
  const look = async (): Promise<void> => {
    if ((await workersOf(host)).every(staysDead)) see();
  };
  const following = host.follow("watch", {}, (item) => {
    const fact = item as Fact;
    // What the pool plans for a dead one is planned when this is read.
    if (fact.kind === "worker-changed" && fact.state === "dead") void look().catch(() => undefined);
  });
  // A broken connection ends the wait, and is told there.
  following.done.catch(() => undefined);
  void look().catch(() => undefined);
  return { seen, off: () => following.stop() };
}

async function workersOf(host: CommandHost): Promise<WorkerRow[]> {
  return (await host.run("workers", {})) as WorkerRow[];
}

function noWorkers(tally: BatchModel, workers: readonly WorkerRow[]): CtmError {
  const left = tally.running + tally.queued;
  const stay = left === 1 ? "1 task stays" : `${count(left)} tasks stay`;
  const reasons = [...new Set(workers.map(({ because }) => because))];
  return new CtmError(
    "agent-missing",
    workers.length === 0
      ? `there is no worker: ${stay} queued`
      : `every worker is dead and not started again: ${stay} queued`,
    [...reasons, "`ctm doctor` looks for the cause; `ctm` goes on with the tasks."],
  );
}

/** First Ctrl+C: nothing more goes out, what runs goes on. */
async function beginLeaving(host: CommandHost, terminal: Terminal): Promise<void> {
  if (host.role === "manager") await host.run("auto", { mode: "off" });
  const rest = host.role === "manager" ? "No further task goes out" : "The manager goes on with the tasks";
  terminal.note(
    `\n${rest}. Ctrl+C again leaves now: running tasks go on in tmux, the others stay queued (\`ctm\` goes on with them).`,
  );
}

async function waitFor(host: CommandHost, ids: readonly number[]): Promise<void> {
  for (const part of inParts(ids, 10_000)) await host.run("wait", { ids: part });
}

async function tallyOf(host: CommandHost, ids: readonly number[]): Promise<BatchModel> {
  const tallies: BatchModel[] = [];
  for (const part of inParts(ids, tallyIdsMax))
    tallies.push((await host.run("tally", { ids: part })) as BatchModel);
  return mergeTallies(tallies);
}

function report(tally: BatchModel, ended: boolean, alike: AlikeAmong, terminal: Terminal): void {
  if (terminal.json) return terminal.printJson({ ended, alike, ...tally });
  terminal.print(renderBatchSummary(tally, terminal.paper()));
}

function inParts<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}
