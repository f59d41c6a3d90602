import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { WorkerReport } from "../../src/distributor/distributor.ts";
import { LocalDistributor } from "../../src/distributor/local.ts";
import { formatRehearsalRecord } from "../../src/metering/rehearsal-record.ts";
import type { Task } from "../../src/tasks/task.ts";
import type { AttemptInHand } from "../../src/workers/attempt-in-hand.ts";
import type { Delivery, DeliveryOrder } from "../../src/workers/delivery.ts";
import type { PoolListener, WorkerPool } from "../../src/workers/pool.ts";
import { Worker } from "../../src/workers/worker.ts";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { rehearsalScreen, ScriptedTerminal } from "../support/scripted-terminal.ts";
import { workerRecordOf } from "../support/worker-bench.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const LOADS: Readonly<Record<string, number>> = { w1: 5, w2: 1 };

/** Two workers in their panes, the distributor over them, and what it reports. */
function benchOf(adopted = false) {
  const terminal = new ScriptedTerminal();
  const listeners: PoolListener[] = [];
  const workers = ["w1", "w2"].map((name) => {
    const pane = JSON.stringify(terminal.openPane());
    const record = workerRecordOf({ name, session: name, pane, adopted });
    return new Worker(record, rehearsalAdapter, terminal.terminal, (worker, news) =>
      listeners.forEach((listener) => listener(worker, news)),
    );
  });
  const restarted: string[] = [];
  const delivered: string[] = [];
  const pool: Pick<WorkerPool, "all" | "find" | "onNews" | "look" | "restart"> = {
    all: () => workers,
    find: (name) => workers.find((worker) => worker.name === name) ?? raise(`there is no worker ${name}`),
    onNews: (listener) => void listeners.push(listener),
    look: (worker) => worker.look(worker.adapter.readScreen(terminal.screen)),
    restart: async (worker) => {
      restarted.push(worker.name);
      await worker.died("restarted by a person", null);
    },
  };
  const delivery: Pick<Delivery, "deliver"> = {
    deliver: async (worker: Worker, order: DeliveryOrder) => {
      delivered.push(`${worker.name} ${order.attemptId}`);
      return { kind: "typed" };
    },
  };
  const distributor = new LocalDistributor({
    pool: pool as WorkerPool,
    delivery: delivery as Delivery,
    loadOf: (worker) => LOADS[worker] ?? 0,
    resumeWords: "go on",
  });
  const reports: WorkerReport[] = [];
  distributor.onReport((report) => reports.push(report));
  const [w1, w2] = workers;
  if (w1 === undefined || w2 === undefined) throw new Error("two workers were made");
  return { terminal, distributor, reports, restarted, delivered, w1, w2 };
}

function raise(message: string): never {
  throw new Error(message);
}

function ready(worker: Worker): void {
  worker.become({ name: "idle", sinceMs: 0 }, "signal", "ready");
}

function attemptOf(change: Partial<AttemptInHand> = {}): AttemptInHand {
  const fresh = { marks: new Map(), cancelling: false, capped: false, question: null };
  return { id: "a1", taskId: 1, paste: "x", phase: "accepted", ...fresh, ...change };
}

const task: Task = {
  id: 1,
  draft: draftOf("work"),
  assignment: assignmentOf(),
  state: { name: "queued", holdReason: null, notBeforeMs: null },
  attempts: 0,
  createdAtMs: 0,
};

