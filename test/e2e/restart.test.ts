/** What a manager finds at its start: typed or not, ended meanwhile, asked meanwhile, gone meanwhile, stopped clocks. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { product, type ManagerProcess, type Product } from "../support/product.ts";
import { generator } from "../support/random.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
const SEED = Number(process.env["CTM_TEST_SEED"] ?? Date.now() % 2 ** 31);

/** Stops the manager, as nothing can be prepared for, at the moment the ledger first shows a task in this state. */
async function stopAt(
  ctm: Product,
  manager: ManagerProcess,
  id: number,
  states: readonly string[],
): Promise<string> {
  const ledger = new Database(join(ctm.state, "ledger.sqlite"), { readonly: true });
  try {
    const look = ledger.prepare("SELECT state FROM task WHERE id = ?").pluck();
    for (const end = Date.now() + 20_000; Date.now() < end; ) {
      const state = look.get(id);
      if (typeof state === "string" && states.includes(state)) {
        manager.child.kill("SIGSTOP");
        return state;
      }
      // As fast as the machine can, yet not alone on it.
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`task ${id} was never seen ${states.join(" or ")}`);
  } finally {
    ledger.close();
  }
}

const prompts = (ctm: Product): readonly string[] =>
  ctm.typedPrompts().filter((text) => text.startsWith("Fix"));

describe("F6 a manager killed between the intent and the typing", () => {
  const rounds = LONG ? 40 : 3;

  it(`types once, whatever had happened, ${rounds} rounds`, { timeout: rounds * 40_000 }, async () => {
    const random = generator(SEED);
    const ctm = product({ workers: 1, recorded: true });
    const stoppedAt: string[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const manager = await ctm.serve();
      await ctm.worker("concurrent_worker1", "idle");
      const stopped = stopAt(ctm, manager, round, ["reserved", "dispatching", "dispatched"]);
      await new Promise((resolve) => setImmediate(resolve));
      await ctm.tell(`Fix ${round} [[delay:50]]`, { type: "coding" }).catch(() => null);
      stoppedAt.push(await stopped);
      await new Promise((resolve) => setTimeout(resolve, random() * 100));
      await manager.kill9();
      const next = await ctm.serve();
      expect(await ctm.until(round), `seed ${SEED}: ${stoppedAt.join(" ")}`).toMatchObject({
        state: { name: "completed" },
      });
      await next.stop();
    }
    expect(prompts(ctm)).toEqual(stoppedAt.map((_, at) => `Fix ${at + 1} [[delay:50]]`));
  });

  it("refuses a second manager while it is only stopped, and goes on when it wakes", async () => {
    const ctm = product({ workers: 1, recorded: true });
    const manager = await ctm.serve();
    await ctm.worker("concurrent_worker1", "idle");
    const stopped = stopAt(ctm, manager, 1, ["dispatching", "dispatched"]);
    const added = ctm.tell("Fix it [[delay:0]]", { type: "coding" });
    added.catch(() => null);
    await stopped;
    const second = await ctm.run(["serve"]);
    expect(second.exitCode).toBe(75);
    manager.child.kill("SIGCONT");
    await ctm.until(1, "completed");
    expect(prompts(ctm)).toHaveLength(1);
  });
});

