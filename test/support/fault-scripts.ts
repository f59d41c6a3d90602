/** What people, agents and tmux do on the days on which managers are broken: see `fault-run.ts` and `fault-history.ts`. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { productFolder } from "./built-product.ts";
import type { LongScript } from "./fault-history.ts";
import { taskOf, type Playing, type Script } from "./fault-run.ts";
import { ASIDE } from "./invariants.ts";
import type { Product } from "./product.ts";
import { waitFor } from "./wait-for.ts";

export const quick = "[[delay:30]] [[in:1000]] [[out:0]]";

/** Tasks that end, ask, fail and are tried again, and a person's own words in between. */
export const WORK: Script = {
  tasks: {
    first: { text: `Fix the first ${quick}` },
    asks: { text: `Fix what asks [[ask:May I?]] ${quick}` },
    fails: { text: `Fix what fails [[err:invalid]] ${quick}` },
    other: { text: `Document the other ${quick}`, type: "documentation" },
  },
  async play(day) {
    const [first, asks] = [await day.add("first"), await day.add("asks")];
    await day.until(asks, "needs-input");
    await day.act("answer", { worker: await workerOf(day, asks), text: "1" });
    for (const id of [first, asks]) await day.until(id, "completed");
    const fails = await day.add("fails");
    await day.until(fails, "failed");
    await day.act("retry", { ids: [fails] });
    await day.until(fails, "failed");
    await day.act("send", { worker: "w1", text: `${ASIDE}what changed? ${quick}` });
    await waitFor("the answer to a person", async () => {
      const rows = await day.ask<{ name: string; state: string }[]>("workers", {});
      return rows.every(({ state }) => state === "idle");
    });
    await day.until(await day.add("other"), "completed");
  },
};

/** What people do to tasks, to the dispatch and to limits. */
export const PEOPLE: Script = {
  tasks: {
    held: { text: `Fix what is held ${quick}`, hold: "not yet" },
    dropped: { text: `Fix what is dropped ${quick}`, hold: "not yet" },
    long: { text: "Fix what takes long [[delay:600000]] [[in:1000]] [[out:0]]" },
    shell: { text: "setsid sleep 120 >/dev/null 2>&1 &", agent: "shell" },
    limited: { text: "Fix what meets a limit [[err:limit]] [[reset:600]] [[delay:0]]" },
  },
  async play(day) {
    await day.act("spawn", { agent: "shell", n: 1 });
    const shell = await day.add("shell");
    const [held, dropped] = [await day.add("held"), await day.add("dropped")];
    await day.act("priority", { id: held, level: "high" });
    await day.act("cap", { id: held, amount: "100k" });
    await day.act("cancel", { ids: [dropped] });
    await day.act("pause", { reason: "lunch" });
    await day.act("resume", {});
    await day.act("limits set", { id: "tokens/hour", amount: "400000" });
    const long = await day.add("long");
    await day.until(long, "running");
    await day.act("cancel", { ids: [long] });
    await day.until(long, "cancelled");
    await day.act("release", { ids: [held] });
    for (const id of [held, shell]) await day.until(id, "completed");
    const limited = await day.add("limited");
    await day.until(limited, "parked");
    await day.act("accounts free", { name: "rehearsal" });
    await day.until(limited, "completed");
    // What the shell's task left behind goes on without its worker.
    const workers = await day.ask<{ name: string; agent: string }[]>("workers", {});
    const shells = workers.flatMap(({ name, agent }) => (agent === "shell" ? [name] : []));
    await day.act("kill", { workers: shells });
    await day.act("survivors", { end: true });
    await day.act("clear", { all: true });
  },
};

/** Workers that come and go, and a manager that leaves. */
export const FLEET: Script = {
  tasks: { last: { text: `Fix the last ${quick}` } },
  async play(day) {
    await day.until(await day.add("last"), "completed");
    await startByHand(day.ctm);
    await day.act("adopt", {});
    await day.act("adopt", { session: BY_HAND });
    await day.act("kill", { workers: [BY_HAND] });
    await day.act("restart", { workers: ["w1"] });
    await day.act("kill", { workers: ["w1", "w2"] });
  },
};

