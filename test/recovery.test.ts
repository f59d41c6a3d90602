import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { rehearsalAdapter } from "../src/agents/rehearsal.ts";
import { LocalDistributor } from "../src/distributor/local.ts";
import { giveUpDead, recover, type RecoveryReport } from "../src/recovery.ts";
import type { Delivery } from "../src/workers/delivery.ts";
import type { PaneIdentity } from "../src/workers/tmux/pane-identity.ts";
import { Worker } from "../src/workers/worker.ts";
import type { WorkerPool } from "../src/workers/pool.ts";
import type { TaskStateName } from "../src/tasks/task.ts";
import { EngineBench } from "./support/engine-bench.ts";
import { rehearsalScreen, ScriptedTerminal } from "./support/scripted-terminal.ts";
import { LAUNCH, workerRecordOf } from "./support/worker-bench.ts";

const HELD_TOKENS = 300;

/** A manager that dies with one task as far as asked, and starts again over the same ledger file. */
class Restart {
  readonly folder = mkdtempSync(join(tmpdir(), "ctm-recovery-"));
  readonly bench = new EngineBench({
    ledgerFile: join(this.folder, "ledger.sqlite"),
    limits: { "tokens/hour": 1_000 },
    workers: ["w1:rehearsal"],
    policy: { countSimulated: true },
  });
  readonly terminal = new ScriptedTerminal();
  readonly pane: PaneIdentity = this.terminal.openPane();
  readonly awaited: string[] = [];
  worker: Worker | null = null;

  async upTo(state: TaskStateName, previousAttempt = ""): Promise<this> {
    const { distributor } = this.bench;
    const order = await this.bench.sent(`${HELD_TOKENS} tokens`, { agent: "rehearsal" });
    if (state === "reserved") return this;
    this.bench.ledger.intend(
      this.bench.task(1),
      {
        attemptId: order.attemptId,
        launchId: LAUNCH,
        pane: JSON.stringify(this.pane),
        previousAttempt,
        textSha256: "00",
        sessionId: null,
        recordPath: null,
      },
      this.bench.nowMs,
    );
    if (state === "dispatching") return this;
    await order.typed();
    if (state === "dispatched") return this;
    distributor.accepted(order.attemptId);
    if (state === "needs-input") distributor.asks(order.attemptId, "Run make?");
    return this;
  }

  /** Starts again. `alive` false: the worker's pane is gone. `worker` null: nothing is known of it. */
  async again({ alive = true, known = true, pane = this.pane } = {}): Promise<RecoveryReport> {
    const { bench } = this;
    bench.crash();
    const listeners: Parameters<WorkerPool["onNews"]>[0][] = [];
    const record = workerRecordOf({ name: "w1", session: "w1", pane: JSON.stringify(pane) });
    const worker = new Worker(record, rehearsalAdapter, this.terminal.terminal, (from, news) => {
      for (const listener of listeners) listener(from, news);
    });
    this.worker = worker;
    if (!alive) this.terminal.closePane(pane);
    else worker.foundAgain();
    const pool = {
      all: () => (known ? [worker] : []),
      onNews: (listener) => void listeners.push(listener),
    } as Pick<WorkerPool, "all" | "onNews"> as WorkerPool;
    const distributor = new LocalDistributor({
      pool,
      delivery: {} as Delivery,
      loadOf: () => 0,
      resumeWords: "go on",
    });
    distributor.onReport((report) => bench.distributor.report(report));
    const awaitAcceptance = (_worker: Worker, { id }: { id: string }): void => void this.awaited.push(id);
    return recover({ ledger: bench.ledger, engine: bench.engine, pool, awaitAcceptance });
  }

  giveUp(): Promise<void> {
    const { worker } = this;
    return giveUpDead({ all: () => (worker === null ? [] : [worker]) });
  }

  close(): void {
    this.worker?.leave();
    this.bench.close();
    rmSync(this.folder, { recursive: true });
  }
}

let restarts: Restart[] = [];

function restartOf(): Restart {
  const restart = new Restart();
  restarts.push(restart);
  return restart;
}

afterEach(() => {
  for (const restart of restarts) restart.close();
  restarts = [];
});

const NOTHING: RecoveryReport = { backInQueue: [], goneOn: [], inDoubt: [], asks: [], lost: [] };
const IN_HAND = ["dispatching", "dispatched", "running", "needs-input"] as const;