describe("offers", () => {
  it("come from free workers alone, the least loaded first", () => {
    const { distributor, w1, w2 } = benchOf();
    expect([distributor.freeCount(), distributor.offers(task)]).toEqual([0, []]);
    ready(w1);
    ready(w2);
    expect(distributor.offers(task).map(({ worker }) => worker)).toEqual(["w2", "w1"]);
    w2.take(attemptOf());
    expect([distributor.freeCount(), distributor.offers(task).map(({ worker }) => worker)]).toEqual([
      1,
      ["w1"],
    ]);
    w1.remember({ draining: true });
    expect(distributor.offers(task)).toEqual([]);
  });

  it("name last the one that could not be given its last task", () => {
    const { distributor, w1, w2 } = benchOf();
    ready(w1);
    ready(w2);
    w2.take(attemptOf({ phase: "preparing" }));
    w2.giveBack("its composer holds a draft");
    w2.delivered();
    expect(distributor.offers(task).map(({ worker }) => worker)).toEqual(["w1", "w2"]);
  });

  it("lead to the worker that was chosen", async () => {
    const { distributor, delivered, w1 } = benchOf();
    ready(w1);
    await distributor.dispatch({ task, attemptId: "a1", worker: "w1", intend: () => undefined });
    expect(delivered).toEqual(["w1 a1"]);
  });
});

