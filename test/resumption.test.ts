/** The limit drill on the real engine: what an account that lets nothing through does to tasks, queue and workers. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EngineBench, type BenchOptions } from "./support/engine-bench.ts";

const HOUR = 3_600_000;
const DONE = { kind: "completed", exitCode: null, answer: "done" } as const;
let made: EngineBench[] = [];

function benchOf(options: BenchOptions = {}): EngineBench {
  const bench = new EngineBench(options);
  made.push(bench);
  return bench;
}

/** Time passes for the engine and for its timers alike. */
async function pass(bench: EngineBench, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    bench.nowMs += Math.min(1_000, left);
    await vi.advanceTimersByTimeAsync(Math.min(1_000, left));
  }
}

const quota = (bench: EngineBench, inMs = HOUR) => ({
  cause: "quota-exhausted" as const,
  message: "You've hit your 5-hour limit",
  resetsAtMs: bench.nowMs + inMs,
});

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => {
  for (const bench of made) bench.close();
  made = [];
  vi.useRealTimers();
});

describe("an account at its limit", () => {
  it("parks three running tasks and holds back the queue; all go on after the reset, each told once", async () => {
    const bench = benchOf({ workers: ["w1", "w2", "w3"] });
    const running = [await bench.running("one"), await bench.running("two"), await bench.running("three")];
    for (let n = 0; n < 20; n += 1) bench.add(`queued ${n}`);
    for (const { attemptId } of running) bench.distributor.limited(attemptId, quota(bench));
    expect(running.map(({ task }) => bench.task(task.id).state.name)).toEqual(["parked", "parked", "parked"]);
    expect(bench.ledger.tasks.counts().get("queued")).toBe(20);
    // The room it was given stays its own.
    expect(running.every(({ attemptId }) => bench.throttle.held(attemptId).tokens > 0)).toBe(true);
    await pass(bench, HOUR);
    expect(bench.distributor.resumed).toEqual([]);
    await pass(bench, 60_000);
    expect(bench.distributor.resumed).toEqual(running.map(({ attemptId }) => attemptId));
    expect(running.map(({ task }) => bench.task(task.id))).toMatchObject(
      running.map(() => ({ attempts: 1, state: { name: "running" } })),
    );
    await pass(bench, HOUR);
    expect(bench.distributor.resumed).toHaveLength(3);
    for (const { attemptId } of running) bench.distributor.ended(attemptId, DONE);
    expect(running.map(({ task }) => bench.task(task.id).state.name)).toEqual(Array(3).fill("completed"));
    expect(bench.accounts.parkOf("claude")).toBeNull();
  });

  it("holds back its own workers, and no others", async () => {
    const bench = benchOf({ workers: ["w1", "w2", "w3"] });
    bench.accountOfWorker.set("w3", "work");
    const { attemptId } = await bench.running("one", { worker: "w1" });
    bench.distributor.limited(attemptId, quota(bench));
    bench.add("two");
    bench.add("three", { worker: "w2" });
    await bench.pass();
    expect(bench.distributor.orders.map(({ worker }) => worker)).toEqual(["w3"]);
    const why = bench.engine.whyDeferred(bench.task(3), [
      { worker: "w2", agent: "claude", model: null, because: "" },
    ]);
    expect(why).toMatchObject({
      reason: "account claude is parked: You've hit your 5-hour limit",
      untilMs: bench.nowMs + HOUR,
    });
  });

  it("is parked again, for as long, when the limit still stands after the reset", async () => {
    const bench = benchOf();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    await pass(bench, HOUR + 60_000);
    bench.distributor.limited(attemptId, quota(bench, 2 * HOUR));
    expect(bench.task(task.id)).toMatchObject({ attempts: 1, state: { name: "parked" } });
    await pass(bench, 2 * HOUR + 60_000);
    expect(bench.distributor.resumed).toEqual([attemptId, attemptId]);
    expect(bench.task(task.id).state.name).toBe("running");
  });

  it("is not resumed while a person paused the dispatch; `resume` does it", async () => {
    const bench = benchOf();
    const { attemptId } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    bench.ledger.settings.set("paused", "lunch");
    await pass(bench, 2 * HOUR);
    expect(bench.distributor.resumed).toEqual([]);
    bench.ledger.settings.set("paused", null);
    bench.engine.resumeParked();
    await pass(bench, 60_000);
    expect(bench.distributor.resumed).toEqual([attemptId]);
  });

  it("is not resumed where that is switched off, and its queue moves all the same", async () => {
    const bench = benchOf();
    bench.autoResume = false;
    bench.crash();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    await pass(bench, 2 * HOUR);
    bench.add("two");
    await bench.pass();
    expect(bench.distributor.resumed).toEqual([]);
    expect(bench.task(task.id).state.name).toBe("parked");
    expect(bench.distributor.orders).toHaveLength(1);
  });

  it("without credit waits for a person: `accounts free` lets it go on", async () => {
    const bench = benchOf();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, { cause: "out-of-credit", message: "no credit", resetsAtMs: null });
    await pass(bench, 50 * HOUR);
    expect(bench.distributor.resumed).toEqual([]);
    expect(bench.accounts.free("claude")).toBe(true);
    expect(bench.accounts.free("claude")).toBe(false);
    await pass(bench, 60_000);
    expect(bench.task(task.id).state.name).toBe("running");
  });

  it("that a person says is free is held back by nothing its provider said before, also after a new start", async () => {
    const bench = benchOf();
    const full = {
      window: "five_hour",
      usedPermille: 1_000,
      resetsAtMs: bench.nowMs + HOUR,
      seenAtMs: bench.nowMs,
    };
    bench.accounts.sawWindow("claude", full);
    const { attemptId } = await bench.running("urgent", { priority: "critical" });
    bench.distributor.limited(attemptId, quota(bench));
    bench.add("plain");
    await bench.pass();
    expect(bench.distributor.sent).toEqual([1]);
    expect(bench.accounts.free("claude")).toBe(true);
    expect([bench.accounts.windows("claude"), bench.accounts.heldBack("claude", "low")]).toEqual([[], null]);
    // The same line is read again from the record, and tells of the time before.
    bench.distributor.report({ kind: "windows", worker: "w1", windows: [full] });
    bench.crash();
    bench.accounts.sawWindow("claude", full);
    expect(bench.accounts.heldBack("claude", "low")).toBeNull();
    await bench.pass();
    expect(bench.distributor.sent).toEqual([1, 2]);
    // What it says afterwards counts.
    bench.nowMs += 1_000;
    bench.accounts.sawWindow("claude", { ...full, seenAtMs: bench.nowMs });
    expect(bench.accounts.heldBack("claude", "normal")).toMatchObject({ untilMs: full.resetsAtMs });
    // A window alone, without a park, is a person's to lift as well; with nothing said there is nothing to lift.
    expect([bench.accounts.free("claude"), bench.accounts.free("claude")]).toEqual([true, false]);
  });

  it("is told of its windows by what its agent records; an older word changes nothing", async () => {
    const bench = benchOf();
    const said = (usedPermille: number, seenAtMs: number | null) =>
      bench.distributor.report({
        kind: "windows",
        worker: "w1",
        windows: [{ window: "seven_day", usedPermille, resetsAtMs: null, seenAtMs }],
      });
    said(500, bench.nowMs - 10);
    said(400, bench.nowMs - 20);
    expect(bench.accounts.windows("claude")).toMatchObject([{ usedPermille: 500 }]);
    // A clock that is ahead of ours is not believed.
    said(600, bench.nowMs + 99 * HOUR);
    expect(bench.accounts.windows("claude")).toMatchObject([{ usedPermille: 600, seenAtMs: bench.nowMs }]);
  });

  it("whose agent goes on by itself is not told; one that does not keep its promise is, later", async () => {
    const bench = benchOf();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    const later = { kind: "later", reason: "its agent says that it goes on by itself" } as const;
    bench.distributor.resumeResults.push(later, later, { kind: "goes-on" });
    await pass(bench, HOUR + 5 * 60_000);
    expect(bench.distributor.resumed).toHaveLength(3);
    expect(bench.task(task.id).state.name).toBe("running");
    expect(bench.ledger.attempts.byId(attemptId)?.resume_mark).toBeNull();
  });

  it("that a person freed is not waited for any longer, whatever its agent promised", async () => {
    const bench = benchOf();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    bench.distributor.resumeResults.push({ kind: "later", reason: "its agent goes on by itself" });
    await pass(bench, HOUR + 10_000);
    expect(bench.distributor.insisted).toEqual([false]);
    // It is parked no more, but a later look is planned: a word of the person comes before that.
    bench.accounts.park("claude", quota(bench));
    expect(bench.accounts.free("claude")).toBe(true);
    await pass(bench, 10_000);
    expect(bench.distributor.insisted).toEqual([false, true]);
    expect(bench.task(task.id).state.name).toBe("running");
  });

  it("outside of any task is parked as well", async () => {
    const bench = benchOf();
    bench.distributor.report({ kind: "limited", worker: "w1", attemptId: null, reason: quota(bench) });
    bench.add("one");
    await bench.pass();
    expect(bench.distributor.orders).toEqual([]);
    expect(bench.factsOf("account-parked")).toMatchObject([{ account: "claude", cause: "quota-exhausted" }]);
  });

  it("that is known to be nearly used up lets only the urgent go", async () => {
    const bench = benchOf();
    bench.reservePercent = 20;
    const window = {
      window: "five_hour",
      usedPermille: 770,
      resetsAtMs: bench.nowMs + HOUR,
      seenAtMs: bench.nowMs,
    };
    bench.accounts.sawWindow("claude", window);
    bench.add("plain");
    bench.add("urgent", { priority: "high" });
    await bench.pass();
    expect(bench.distributor.sent).toEqual([2]);
    bench.nowMs += HOUR;
    await bench.pass();
    expect(bench.distributor.sent).toEqual([2, 1]);
  });
});

describe("a crash", () => {
  it("while it is parked forgets nothing: it goes on at the reset", async () => {
    const bench = benchOf();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    bench.crash();
    expect(bench.accounts.parkOf("claude")).toMatchObject({ cause: "quota-exhausted" });
    bench.engine.takeUpAgain(bench.task(task.id));
    bench.engine.resumeParked();
    await pass(bench, HOUR + 60_000);
    expect(bench.distributor.resumed).toEqual([attemptId]);
  });

  it("after it was told is known by the mark on its pane: it is not told again", async () => {
    const bench = benchOf();
    const { attemptId, task } = await bench.running("one");
    bench.distributor.limited(attemptId, quota(bench));
    bench.ledger.attempts.intendResume(attemptId, attemptId);
    bench.crash();
    bench.engine.takeUpAgain(bench.task(task.id), true);
    await pass(bench, 2 * HOUR);
    expect(bench.distributor.resumed).toEqual([]);
    expect(bench.task(task.id).state.name).toBe("running");
  });
});
