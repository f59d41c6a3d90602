/** Leaving the prompt: running tasks are detached, waited for or cancelled, as the person says. */
import type { CommandHost } from "../commands/host.ts";
import type { StatusModel } from "../reports/status-model.ts";
import { STATES_AT_WORK, type Task } from "../tasks/task.ts";
import { askForLeaving } from "./questions.ts";

/** More than any fleet can have at work. */
const atWorkMax = 1_000;

/** True: leave. The terminal must be free, because this may ask. */
export async function mayLeave(host: CommandHost, say: (line: string) => void): Promise<boolean> {
  // A client only goes away; the manager keeps all it has.
  if (host.role !== "manager") return true;
  const { queue } = (await host.run("status", {})) as StatusModel;
  if (queue.running === 0) return true;
  switch (await askForLeaving(queue.running)) {
    case "detach":
      return true;
    case "stay":
      return false;
    case "wait":
      return waitForAll(host, say);
    case "cancel":
      await host.run("cancel", { ids: await idsAtWork(host) });
      return true;
  }
}

async function waitForAll(host: CommandHost, say: (line: string) => void): Promise<boolean> {
  const ids = await idsAtWork(host);
  if (ids.length === 0) return true;
  say("Waiting for them to end; nothing further is sent out. Ctrl+C goes back to the prompt.");
  await host.run("auto", { mode: "off" });
  let stop = (): void => undefined;
  const interrupted = new Promise<boolean>((resolve) => (stop = () => resolve(false)));
  process.once("SIGINT", stop);
  try {
    return await Promise.race([host.run("wait", { ids }).then(() => true), interrupted]);
  } finally {
    process.off("SIGINT", stop);
  }
}

async function idsAtWork(host: CommandHost): Promise<number[]> {
  const tasks = (await host.run("tasks", { state: STATES_AT_WORK, limit: atWorkMax })) as Task[];
  return tasks.map(({ id }) => id);
}