describe("what a start does with what was in flight", () => {
  it("reserved, nothing intended: back in the queue, its room given back", async () => {
    const restart = await restartOf().upTo("reserved");
    expect(await restart.again()).toEqual({ ...NOTHING, backInQueue: [1] });
    expect(restart.bench.state(1)).toBe("queued");
    expect(restart.bench.standing("global tokens/hour").held).toBe(0);
  });

  it.each([
    ["", ""],
    ["a0", "a0"],
    ["a0", "a0.2"],
  ])(
    "intended, and the pane still at what was typed before (%j, %j): back in the queue",
    async (previous, mark) => {
      const restart = await restartOf().upTo("dispatching", previous);
      restart.terminal.mark = mark;
      expect(await restart.again()).toEqual({ ...NOTHING, backInQueue: [1] });
      expect(restart.worker?.attempt).toBeNull();
    },
  );

  it.each([
    ["dispatching", "dispatched"],
    ["dispatched", "dispatched"],
    ["running", "running"],
    ["needs-input", "needs-input"],
  ] as const)(
    "%s, and the pane's witness says it was typed: goes on as %s, never typed again",
    async (was, is) => {
      const restart = await restartOf().upTo(was);
      restart.terminal.mark = "a1";
      expect(await restart.again()).toEqual({ ...NOTHING, goneOn: [1] });
      expect(restart.bench.state(1)).toBe(is);
      expect(restart.worker?.attempt).toMatchObject({ id: "a1" });
      expect(restart.terminal.typings).toEqual([]);
      expect(restart.bench.standing("global tokens/hour").held).toBe(HELD_TOKENS);
      expect(restart.worker?.state.name).toBe(was === "needs-input" ? "needs-input" : "busy");
    },
  );

  it.each([
    ["dispatching", ["a1"]],
    ["dispatched", ["a1"]],
    ["running", []],
  ] as const)("%s: the agent must still be seen to take it up, unless it was", async (state, awaited) => {
    const restart = await restartOf().upTo(state);
    restart.terminal.mark = "a1";
    await restart.again();
    expect(restart.awaited).toEqual(awaited);
  });

  it("goes on to its end, by the agent's own sign", async () => {
    const restart = await restartOf().upTo("dispatched");
    restart.terminal.mark = "a1";
    await restart.again();
    const hear = (event: string, payload: unknown) =>
      restart.worker?.hear({ launchId: LAUNCH, event, atMs: 0, payload });
    await hear("UserPromptSubmit", { prompt: "whatever the text was" });
    expect(restart.bench.state(1)).toBe("running");
    await hear("Stop", { last_assistant_message: "done" });
    expect(restart.bench.state(1)).toBe("completed");
  });

  it.each(IN_HAND)("%s, and something else was typed into the pane: a person is asked", async (state) => {
    const restart = await restartOf().upTo(state);
    restart.terminal.mark = "a9";
    expect(await restart.again()).toEqual({ ...NOTHING, asks: [1] });
    expect(restart.bench.state(1)).toBe("needs-input");
    expect(restart.worker?.state).toMatchObject({ question: expect.stringContaining("delivery uncertain") });
  });

  it.each(["dispatched", "running", "needs-input"] as const)(
    "%s, and the pane knows nothing of it: a person is asked, it is not typed again",
    async (state) => {
      const restart = await restartOf().upTo(state);
      restart.terminal.mark = "";
      expect(await restart.again()).toEqual({ ...NOTHING, asks: [1] });
    },
  );

  it.each(IN_HAND)(
    "%s, and its worker is not known any more: lost, settled with what was held",
    async (state) => {
      const restart = await restartOf().upTo(state);
      expect(await restart.again({ known: false })).toEqual({ ...NOTHING, lost: [1] });
      expect(restart.bench.state(1)).toBe("lost");
      expect(restart.bench.standing("global tokens/hour")).toEqual({ used: HELD_TOKENS, held: 0 });
      expect(restart.bench.ledger.spend.ofAttempt("a1").source).toBe("unknown");
    },
  );

  it("sits in another pane now, or another program is in it: lost", async () => {
    for (const other of [
      { serverPid: 101 },
      { serverStartTime: 1 },
      { panePid: 7 },
      { panePidStartTime: 1 },
    ]) {
      const restart = await restartOf().upTo("running");
      restart.terminal.mark = "a1";
      expect(await restart.again({ pane: { ...restart.pane, ...other } })).toEqual({ ...NOTHING, lost: [1] });
    }
  });

  it("leaves queued and ended tasks alone", async () => {
    const restart = await restartOf().upTo("running");
    restart.bench.distributor.ended("a1", { kind: "completed", exitCode: null, answer: null });
    restart.bench.add("waits", { agent: "rehearsal" });
    expect(await restart.again()).toEqual(NOTHING);
    expect(restart.bench.states()).toEqual(["completed", "queued"]);
  });

  it("tells a worker what was typed last, when the manager ended before it could write it down", async () => {
    const restart = await restartOf().upTo("running");
    restart.terminal.mark = "a1";
    await restart.again();
    expect(restart.worker?.record).toMatchObject({ lastAttempt: "a1", lastType: "coding", lastCwd: "/tmp" });
  });
});