describe("reports", () => {
  it("tell the engine of attempts in their order, and of free workers", async () => {
    const { reports, w1 } = benchOf();
    ready(w1);
    w1.take(attemptOf({ phase: "typed" }));
    w1.delivered();
    w1.accepted("signal", "it took it");
    w1.asks("May I?", "signal", "asks");
    w1.answered("signal", "goes on");
    await w1.end({ kind: "cancelled" }, "signal", "stopped");
    expect(reports.map(({ kind }) => kind)).toEqual([
      "free",
      "accepted",
      "asks",
      "answered",
      "free",
      "ended",
      "free",
    ]);
    expect(reports.every(({ worker }) => worker === "w1")).toBe(true);
  });

  it("say nothing to the engine of a question outside any task", () => {
    const { reports, w1 } = benchOf();
    ready(w1);
    reports.length = 0;
    w1.asks("Do you trust this folder?", "screen", "a dialog");
    expect(reports).toEqual([]);
  });

  it("hand a person's usage on", () => {
    const { reports, w1 } = benchOf();
    const folder = mkdtempSync(join(tmpdir(), "ctm-local-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const recordPath = join(folder, "rehearsal-s1.jsonl");
    const turn = {
      id: "r1",
      session: "s1",
      model: "sonnet",
      input: 7,
      output: 0,
      cacheRead: 0,
      cacheWrite: 0,
    };
    writeFileSync(recordPath, `${formatRehearsalRecord({ ...turn, at: 0 })}\n`);
    w1.remember({ launchDir: folder, sessionId: "s1", recordPath });
    reports.length = 0;
    w1.bookPersonsUsage();
    expect(reports).toMatchObject([{ kind: "foreign-usage", worker: "w1", records: [{ key: "r1" }] }]);
  });
});

describe("interrupting", () => {
  it("presses the agent's own key, and its end is cancelled", async () => {
    const { distributor, terminal, reports, w1 } = benchOf();
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("busy");
    await distributor.interrupt("w1", "a1");
    expect(terminal.keys).toEqual(["Escape"]);
    expect(reports.filter(({ kind }) => kind === "ended")).toEqual([]);
    await w1.look(w1.adapter.readScreen(rehearsalScreen("idle", { interrupted: true })));
    expect(reports.find(({ kind }) => kind === "ended")).toMatchObject({ outcome: { kind: "cancelled" } });
  });

  it("asked again it presses again only while the agent works on", async () => {
    const { distributor, terminal, reports, w1 } = benchOf();
    w1.take(attemptOf());
    for (const [screen, keys] of [
      [rehearsalScreen("busy"), ["Escape"]],
      [rehearsalScreen("busy"), ["Escape", "Escape"]],
      [rehearsalScreen("idle"), ["Escape", "Escape"]],
      [rehearsalScreen("idle", { interrupted: true }), ["Escape", "Escape"]],
    ] as const) {
      terminal.screen = screen;
      await distributor.interrupt("w1", "a1");
      expect(terminal.keys).toEqual(keys);
    }
    expect(reports.find(({ kind }) => kind === "ended")).toMatchObject({ outcome: { kind: "cancelled" } });
  });

  it("presses nothing while the task is not typed: its delivery sees to it", async () => {
    const { distributor, terminal, w1 } = benchOf();
    w1.take(attemptOf({ phase: "preparing" }));
    await distributor.interrupt("w1", "a1");
    expect([terminal.keys, w1.attempt?.cancelling]).toEqual([[], true]);
  });

  it.each([
    ["w1", "a2"],
    ["w2", "a1"],
    ["w9", "a1"],
  ])("refuses for %s and %s: it is not in hand there", async (worker, attemptId) => {
    const { distributor, terminal, w1 } = benchOf();
    w1.take(attemptOf());
    await expect(distributor.interrupt(worker, attemptId)).rejects.toThrow(/does not have this attempt/);
    expect([terminal.keys, w1.attempt?.cancelling]).toEqual([[], false]);
  });

  it("at a task's cap stops its agent and keeps the attempt in hand, also while its screen shows it busy", async () => {
    const { distributor, terminal, reports, w1 } = benchOf();
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("busy");
    void distributor.halt("w1", "a1");
    await vi.waitFor(() => expect(terminal.keys).toEqual(["Escape"]));
    await w1.look(w1.adapter.readScreen(rehearsalScreen("busy")));
    await w1.look(w1.adapter.readScreen(rehearsalScreen("idle", { interrupted: true })));
    await w1.see(
      { kind: "turn-failed", failure: "interrupted", message: "stopped", resetsAtMs: null },
      "signal",
      "hook",
    );
    expect(w1.state).toMatchObject({
      name: "limited",
      message: expect.stringContaining("task 1 is over its cap"),
    });
    expect(w1.attempt).toMatchObject({ id: "a1", phase: "parked", capped: true });
    expect(reports.filter(({ kind }) => kind === "ended" || kind === "accepted")).toEqual([]);
    await w1.see({ kind: "turn-ended", sessionId: null, recordPath: null, answer: "done" }, "signal", "hook");
    await vi.waitFor(() => expect(reports.some(({ kind }) => kind === "ended")).toBe(true), 10_000);
  });

  it("at a task's cap presses nothing where its agent does not work, nor for another attempt", async () => {
    const { distributor, terminal, w1 } = benchOf();
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("idle");
    await distributor.halt("w1", "a9");
    expect(w1.state.name).toBe("busy");
    await distributor.halt("w1", "a1");
    expect([terminal.keys, w1.state.name]).toEqual([[], "limited"]);
  });

  it("presses again where the first press was not taken, and ends no session that stops then", async () => {
    const { distributor, terminal, reports, restarted, w1 } = benchOf();
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("busy");
    await distributor.interrupt("w1", "a1");
    await vi.advanceTimersByTimeAsync(10_000);
    expect([terminal.keys, restarted]).toEqual([["Escape", "Escape"], []]);
    await w1.look(w1.adapter.readScreen(rehearsalScreen("idle", { interrupted: true })));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([terminal.keys.length, restarted]).toEqual([2, []]);
    expect(reports.find(({ kind }) => kind === "ended")).toMatchObject({ outcome: { kind: "cancelled" } });
  });

  it("ends the session of an agent that does not stop", async () => {
    const { distributor, terminal, reports, restarted, w1 } = benchOf();
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("busy");
    await distributor.interrupt("w1", "a1");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(restarted).toEqual(["w1"]);
    expect(reports.find(({ kind }) => kind === "ended")).toMatchObject({ outcome: { kind: "cancelled" } });
  });

  it("leaves an adopted session that does not stop to its person", async () => {
    const { distributor, terminal, restarted, w1 } = benchOf(true);
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("busy");
    await distributor.interrupt("w1", "a1");
    await vi.advanceTimersByTimeAsync(20_000);
    expect([restarted, w1.state.name]).toEqual([[], "needs-input"]);
  });

  it("ends nobody's session for an attempt that ended meanwhile", async () => {
    const { distributor, terminal, restarted, w1 } = benchOf();
    w1.take(attemptOf());
    terminal.screen = rehearsalScreen("busy");
    await distributor.interrupt("w1", "a1");
    await w1.end({ kind: "cancelled" }, "signal", "it stopped");
    w1.take(attemptOf({ id: "a2" }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restarted).toEqual([]);
  });
});
