import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { agentAdapter } from "../../src/agents/agents.ts";
import { workersMax } from "../../src/base/limits.ts";
import type { WorkerRecord } from "../../src/ledger/worker-rows.ts";
import { Launching } from "../../src/workers/launching.ts";
import { WorkerPool } from "../../src/workers/pool.ts";
import type { Worker } from "../../src/workers/worker.ts";
import { rehearsalScreen, ScriptedTerminal } from "../support/scripted-terminal.ts";
import { workerRecordOf } from "../support/worker-bench.ts";

const WISH = { model: "sonnet", cwd: "/tmp" };
const RELAUNCH = { model: "opus", cwd: "/tmp", resumeSessionId: null };
const RULES = { firstDelayMs: 1_000, maxDelayMs: 10_000, maxInRow: 3 };

class PoolBench {
  readonly folder = mkdtempSync(join(tmpdir(), "ctm-pool-"));
  readonly terminal = new ScriptedTerminal();
  readonly saved = new Map<string, WorkerRecord>();
  readonly removed: string[] = [];
  /** Signals of the first worker that lie in the spool, unread. */
  readonly unread: { event: string; payload: Record<string, unknown> }[] = [];
  readonly troubles: string[] = [];
  readonly news: string[] = [];
  readonly launching: Launching;
  readonly pool: WorkerPool;

  constructor(sleepAfterMs: number | null = null) {
    const workersDir = join(this.folder, "workers");
    mkdirSync(workersDir);
    this.launching = new Launching({
      workersDir,
      spoolDir: this.folder,
      hookScript: join(this.folder, "hook.sh"),
      cols: 80,
      rows: 24,
      baseEnv: { PATH: "/usr/bin:/bin" },
      settings: () => ({ command: [process.execPath], permissionMode: null, env: {} }),
    });
    this.pool = new WorkerPool({
      launching: this.launching,
      restart: RULES,
      sleepAfterMs,
      adapter: agentAdapter,
      terminal: async () => this.terminal.terminal,
      trouble: (error) => this.troubles.push(error instanceof Error ? error.message : String(error)),
      saved: (record) => this.saved.set(record.name, record),
      removed: (name) => this.removed.push(name),
      signalsRead: async () => {
        for (const { event, payload } of this.unread.splice(0)) await this.signal("w1", event, payload);
      },
    });
    this.pool.onNews((worker, news) => this.news.push(`${worker.name} ${news.kind}`));
  }

  /** A worker that is idle in its pane. */
  async idle(agent = "rehearsal") {
    const [worker] = await this.pool.spawn(agent, 1, WISH);
    if (worker === undefined) throw new Error("nothing was spawned");
    await this.signal(worker.name, "SessionStart");
    return worker;
  }

  async signal(name: string, event: string, payload: Record<string, unknown> = {}): Promise<void> {
    const launchId = this.pool.find(name).record.launchId ?? "";
    await this.pool.signal({ launchId, event, atMs: 0, payload });
  }

  /** From now on no launch folder can be made. Returns how to let them be made again. */
  noFolders(): () => void {
    const workersDir = join(this.folder, "workers");
    rmSync(workersDir, { recursive: true });
    writeFileSync(workersDir, "no folder");
    return () => {
      rmSync(workersDir);
      mkdirSync(workersDir);
    };
  }

  close(): void {
    this.pool.close();
    rmSync(this.folder, { recursive: true });
  }
}

let bench: PoolBench;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  bench = new PoolBench();
});

afterEach(() => {
  bench.close();
  vi.useRealTimers();
});

describe("names", () => {
  it("are generated, the lowest free number first", async () => {
    await bench.pool.spawn("rehearsal", 3, WISH);
    await bench.pool.kill(bench.pool.find("w2"));
    const [again] = await bench.pool.spawn("rehearsal", 1, WISH);
    expect(again?.name).toBe("concurrent_worker2");
    expect(bench.terminal.started.map(({ name }) => name)).toEqual([
      "concurrent_worker1",
      "concurrent_worker2",
      "concurrent_worker3",
      "concurrent_worker2",
    ]);
  });

  it.each(["w1", "W1", "worker1", "concurrent_worker1", " w1 "])(
    "%j means the first worker",
    async (name) => {
      const worker = await bench.idle();
      expect(bench.pool.find(name)).toBe(worker);
    },
  );

  it("are refused with a clear word when nobody bears them", async () => {
    expect(() => bench.pool.find("w1")).toThrow("there is no worker w1");
    await bench.idle();
    for (const name of ["w2", "worker", "w1x", "1", "w01", ""])
      expect(() => bench.pool.find(name)).toThrow(/there is no/);
  });

  it("go to no more workers than are allowed", async () => {
    await expect(bench.pool.spawn("rehearsal", workersMax + 1, WISH)).rejects.toThrow(/at most/);
    expect(bench.pool.all()).toEqual([]);
  });
});