describe("an agent that died while no manager ran", () => {
  it.each(IN_HAND)("%s: in doubt until the spool was read, then lost", async (state) => {
    const restart = await restartOf().upTo(state);
    expect(await restart.again({ alive: false })).toEqual({ ...NOTHING, inDoubt: [1] });
    expect(restart.bench.state(1)).toBe(state);
    await restart.giveUp();
    await restart.giveUp();
    expect(restart.bench.state(1)).toBe("lost");
    expect(restart.bench.standing("global tokens/hour")).toEqual({ used: HELD_TOKENS, held: 0 });
  });

  it.each([
    ["Stop", { last_assistant_message: "done" }, "completed"],
    ["StopFailure", { error: "overloaded", last_assistant_message: "no" }, "failed"],
    ["exited", { exitCode: 1 }, "failed"],
  ] as const)("%s lay in the spool: %s", async (event, payload, end) => {
    const restart = await restartOf().upTo("running");
    await restart.again({ alive: false });
    await restart.worker?.hear({ launchId: LAUNCH, event, atMs: 0, payload });
    await restart.giveUp();
    expect(restart.bench.state(1)).toBe(end);
    expect(restart.bench.ledger.spend.openReservations()).toEqual([]);
  });

  it("does not raise it: its screen and its pane are gone", async () => {
    const restart = await restartOf().upTo("running");
    restart.terminal.screen = rehearsalScreen("idle");
    await restart.again({ alive: false });
    await restart.giveUp();
    expect(restart.worker?.state.name).toBe("dead");
  });
});

describe("a cancel whose end the manager did not see", () => {
  it("of a task that was not typed: cancelled at the start, nothing owed", async () => {
    for (const state of ["reserved", "dispatching"] as const) {
      const restart = await restartOf().upTo(state);
      await restart.bench.engine.cancel(1);
      await restart.again();
      expect(restart.bench.state(1), state).toBe("cancelled");
      expect(restart.bench.standing("global tokens/hour"), state).toEqual({ used: 0, held: 0 });
    }
  });

  it.each(IN_HAND)("%s, its worker gone: cancelled, never lost, and never for nothing", async (state) => {
    const restart = await restartOf().upTo(state);
    await restart.bench.engine.cancel(1);
    await restart.again({ known: false });
    expect(restart.bench.state(1)).toBe("cancelled");
    expect(restart.bench.standing("global tokens/hour")).toEqual({ used: HELD_TOKENS, held: 0 });
  });

  it.each([
    ["exited", { exitCode: 1 }, "cancelled"],
    ["StopFailure", { error: "overloaded", last_assistant_message: "no" }, "cancelled"],
    ["Stop", { last_assistant_message: "done" }, "completed"],
  ] as const)("running, %s lay in the spool: %s", async (event, payload, end) => {
    const restart = await restartOf().upTo("running");
    await restart.bench.engine.cancel(1);
    await restart.again({ alive: false });
    await restart.worker?.hear({ launchId: LAUNCH, event, atMs: 0, payload });
    await restart.giveUp();
    expect(restart.bench.state(1)).toBe(end);
    expect(restart.bench.standing("global tokens/hour")).toEqual({ used: HELD_TOKENS, held: 0 });
  });

  it("is told to the agent again, which may not have heard it, and once it has ended to nobody", async () => {
    const restart = await restartOf().upTo("running");
    await restart.bench.engine.cancel(1);
    restart.terminal.mark = "a1";
    expect(await restart.again()).toEqual({ ...NOTHING, goneOn: [1] });
    const task = restart.bench.task(1);
    expect(restart.worker?.attempt?.cancelling).toBe(true);
    await restart.bench.engine.cancelAgain(task);
    expect(restart.bench.distributor.interrupted).toEqual(["a1", "a1"]);
    await restart.worker?.hear({ launchId: LAUNCH, event: "exited", atMs: 0, payload: { exitCode: 1 } });
    expect(restart.bench.state(1)).toBe("cancelled");
    await restart.bench.engine.cancelAgain(task);
    expect(restart.bench.distributor.interrupted).toHaveLength(2);
  });

  it("does not follow the task into its next attempt", async () => {
    const restart = await restartOf().upTo("running");
    await restart.bench.engine.cancel(1);
    await restart.again({ known: false });
    restart.bench.distributor.worker("w1").attemptId = null;
    restart.bench.engine.retry(1, "again");
    await restart.bench.pass();
    const order = restart.bench.distributor.order;
    order.intend();
    await order.typed();
    restart.bench.distributor.ended(order.attemptId, { kind: "failed", reason: "no", exitCode: 1 });
    expect(restart.bench.state(1)).toBe("failed");
  });
});