describe("a start finds", () => {
  it("a cancel whose end nobody saw: cancelled, whatever the exit code, and asked again of one that works on", async () => {
    const ctm = product({ agent: "shell", workers: 2 });
    const manager = await ctm.serve();
    await ctm.tell("trap 'sleep 1; exit 1' INT; touch begun1; while :; do sleep 0.05; done");
    await ctm.tell(
      "n=0; trap 'n=$((n + 1)); test $n -lt 2 || exit 3' INT; touch begun2; while :; do sleep 0.05; done",
    );
    for (const n of [1, 2]) await waitFor(`task ${n} to run`, () => existsSync(join(ctm.work, `begun${n}`)));
    for (const id of [1, 2]) await ctm.until(id, "running");
    for (const id of [1, 2]) await ctm.ask("cancel", { ids: [id] }, null);
    await manager.kill9();
    await ctm.serve();
    expect((await ctm.until(1)).state.name).toBe("cancelled");
    expect((await ctm.until(2)).state.name).toBe("cancelled");
  });

  it("a task that ended meanwhile, with its answer and its usage", async () => {
    const ctm = product({ workers: 1, recorded: true });
    const manager = await ctm.serve();
    await ctm.tell("Fix it [[delay:800]] [[say:ended alone]] [[in:70]] [[out:7]]");
    await ctm.until(1, "running");
    await manager.kill9();
    await waitFor("the agent to end alone", async () =>
      (await ctm.screen("concurrent_worker1")).includes("● ended alone"),
    );
    await ctm.serve();
    await ctm.until(1, "completed");
    const { tokens, answer } = (await ctm.attempts(1))[0] ?? {};
    expect({ answer, tokens }).toMatchObject({ answer: "ended alone", tokens: { value: 77 } });
    expect(prompts(ctm)).toHaveLength(1);
  });

  it("a question that still stands, and takes its answer", async () => {
    const ctm = product({ workers: 1, recorded: true });
    const manager = await ctm.serve();
    await ctm.tell("Fix it [[ask:May I?]] [[delay:20]]");
    await ctm.until(1, "needs-input");
    await manager.kill9();
    await ctm.serve();
    expect(await ctm.worker("concurrent_worker1", "needs-input")).toMatchObject({ question: "May I?" });
    await ctm.ok(["answer", "w1", "1"]);
    await ctm.until(1, "completed");
    expect(prompts(ctm)).toHaveLength(1);
  });

  it("an agent that died meanwhile: its task failed or lost, with the reason, and is not typed again", async () => {
    const ctm = product({ workers: 2, recorded: true });
    const manager = await ctm.serve();
    await ctm.tell("Fix it [[delay:600]] [[die:3]]");
    await ctm.until(1, "running");
    await manager.kill9();
    await waitFor("the agent to die", async () => (await ctm.panes()).length === 1);
    await ctm.serve();
    const { state, attempts } = await ctm.until(1);
    expect(["failed", "lost"]).toContain(state.name);
    expect(state.reason).toMatch(/\S{3}/);
    expect(attempts).toBe(1);
    await waitFor("two workers again", async () => (await ctm.panes()).length === 2);
    expect(prompts(ctm)).toHaveLength(1);
  });

  it("every task that was acknowledged, and one for each key, however often it was killed while they came", async () => {
    const ctm = product({ workers: 1 });
    const random = generator(SEED);
    const keys = Array.from({ length: 40 }, (_, at) => `key-${at}`);
    const acknowledged = new Set<string>();
    const addAll = (): Promise<unknown> =>
      Promise.all(
        keys.map(async (key) => {
          const added = await ctm.tell(`Fix ${key}`, { key }).catch(() => null);
          if (added !== null) acknowledged.add(key);
        }),
      );
    for (let kill = 0; kill < 3; kill += 1) {
      const manager = await ctm.serve(["--no-auto"]);
      const adding = addAll();
      await new Promise((resolve) => setTimeout(resolve, random() * 60));
      await manager.kill9();
      await adding;
    }
    const seen = async (): Promise<string[]> =>
      (await ctm.tasks()).map(({ draft }) => draft.text.slice(4)).sort();
    await ctm.serve(["--no-auto"]);
    expect(await seen(), `seed ${SEED}`).toEqual(expect.arrayContaining([...acknowledged]));
    await addAll();
    expect(await seen(), `seed ${SEED}`).toEqual([...keys].sort());
  });
});

describe("F18 a process that stands still", () => {
  it("an agent: delivery is uncertain and shown, nothing is typed again, its late sign of life is taken", async () => {
    const ctm = product({ workers: 1 });
    // tmux wakes a pane's own process at once: the one that stands still must be a child of it.
    const program = `${process.execPath} ${join(productFolder(), "rehearsal-agent.js")} "$@"; exit $?`;
    ctm.configure(`agents: { rehearsal: { command: ["sh", "-c", ${JSON.stringify(program)}, "sh"] } }`);
    await ctm.serve();
    await ctm.worker("concurrent_worker1", "idle");
    const { stdout } = await execa("pgrep", ["-f", `rehearsal-agent.js --session .* --dir ${ctm.state}`]);
    process.kill(Number(stdout), "SIGSTOP");
    try {
      await ctm.tell("Fix it [[delay:0]] [[say:once]]");
      expect((await ctm.until(1, "needs-input")).state).toMatchObject({
        question: expect.stringMatching(/delivery uncertain/),
      });
    } finally {
      process.kill(Number(stdout), "SIGCONT");
    }
    await ctm.until(1, "completed");
    expect((await ctm.screen("concurrent_worker1")).split("● once")).toHaveLength(2);
  });

  it("the tmux server: nothing is doubled when it wakes", async () => {
    const ctm = product({ workers: 1, recorded: true });
    await ctm.serve();
    await ctm.worker("concurrent_worker1", "idle");
    const pid = Number(await ctm.tmux("display-message", "-p", "#{pid}"));
    process.kill(pid, "SIGSTOP");
    try {
      await ctm.tell("Fix 1 [[delay:0]]");
      // Its calls time out: nothing was typed, or nobody can say so.
      await waitFor("the dispatch to be given up", async () => {
        const { state, attempts } = await ctm.task(1);
        return attempts === 1 && (state.name === "queued" || state.name === "needs-input");
      });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await ctm.until(1, "completed");
    await ctm.tell("Fix 2 [[delay:0]]");
    await ctm.until(2, "completed");
    expect(prompts(ctm)).toEqual(["Fix 1 [[delay:0]]", "Fix 2 [[delay:0]]"]);
  });
});