/** A start that finds a question, a task whose agent is gone, and one that was about to be typed. */
const START: Script = {
  tasks: {
    asks: { text: `Fix what asks [[ask:May I?]] ${quick}` },
    gone: { text: "Fix what takes long [[delay:600000]] [[in:1000]] [[out:0]]" },
    waits: { text: `Fix what waits ${quick}` },
  },
  async play(day) {
    // What became of the one that is gone nobody knows: the dispatch waits for a person's word.
    await day.act("resume", {});
    await waitFor("all to be as good as it gets", async () => {
      const tasks = await day.ask<{ state: { name: string } }[]>("tasks", { limit: 10 });
      return tasks.every(({ state }) => state.name !== "queued");
    });
  },
  async prepare(ctm, round) {
    const manager = await ctm.serve([], true, "intent.commit:exit:3");
    const tell = (name: string) => {
      const { text, ...more } = taskOf(START, name, round);
      return ctm.tell(String(text), more);
    };
    await tell("asks");
    await tell("gone");
    await ctm.until(1, "needs-input");
    const { worker } = (await ctm.until(2, "running")).state;
    await ctm.ask("spawn", { agent: null, n: 1, model: null, cwd: null }, null);
    await tell("waits").catch(() => null);
    await manager.ended;
    await ctm.tmux("kill-session", "-t", `=${worker ?? ""}`);
  },
};

/** A start that finds a cancel which was asked for and not carried out. */
const CANCEL: Script = {
  tasks: { long: { text: "Fix what takes long [[delay:600000]] [[in:1000]] [[out:0]]" } },
  async play(day) {
    await day.until(1, "cancelled");
  },
  async prepare(ctm, round) {
    const manager = await ctm.serve([], true, "key.send:exit:1");
    const { text, ...more } = taskOf(CANCEL, "long", round);
    await ctm.tell(String(text), more);
    await ctm.until(1, "running");
    await ctm.ask("cancel", { ids: [1] }, null).catch(() => null);
    await manager.ended;
  },
};

/** An agent that dies while no manager runs, and a question that stays open meanwhile. */
const AWAY: LongScript = {
  tasks: START.tasks,
  async play(day) {
    const [asks, gone] = [await day.add("asks"), await day.add("gone")];
    await day.until(asks, "needs-input");
    await day.until(gone, "running");
    const worker = await workerOf(day, gone);
    await day.away(async () => {
      await day.ctm.tmux("kill-session", "-t", `=${worker}`);
      // Of a typing that was cut off, and of a tidy temporary folder.
      await day.ctm.tmux("set-buffer", "-b", `ctm-${"0".repeat(24)}`, "left");
      rmSync(join(day.ctm.socketFolder, "tmux.sock"));
    });
    const waits = await day.add("waits");
    for (const id of [gone, asks, waits]) await day.until(id, "completed");
  },
};

/** A session a person started, on their own server. */
const BY_HAND = "concurrent_worker7";

async function startByHand(ctm: Product): Promise<void> {
  const agent = [process.execPath, join(productFolder(), "rehearsal-agent.js"), "--session", "s"];
  const more = ["--model", "m", "--dir", ctm.folder, "--hook", "/bin/true"];
  const size = ["-x", "120", "-y", "30", "-c", ctm.work];
  await ctm.defaultTmux("new-session", "-d", "-s", BY_HAND, ...size, ...agent, ...more);
}

async function workerOf(day: Playing, id: number): Promise<string> {
  const { task } = await day.ask<{ task: { state: { worker?: string } } }>("show", { id });
  return task.state.worker ?? "";
}

/** Each for one fault at a time. */
export const SCRIPTS: readonly Script[] = [WORK, PEOPLE, FLEET, START, CANCEL];

/** Each for one death after the other. */
export const HISTORIES: readonly LongScript[] = [WORK, PEOPLE, FLEET, AWAY];