describe("signals", () => {
  it("reach the worker of their launch; those of an older launch concern nobody", async () => {
    const worker = await bench.idle();
    const before = worker.record.launchId ?? "";
    await bench.pool.restart(worker);
    expect(worker.record.launchId).not.toBe(before);
    await bench.pool.signal({ launchId: before, event: "SessionStart", atMs: 0, payload: {} });
    expect(worker.state.name).toBe("starting");
    await bench.signal("w1", "SessionStart");
    expect(worker.state.name).toBe("idle");
  });
});

describe("a worker that dies", () => {
  it("is started again, later each time, and not for ever", async () => {
    const worker = await bench.idle();
    for (const delayMs of [1_000, 2_000, 4_000]) {
      const before = Date.now();
      await worker.died("its pane was closed", null);
      const { restartAtMs } = worker.state as { restartAtMs: number };
      expect(restartAtMs - delayMs).toBeGreaterThanOrEqual(before);
      expect(restartAtMs - delayMs).toBeLessThanOrEqual(Date.now());
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(worker.state.name).toBe("dead");
      await vi.advanceTimersByTimeAsync(1);
      expect(worker.state.name).toBe("starting");
    }
    await worker.died("its pane was closed", null);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(worker.state).toMatchObject({ name: "dead", restartAtMs: null });
    expect(bench.troubles).toEqual([expect.stringMatching(/died 4 times in a row .* its pane was closed/)]);
  });

  it("is tried again when its start fails", async () => {
    const worker = await bench.idle();
    bench.terminal.startFails = new Error("no server");
    await worker.died("its tmux server ended", null);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(worker.state).toMatchObject({ name: "dead", reason: expect.stringContaining("no server") });
    bench.terminal.startFails = null;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(worker.state.name).toBe("starting");
  });

  it("is given up, and says so, when its start fails over and over before it has begun", async () => {
    const worker = await bench.idle();
    bench.noFolders();
    await worker.died("its pane was closed", null);
    for (const delayMs of [1_000, 2_000, 4_000]) {
      expect(worker.state).toMatchObject({ name: "dead", restartAtMs: expect.any(Number) });
      await vi.advanceTimersByTimeAsync(delayMs);
    }
    expect(worker.state).toMatchObject({ name: "dead", restartAtMs: null });
    expect(bench.troubles.at(-1)).toMatch(/died 4 times in a row and stays dead/);
  });

  describe.each([
    ["a start for another model", (worker: Worker) => bench.launching.relaunch(worker, RELAUNCH)],
    ["a restart by a person", (worker: Worker) => bench.pool.restart(worker)],
    ["a start after its agent was gone", (worker: Worker) => bench.pool.revive(worker.name)],
  ])("by %s that fails", (_what, startAgain) => {
    it("is started again by plan", async () => {
      const worker = await bench.idle();
      const foldersAgain = bench.noFolders();
      await expect(startAgain(worker)).rejects.toThrow(/cannot be/);
      expect(worker.state).toMatchObject({
        name: "dead",
        reason: expect.stringMatching(/^its agent could not be started: /),
        restartAtMs: expect.any(Number),
      });
      foldersAgain();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(worker.state.name).toBe("starting");
      await bench.signal("w1", "SessionStart");
      expect(worker.state.name).toBe("idle");
    });

    it("is given up at the limit, and says so", async () => {
      const worker = await bench.idle();
      bench.noFolders();
      await expect(startAgain(worker)).rejects.toThrow();
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect(worker.state).toMatchObject({ name: "dead", restartAtMs: null });
      expect(bench.troubles.at(-1)).toMatch(/died 4 times in a row and stays dead .* could not be started/);
    });
  });

  it("is ended and started again where the end of its agent failed", async () => {
    const worker = await bench.idle();
    bench.terminal.killFails = new Error("no answer");
    await expect(bench.launching.relaunch(worker, RELAUNCH)).rejects.toThrow("no answer");
    expect(worker.state).toMatchObject({
      name: "dead",
      reason: "its agent could not be ended: no answer",
      restartAtMs: expect.any(Number),
    });
    bench.terminal.killFails = null;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(worker.state.name).toBe("starting");
  });

  it("begins a new row with work that was done", async () => {
    const worker = await bench.idle();
    await worker.died("crash", null);
    await vi.advanceTimersByTimeAsync(1_000);
    await bench.signal("w1", "SessionStart");
    worker.take({
      id: "a1",
      taskId: 1,
      paste: "x",
      phase: "accepted",
      marks: new Map(),
      cancelling: false,
      capped: false,
      question: null,
    });
    await worker.end({ kind: "cancelled" }, "signal", "done");
    await worker.died("crash", null);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(worker.state.name).toBe("starting");
  });

  it.each(["draining", "adopted"] as const)("is left alone when it is %s", async (why) => {
    const worker = await bench.idle();
    worker.remember({ [why]: true });
    await worker.died("its pane was closed", null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(worker.state.name).toBe("dead");
  });

  it("is found by its pane: gone, or another program's", async () => {
    const worker = await bench.idle();
    await bench.pool.checkAlive(worker);
    expect(worker.state.name).toBe("idle");
    if (worker.pane !== null) bench.terminal.closePane(worker.pane);
    await bench.pool.windowClosed(bench.terminal.terminal);
    expect(worker.state).toMatchObject({ name: "dead", reason: "its pane was closed" });
  });

  it("dies with its server, and only with its own", async () => {
    const worker = await bench.idle();
    await bench.pool.serverGone(new ScriptedTerminal().terminal);
    expect(worker.state.name).toBe("idle");
    await bench.pool.serverGone(bench.terminal.terminal);
    expect(worker.state).toMatchObject({ name: "dead", reason: "its tmux server ended" });
  });
});

describe("an attempt in a pane that was closed", () => {
  const inHand = {
    id: "a1",
    taskId: 1,
    paste: "x",
    phase: "accepted",
    marks: new Map(),
    cancelling: false,
    capped: false,
    question: null,
  } as const;

  it.each([
    ["was told by its agent", "exited", { exitCode: 3 }, { kind: "failed", exitCode: 3 }],
    ["was completed", "Stop", { last_assistant_message: "done" }, { kind: "completed", answer: "done" }],
    ["is not told", null, {}, { kind: "lost" }],
  ] as const)("ends as it %s, whichever is seen first", async (_how, event, payload, outcome) => {
    for (const first of ["signal", "window", "server"] as const) {
      const worker = await bench.idle();
      const ends: unknown[] = [];
      bench.pool.onNews((_worker, news) => news.kind === "ended" && ends.push(news.outcome));
      worker.take({ ...inHand, marks: new Map() });
      worker.delivered();
      if (worker.pane !== null) bench.terminal.closePane(worker.pane);
      if (event !== null) bench.unread.push({ event, payload });
      if (first === "signal" && event !== null) await bench.signal("w1", event, bench.unread.pop()?.payload);
      if (first === "server") await bench.pool.serverGone(bench.terminal.terminal);
      else await bench.pool.windowClosed(bench.terminal.terminal);
      expect(ends, first).toEqual([expect.objectContaining(outcome)]);
      bench.close();
      bench = new PoolBench();
    }
  });
});

describe("what a person does with a worker", () => {
  it("restart: its task is lost, its agent new, its draining over", async () => {
    const worker = await bench.idle();
    worker.take({
      id: "a1",
      taskId: 1,
      paste: "x",
      phase: "accepted",
      marks: new Map(),
      cancelling: false,
      capped: false,
      question: null,
    });
    worker.remember({ draining: true });
    await bench.pool.restart(worker);
    expect(bench.news).toContain("concurrent_worker1 ended");
    expect(bench.terminal.killed).toEqual(["concurrent_worker1"]);
    expect([worker.state.name, worker.record.draining, worker.attempt]).toEqual(["starting", false, null]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.terminal.started).toHaveLength(2);
  });

  it("kill: it is gone from the pool and from the ledger, and is not started again", async () => {
    const worker = await bench.idle();
    await bench.pool.kill(worker);
    expect([bench.pool.all(), bench.removed, bench.terminal.killed]).toEqual([
      [],
      ["concurrent_worker1"],
      ["concurrent_worker1"],
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.terminal.started).toHaveLength(1);
  });
});

describe("adopted sessions", () => {
  const session = (change: Partial<WorkerRecord> = {}): WorkerRecord =>
    workerRecordOf({
      name: "adopted-mine",
      adopted: true,
      tmuxSocket: "",
      session: "mine",
      launchId: null,
      launchDir: join(bench.folder, "adopted"),
      pane: JSON.stringify(bench.terminal.openPane()),
      ...change,
    });

  it("are looked at, and idle when their screen is", async () => {
    const worker = await bench.pool.adopt(session());
    expect([worker.name, worker.free]).toEqual(["adopted-mine", true]);
    expect(bench.saved.get("adopted-mine")).toMatchObject({ session: "mine" });
  });

  it("are never ended by us: a kill lets go, a restart is refused", async () => {
    const worker = await bench.pool.adopt(session());
    await expect(bench.pool.restart(worker)).rejects.toThrow(/was adopted/);
    await bench.pool.kill(worker);
    expect([bench.terminal.killed, bench.terminal.unpiped.length, bench.pool.all()]).toEqual([[], 1, []]);
  });

  it("are adopted once, and never under a name that is taken", async () => {
    await bench.idle();
    const first = await bench.pool.adopt(
      session({ name: "concurrent_worker1", session: "concurrent_worker1" }),
    );
    expect(first.name).toBe("concurrent_worker2");
    await expect(bench.pool.adopt(session({ session: "concurrent_worker1" }))).rejects.toThrow(
      /is concurrent_worker2 already/,
    );
  });

  it("are let go at a start when they are gone", async () => {
    const record = session({ pane: JSON.stringify({ ...JSON.parse(session().pane ?? ""), panePid: 1 }) });
    expect(await bench.pool.restore(record)).toBe(false);
    await bench.pool.revive(record.name);
    expect([bench.pool.all(), bench.terminal.started]).toEqual([[], []]);
  });

  it("show what they do at the slow sweep", async () => {
    const worker = await bench.pool.adopt(session());
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.pool.sweep();
    expect(worker.state).toMatchObject({ name: "busy", attemptId: null });
  });
});

describe("the slow sweep", () => {
  it("asks once for all workers, and looks closer only where a pane is gone", async () => {
    const workers = await bench.pool.spawn("rehearsal", 20, WISH);
    bench.terminal.looks = 0;
    await bench.pool.sweep();
    expect([bench.terminal.sweeps, bench.terminal.looks]).toEqual([1, 0]);
    const [first] = workers;
    if (first?.pane == null) throw new Error("it has no pane");
    bench.terminal.closePane(first.pane);
    await bench.pool.sweep();
    expect(workers.filter(({ state }) => state.name === "dead")).toEqual([first]);
  });
});

describe("a worker that may sleep", () => {
  async function sleeper() {
    bench.close();
    bench = new PoolBench(0);
    const worker = await bench.idle();
    worker.remember({ sessionId: "s1", lastType: "coding" });
    bench.terminal.screen = rehearsalScreen("idle");
    return worker;
  }

  it("has its session stopped, stays idle and free, and is not looked for any more", async () => {
    const worker = await sleeper();
    await bench.pool.sweep();
    await bench.pool.sweep();
    expect([worker.asleep, worker.free, worker.pane, worker.state.name]).toEqual([true, true, null, "idle"]);
  });

  it("is left alone under a person's eyes and with a draft in it", async () => {
    const worker = await sleeper();
    bench.terminal.personAtKeyboard = true;
    await bench.pool.sweep();
    bench.terminal.personAtKeyboard = false;
    bench.terminal.screen = rehearsalScreen("idle", { composer: "half a sentence" });
    await bench.pool.sweep();
    expect([worker.asleep, worker.pane === null]).toEqual([false, false]);
  });

  it("stays withheld for a reason that came while it fell asleep", async () => {
    const worker = await sleeper();
    const stop = bench.launching.stop.bind(bench.launching);
    vi.spyOn(bench.launching, "stop").mockImplementation(async (stopped) => {
      await stop(stopped);
      stopped.withhold("its conversation is to be compacted");
    });
    await bench.pool.sweep();
    expect([worker.asleep, worker.withheld]).toEqual([true, "its conversation is to be compacted"]);
  });
});

describe("a start of the manager", () => {
  it("finds workers in their panes, and starts the others again under their names", async () => {
    const alive = workerRecordOf({ pane: JSON.stringify(bench.terminal.openPane()) });
    const gone = workerRecordOf({ name: "concurrent_worker2", session: "concurrent_worker2", pane: null });
    expect(await bench.pool.restore(alive)).toBe(true);
    expect(await bench.pool.restore(gone)).toBe(false);
    await bench.pool.revive("concurrent_worker2");
    expect(bench.pool.all().map(({ name, state }) => [name, state.name])).toEqual([
      ["concurrent_worker1", "starting"],
      ["concurrent_worker2", "starting"],
    ]);
    expect(bench.terminal.started.map(({ name }) => name)).toEqual(["concurrent_worker2"]);
  });

  it("takes a start that was answered with a failure, and done all the same, for a start", async () => {
    bench.terminal.answerLost = new Error("the connection was lost");
    const [worker] = await bench.pool.spawn("rehearsal", 1, WISH);
    expect(worker?.state.name).toBe("starting");
    expect(worker?.pane).toEqual([...bench.terminal.leftBehind.values()][0]);
  });

  it("starts a worker once that a person restarts, however long its end takes", async () => {
    const worker = await bench.idle();
    const kill = bench.terminal.killSession.bind(bench.terminal);
    bench.terminal.killSession = async (name, pane) => {
      await vi.advanceTimersByTimeAsync(60_000);
      return kill(name, pane);
    };
    await bench.pool.restart(worker);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.terminal.started).toHaveLength(2);
  });

  it("ends a session of a worker whose pane was never known when a person restarts it", async () => {
    const worker = await bench.idle();
    const pane = bench.terminal.openPane();
    const launch = worker.record.launchDir?.split("/").at(-1) ?? "";
    bench.terminal.leftBehind.set(`concurrent_worker1 ${launch}`, pane);
    worker.remember({ pane: null });
    await bench.pool.restart(worker);
    expect(bench.terminal.killed).toEqual(["concurrent_worker1"]);
  });

  it("takes a session up that was started when the manager was killed before it could write it down", async () => {
    const pane = bench.terminal.openPane();
    bench.terminal.leftBehind.set("concurrent_worker1 launch-1", pane);
    expect(await bench.pool.restore(workerRecordOf({ launchDir: "/state/launch-1" }))).toBe(true);
    expect(bench.pool.find("w1").pane).toEqual(pane);
    expect(JSON.parse(bench.saved.get("concurrent_worker1")?.pane ?? "")).toEqual(pane);
    expect([bench.terminal.started, bench.terminal.killed]).toEqual([[], []]);
  });

  it("ends a session that was to end when the manager was killed, before its worker starts anew", async () => {
    bench.terminal.leftBehind.set("concurrent_worker1 launch-1", bench.terminal.openPane());
    const record = workerRecordOf({ launchDir: "/state/launch-1", launchId: null });
    expect(await bench.pool.restore(record)).toBe(false);
    expect(bench.terminal.killed).toEqual(["concurrent_worker1"]);
  });

  it("leaves a session alone that bears a worker's name and that it does not know, and tells of it", async () => {
    bench.terminal.strays = ["concurrent_worker1", "somebody's own"];
    const worker = await bench.idle();
    expect(worker.name).toBe("concurrent_worker2");
    expect(bench.troubles.join()).toMatch(/concurrent_worker1 belongs to no worker of this ledger/);
    expect(bench.terminal.killed).toEqual([]);
  });

  it("leaves everything in its panes when it ends", async () => {
    const worker = await bench.idle();
    bench.pool.close();
    await worker.died("its pane was closed", null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([bench.terminal.killed, bench.terminal.started.length]).toEqual([[], 1]);
  });
});
