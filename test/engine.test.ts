import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import { readyWindowMax } from "../src/base/limits.ts";
import type { Outcome } from "../src/tasks/task.ts";
import { draftOf } from "./support/drafts.ts";
import { EngineBench, MODEL_USD_PER_MILLION, recordOf, type BenchOptions } from "./support/engine-bench.ts";
import { EngineHistory, steps, type Seen } from "./support/engine-history.ts";

const DONE: Outcome = { kind: "completed", exitCode: null, answer: "done" };
const FAILED: Outcome = { kind: "failed", reason: "overloaded: try later", exitCode: null };
const CANCELLED: Outcome = { kind: "cancelled" };
const LOST: Outcome = { kind: "lost", reason: "its pane was closed" };
const NANO_A_TOKEN = MODEL_USD_PER_MILLION * 1_000;

let benches: EngineBench[] = [];

function benchOf(options: BenchOptions = {}): EngineBench {
  const bench = new EngineBench(options);
  benches.push(bench);
  return bench;
}

afterEach(() => {
  for (const bench of benches) bench.close();
  benches = [];
  vi.useRealTimers();
});

describe("the order of the queue (G10)", () => {
  it("sends by priority, then first come first served", async () => {
    const bench = benchOf({ workers: ["w1", "w2", "w3", "w4", "w5"] });
    for (const priority of ["low", "normal", "critical", "high", "normal", "critical"] as const)
      bench.add("work", { priority });
    expect(await bench.pass()).toEqual([3, 6, 4, 2, 5]);
    expect(bench.state(1)).toBe("queued");
  });

  it("gives a task that is retried its old place in its class", async () => {
    const bench = benchOf({ workers: ["w1"] });
    const order = await bench.running("first");
    bench.add("second");
    bench.distributor.ended(order.attemptId, FAILED);
    bench.engine.retry(1, "again");
    expect(await bench.pass()).toEqual([1]);
  });

  it("does not let later tasks overtake one that waits at a limit, at that limit", async () => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 }, workers: ["w1", "w2", "w3", "w4"] });
    await bench.running("700 tokens");
    bench.add("400 tokens");
    bench.add("100 tokens would fit");
    bench.add("0 tokens in a shell", { agent: "shell" });
    expect(await bench.pass()).toEqual([]);
    bench.distributor.workers.push({ name: "w9", agent: "shell", model: null, attemptId: null });
    expect(await bench.pass()).toEqual([4]);
    bench.distributor.ended(bench.attempt(1), DONE, [recordOf("r1", 100)]);
    expect(await bench.pass()).toEqual([2, 3]);
  });

  it("keeps that order when several passes are asked for at once", async () => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 }, workers: ["w1", "w2"] });
    await bench.running("700 tokens");
    bench.add("400 tokens");
    bench.add("100 tokens", { cwd: "/elsewhere" });
    bench.add("100 tokens", { cwd: "/elsewhere" });
    await Promise.all([bench.engine.distribute(), bench.engine.distribute(), bench.engine.distribute()]);
    expect(bench.distributor.sent).toEqual([1]);
  });

  it("blocks only the limit that is full: those that do not touch it go on", async () => {
    const bench = benchOf({
      limits: { "agent codex tokens/hour": 100 },
      workers: ["w1", "w2:codex:gpt-5", "w3"],
    });
    bench.add("90 tokens", { agent: "codex", model: "gpt-5" });
    expect(await bench.pass()).toEqual([1]);
    bench.distributor.ended(bench.attempt(1), FAILED, [recordOf("r", 90)]);
    bench.add("50 tokens", { agent: "codex", model: "gpt-5" });
    bench.add("50 tokens");
    expect(await bench.pass()).toEqual([3]);
  });

  it("lets a task that only suits a busy worker not keep the others waiting", async () => {
    const bench = benchOf({ workers: ["w1", "w2"] });
    await bench.running("work", { worker: "w1" });
    for (let n = 0; n < 200; n += 1) bench.add("for w1 only", { worker: "w1" });
    bench.add("for anyone");
    expect(await bench.pass()).toEqual([202]);
  });

  it("reads as much of a long queue as of a short one", async () => {
    const rowsRead = async (queued: number): Promise<number> => {
      const bench = new EngineBench();
      bench.engine.submit(Array.from({ length: queued }, (_, n) => draftOf(`10 task ${n}`)));
      const { tasks } = bench.ledger;
      const ready = tasks.ready.bind(tasks);
      let rows = 0;
      vi.spyOn(tasks, "ready").mockImplementation((...asked) => {
        const page = ready(...asked);
        rows += page.length;
        return page;
      });
      expect(await bench.pass()).toEqual([1, 2]);
      bench.close();
      return rows;
    };
    expect(await rowsRead(3_000)).toBe(await rowsRead(30));
  });

  it("gets past any number of tasks that nobody can take", async () => {
    const bench = benchOf({ workers: ["w1"] });
    for (let n = 0; n < 1_500; n += 1) bench.add("no such worker", { agent: "codex", cwd: `/${n % 3}` });
    bench.add("mine");
    expect(await bench.pass()).toEqual([1_501]);
    // Those that need the same are not asked about one by one.
    expect(bench.distributor.asked).toBeLessThan(2 * readyWindowMax);
  });

  it("leaves tasks that a person holds alone, until released", async () => {
    const bench = benchOf();
    const id = bench.add("held", { holdReason: "ask Anna" });
    expect(await bench.pass()).toEqual([]);
    bench.ledger.setHold(id, null);
    expect(await bench.pass()).toEqual([id]);
  });
});

describe("queueing", () => {
  it("queues all of a submission or nothing", () => {
    const bench = benchOf();
    const bad = { ...bench.task(bench.add("good")).draft, priority: "urgent" as "high" };
    expect(() => bench.engine.submit([{ ...bad, priority: "low" }, bad])).toThrow(CtmError);
    expect(bench.states()).toEqual(["queued"]);
  });

  it("tells of a task once, also when its key comes again (G2)", () => {
    const bench = benchOf();
    const first = bench.add("work", { key: "k" });
    expect(bench.add("other words", { key: "k" })).toBe(first);
    expect(bench.factsOf("task-added")).toMatchObject([{ taskId: first, text: "work" }]);
  });
});

describe("dispatch", () => {
  it("reserves before it dispatches: attempt, hold and move are there before anything is typed", async () => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
    const order = await bench.sent("300 tokens");
    expect(bench.task(1)).toMatchObject({ attempts: 1, state: { name: "reserved", worker: "w1" } });
    expect(bench.ledger.spend.openReservations()).toMatchObject([
      { attempt_id: order.attemptId, tokens: 300 },
    ]);
    expect(bench.standing("global tokens/hour")).toEqual({ used: 0, held: 300 });
  });

  it.each([
    ["typed", ["reserved", "dispatching", "dispatched"]],
    ["uncertain", ["reserved", "dispatching", "needs-input"]],
    ["notTyped", ["reserved", "dispatching", "queued"]],
  ] as const)("%s leads where it should", async (how, moves) => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
    const order = await bench.sent("300 tokens");
    order.intend();
    await (how === "typed" ? order.typed() : order[how]("the pane was in a mode"));
    expect(bench.moves(1)).toEqual(moves);
    expect(bench.standing("global tokens/hour").held).toBe(how === "notTyped" ? 0 : 300);
    if (how === "uncertain")
      expect(bench.task(1).state).toMatchObject({ question: "delivery uncertain: the pane was in a mode" });
  });

  it("tries a pane that refuses again, each time later, a minute apart at most", async () => {
    const bench = benchOf({ workers: ["w1"] });
    bench.add("work");
    const waits: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      expect(await bench.pass()).toEqual([1]);
      await bench.distributor.order.notTyped("a person is at its keyboard");
      const { state } = bench.task(1);
      const waitMs = state.name === "queued" ? (state.notBeforeMs ?? 0) - bench.nowMs : -1;
      waits.push(waitMs);
      bench.nowMs += waitMs - 1;
      expect(await bench.pass()).toEqual([]);
      bench.nowMs += 1;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("does not keep others waiting for a task that is being spaced", async () => {
    const bench = benchOf({ workers: ["w1"] });
    await (await bench.sent("first")).notTyped("a draft");
    bench.add("second");
    expect(await bench.pass()).toEqual([2]);
  });

  it.each([
    [false, "queued"],
    [true, "needs-input"],
  ] as const)(
    "a dispatch that breaks, its intent committed: %s, leaves the task %s",
    async (intended, state) => {
      const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
      const order = await bench.sent("300 tokens");
      if (intended) order.intend();
      await order.breaks(new Error("the connection to tmux was closed"));
      expect(bench.state(1)).toBe(state);
      expect(bench.standing("global tokens/hour").held).toBe(intended ? 300 : 0);
      expect(bench.factsOf("trouble")).toHaveLength(1);
    },
  );

  it("takes a sign of acceptance that comes before `typed` was committed as the proof of the typing", async () => {
    const bench = benchOf();
    const order = await bench.sent();
    order.intend();
    bench.distributor.accepted(order.attemptId);
    await order.typed();
    expect(bench.moves(1)).toEqual(["reserved", "dispatching", "dispatched", "running"]);
    expect(bench.ledger.attempts.byId(order.attemptId)).toMatchObject({ session_id: "s-1" });
  });

  it("takes an end that comes before `typed` was committed", async () => {
    const bench = benchOf();
    const order = await bench.sent();
    order.intend();
    bench.distributor.ended(order.attemptId, DONE, [recordOf("r", 10)]);
    await order.typed();
    expect(bench.moves(1)).toEqual(["reserved", "dispatching", "dispatched", "completed"]);
    expect(bench.factsOf("trouble")).toEqual([]);
  });

  it("takes a late word about an uncertain delivery: it was accepted after all", async () => {
    const bench = benchOf();
    const order = await bench.sent();
    order.intend();
    await order.uncertain("tmux fell silent");
    bench.distributor.accepted(order.attemptId);
    expect(bench.state(1)).toBe("running");
  });

  it("does nothing any more once it is closed", async () => {
    const bench = benchOf();
    const order = await bench.sent();
    order.intend();
    bench.engine.close();
    await order.notTyped("a draft");
    expect(bench.state(1)).toBe("dispatching");
    bench.add("another");
    expect(await bench.pass()).toEqual([]);
  });
});

describe("questions", () => {
  it("goes to needs-input and back, and asks loudly", async () => {
    const bench = benchOf();
    const { attemptId } = await bench.running();
    bench.distributor.asks(attemptId, "Run rm -rf build?");
    expect(bench.task(1).state).toMatchObject({ name: "needs-input", question: "Run rm -rf build?" });
    expect(bench.factsOf("worker-asks")).toMatchObject([{ worker: "w1", question: "Run rm -rf build?" }]);
    bench.distributor.report({ kind: "answered", worker: "w1", attemptId });
    expect(bench.state(1)).toBe("running");
  });
});

describe("tests that an agent ran", () => {
  it("are kept with the attempt at work that ran them, and with none that has ended", async () => {
    const bench = benchOf();
    const { attemptId, worker } = await bench.running();
    const tested = (passed: number) =>
      bench.distributor.report({ kind: "tested", worker, attemptId, passed, of: 9 });
    tested(8);
    bench.distributor.ended(attemptId, DONE, []);
    tested(9);
    expect(bench.ledger.reports.ofAttempt(attemptId)).toMatchObject([{ value: 8, of: 9, source: "hook" }]);
  });
});

describe("the end: meter, settle, record", () => {
  const limits = { "tokens/hour": 10_000 };

  it.each<[string, Outcome, number[] | null, number, string | null]>([
    ["completed, read from its record", DONE, [120, 30], 150, "actual"],
    ["completed, no record can be read", DONE, null, 300, "unknown"],
    ["completed, a record that says nothing", DONE, [], 300, "unknown"],
    ["failed, with what it had spent", FAILED, [40], 40, "actual"],
    ["failed before the first response: an empty record is the truth", FAILED, [], 0, null],
    ["failed, and nobody can say", FAILED, null, 300, "unknown"],
    ["cancelled: a typed prompt is never free", CANCELLED, [], 300, "unknown"],
    ["lost", LOST, null, 300, "unknown"],
    ["completed, above what was reserved", DONE, [900], 900, "actual"],
  ])("%s", async (_what, outcome, recorded, tokens, source) => {
    const bench = benchOf({ limits });
    const { attemptId } = await bench.running("300 tokens");
    const records = recorded?.map((count, n) => recordOf(`r${n}`, count)) ?? null;
    bench.distributor.ended(attemptId, outcome, records);
    expect(bench.state(1)).toBe(outcome.kind);
    expect(bench.standing("global tokens/hour")).toEqual({ used: tokens, held: 0 });
    expect(bench.ledger.spend.ofAttempt(attemptId)).toMatchObject({ tokens, source });
    expect(bench.ledger.spend.openReservations()).toEqual([]);
    const cost = bench.ledger.spend.ofAttempt(attemptId).cost;
    expect(cost).toBe(source === "actual" ? tokens * NANO_A_TOKEN : null);
  });

  it("books nothing for a shell, however it ends", async () => {
    for (const outcome of [DONE, FAILED, CANCELLED, LOST]) {
      const bench = benchOf({ limits, workers: ["w1:shell"] });
      const { attemptId } = await bench.running("make", { agent: "shell" });
      bench.distributor.ended(attemptId, outcome, outcome.kind === "lost" ? null : []);
      expect(bench.state(1)).toBe(outcome.kind);
      expect(bench.ledger.spend.spendTotals()).toEqual([]);
    }
  });

  it("marks a rehearsal as simulated, and lets it weigh nothing beside real agents", async () => {
    const bench = benchOf({ limits, workers: ["w1:rehearsal"] });
    const { attemptId } = await bench.running("300 tokens", { agent: "rehearsal" });
    bench.distributor.ended(attemptId, DONE, [recordOf("r", 200)]);
    expect(bench.ledger.spend.ofAttempt(attemptId).source).toBe("simulated");
    expect(bench.standing("global tokens/hour").used).toBe(0);
  });

  it("ends once, however often it is reported (G9)", async () => {
    const bench = benchOf({ limits });
    const { attemptId } = await bench.running("300 tokens");
    for (const outcome of [DONE, DONE, FAILED, LOST])
      bench.distributor.ended(attemptId, outcome, [recordOf("r", 120)]);
    expect(bench.state(1)).toBe("completed");
    expect(bench.moves(1).filter((name) => name === "completed")).toHaveLength(1);
    expect(bench.standing("global tokens/hour")).toEqual({ used: 120, held: 0 });
    expect(bench.ledger.spend.outcomeTotals().reduce((sum, row) => sum + row.n, 0)).toBe(1);
  });

  it("does not take responses of an earlier task for this one's, when a record is read from its start", async () => {
    const bench = benchOf({ limits, workers: ["w1"] });
    const first = await bench.running("300 tokens");
    bench.distributor.ended(first.attemptId, DONE, [recordOf("r1", 120)]);
    const second = await bench.running("300 tokens");
    bench.distributor.ended(second.attemptId, LOST, [recordOf("r1", 120)]);
    expect(bench.ledger.spend.ofAttempt(second.attemptId)).toMatchObject({ tokens: 300, source: "unknown" });
    const third = await bench.running("300 tokens");
    bench.distributor.ended(third.attemptId, DONE, [recordOf("r1", 120), recordOf("r3", 50)]);
    expect(bench.ledger.spend.ofAttempt(third.attemptId)).toMatchObject({ tokens: 50, source: "actual" });
    expect(bench.standing("global tokens/hour").used).toBe(120 + 300 + 50);
  });

  it("lets an old attempt only book what it spent (the fence)", async () => {
    const bench = benchOf({ limits, workers: ["w1", "w2"] });
    const first = await bench.running("300 tokens");
    bench.distributor.ended(first.attemptId, LOST, null);
    bench.engine.retry(1, "again");
    await bench.pass();
    const second = bench.distributor.order;
    second.intend();
    await second.typed();
    bench.distributor.accepted(first.attemptId);
    bench.distributor.asks(first.attemptId, "still there?");
    bench.distributor.ended(first.attemptId, DONE, [recordOf("late", 80)]);
    expect(bench.task(1)).toMatchObject({
      attempts: 2,
      state: { name: "dispatched", attemptId: second.attemptId },
    });
    expect(bench.standing("global tokens/hour")).toEqual({ used: 300 + 80, held: 300 });
    expect(bench.ledger.spend.ofAttempt(first.attemptId).tokens).toBe(380);
  });

  it("makes the worker's own word about a person's usage no task's", async () => {
    const bench = benchOf({ limits });
    bench.ledger.workers.save(workerRow("w1"));
    bench.distributor.report({ kind: "foreign-usage", worker: "w1", records: [recordOf("p", 70)] });
    bench.distributor.report({ kind: "foreign-usage", worker: "w1", records: [recordOf("p", 70)] });
    expect(bench.standing("global tokens/hour").used).toBe(70);
    expect(bench.ledger.spend.spendTotals()).toMatchObject([{ worker: "w1", type: "", tokens: 70 }]);
    expect(bench.factsOf("usage-booked")).toMatchObject([{ taskId: null, tokens: 70 }]);
  });

  it("never retries a lost task by itself, unless the task asks for it (G6)", async () => {
    const bench = benchOf({ workers: ["w1", "w2"] });
    const plain = await bench.running("work");
    const asking = await bench.running("work", { retryLost: true });
    bench.distributor.ended(plain.attemptId, LOST, null);
    bench.distributor.ended(asking.attemptId, LOST, null);
    expect([bench.state(1), bench.state(2)]).toEqual(["lost", "queued"]);
    expect(bench.moves(2).slice(-2)).toEqual(["lost", "queued"]);
    expect(await bench.pass()).toEqual([2]);
  });

  it("says when a worker ends an attempt nobody knows, and goes on", async () => {
    const bench = benchOf();
    bench.distributor.ended("stranger", DONE);
    expect(bench.factsOf("trouble")).toMatchObject([{ message: expect.stringContaining("stranger") }]);
    await bench.running();
    expect(bench.state(1)).toBe("running");
  });
});

describe("cancelling", () => {
  it("ends a waiting task at once, and owes nothing", async () => {
    const bench = benchOf();
    expect((await bench.engine.cancel(bench.add("work"))).state).toMatchObject({
      name: "cancelled",
      attemptId: null,
    });
    expect(await bench.pass()).toEqual([]);
  });

  it("ends a task that is being prepared without typing it, and without putting it back", async () => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
    const order = await bench.sent("300 tokens");
    await bench.engine.cancel(1);
    expect(bench.distributor.interrupted).toEqual([order.attemptId]);
    await order.notTyped("cancelled");
    expect(bench.moves(1)).toEqual(["reserved", "cancelled"]);
    expect(bench.standing("global tokens/hour")).toEqual({ used: 0, held: 0 });
    expect(bench.ledger.spend.openReservations()).toEqual([]);
    expect(await bench.pass()).toEqual([]);
  });

  it.each(["dispatching", "dispatched", "running", "needs-input"] as const)(
    "interrupts one that is %s; its end is reported by its worker",
    async (state) => {
      const bench = benchOf();
      const order = await bench.sent();
      order.intend();
      if (state !== "dispatching") await order.typed();
      if (state === "running" || state === "needs-input") bench.distributor.accepted(order.attemptId);
      if (state === "needs-input") bench.distributor.asks(order.attemptId, "?");
      expect((await bench.engine.cancel(1)).state.name).toBe(state);
      bench.distributor.ended(order.attemptId, CANCELLED, [recordOf("r", 5)]);
      if (state === "dispatching") await order.typed();
      expect(bench.state(1)).toBe("cancelled");
    },
  );

  it("does not act later on a cancel that its worker refused", async () => {
    const bench = benchOf();
    const order = await bench.sent();
    bench.distributor.interruptFails = new CtmError("illegal-move", "not in hand any more");
    await expect(bench.engine.cancel(1)).rejects.toThrow("not in hand");
    await order.notTyped("a draft");
    expect(bench.state(1)).toBe("queued");
  });

  it.each([DONE, FAILED, CANCELLED, LOST])("refuses to cancel what has ended: $kind", async (outcome) => {
    const bench = benchOf();
    const { attemptId } = await bench.running();
    bench.distributor.ended(attemptId, outcome);
    await expect(bench.engine.cancel(1)).rejects.toThrow(/has ended already/);
  });

  it("retries what failed, was lost or cancelled, and nothing else", async () => {
    for (const [outcome, allowed] of [
      [FAILED, true],
      [LOST, true],
      [CANCELLED, true],
      [DONE, false],
    ] as const) {
      const bench = benchOf();
      const order = await bench.sent();
      const { attemptId } = order;
      expect(() => bench.engine.retry(1, "now")).toThrow(/is reserved; only a failed/);
      order.intend();
      expect(() => bench.engine.retry(1, "now")).toThrow(/is dispatching; only a failed/);
      await order.typed();
      bench.distributor.ended(attemptId, outcome);
      if (allowed) expect(bench.engine.retry(1, "again").state.name).toBe("queued");
      else expect(() => bench.engine.retry(1, "again")).toThrow(/cannot become queued/);
    }
  });
});

describe("tasks larger than a window", () => {
  const limits = { "tokens/hour": 1_000 };

  it("run: goes alone below WARNING and holds what is left; meanwhile it blocks nobody", async () => {
    const bench = benchOf({ limits, workers: ["w1", "w2", "w3"] });
    const small = await bench.running("100 tokens");
    bench.add("5000 tokens");
    bench.add("100 tokens");
    expect(await bench.pass()).toEqual([3]);
    bench.distributor.ended(small.attemptId, FAILED, []);
    bench.distributor.order.intend();
    await bench.distributor.order.typed();
    expect(await bench.pass()).toEqual([]);
    bench.distributor.ended(bench.attempt(3), FAILED, []);
    expect(await bench.pass()).toEqual([2]);
    expect(bench.standing("global tokens/hour").held).toBe(1_000);
    expect(bench.ledger.spend.openReservations()).toMatchObject([{ tokens: 1_000, oversized: 1 }]);
  });

  it("run: after a quarter of an hour those behind it no longer keep its window filled", async () => {
    const bench = benchOf({ limits, workers: ["w1", "w2", "w3"] });
    const first = await bench.running("300 tokens");
    const oversized = bench.add("5000 tokens");
    bench.nowMs += 14 * 60_000;
    const second = await bench.running("300 tokens");
    bench.distributor.ended(first.attemptId, DONE, [recordOf("r1", 300)]);
    // Without the rule this could go on for ever: there is always one running when another ends.
    bench.nowMs += 60_000;
    const small = [bench.add("100 tokens"), bench.add("100 tokens", { priority: "low" })];
    const urgent = bench.add("100 tokens", { priority: "high" });
    expect(await bench.pass()).toEqual([urgent]);
    expect(bench.factsOf("task-deferred").at(-1)?.reason).toBe("an earlier task waits for tokens/hour");
    bench.distributor.order.intend();
    await bench.distributor.order.typed();
    for (const id of [second.task.id, urgent])
      bench.distributor.ended(bench.attempt(id), DONE, [recordOf(`r${id}`, 100)]);
    expect(await bench.pass()).toEqual([oversized]);
    bench.distributor.order.intend();
    await bench.distributor.order.typed();
    bench.distributor.ended(bench.attempt(oversized), FAILED, []);
    expect(await bench.pass()).toEqual(small);
  });

  it("run: of the workers' own windows only the one that is ready first is kept for it", async () => {
    const bench = benchOf({ limits: { "worker tokens/hour": 1_000 }, workers: ["w1", "w2"] });
    for (const [worker, used] of [
      ["w1", 950],
      ["w2", 850],
    ] as const) {
      const order = await bench.running("400 tokens", { worker });
      bench.distributor.ended(order.attemptId, DONE, [recordOf(worker, used)]);
      bench.nowMs += 60_000;
    }
    const oversized = bench.add("5000 tokens");
    bench.nowMs += 15 * 60_000;
    const small = bench.add("20 tokens");
    expect(await bench.pass()).toEqual([small]);
    expect(bench.distributor.order.worker).toBe("w2");
    expect(bench.state(oversized)).toBe("queued");
  });

  it("refuse: is held by name, with the reason", async () => {
    const bench = benchOf({ limits, policy: { oversized: "refuse" } });
    bench.add("5000 tokens");
    bench.add("100 tokens");
    expect(await bench.pass()).toEqual([2]);
    expect(bench.task(1).state).toMatchObject({
      holdReason: expect.stringMatching(/more than .* allows in all/),
    });
  });

  it("ask: is held until a person releases it, and then goes once there is room", async () => {
    const bench = benchOf({ limits, policy: { oversized: "ask" } });
    bench.add("5000 tokens");
    expect(await bench.pass()).toEqual([]);
    expect(bench.task(1).state).toMatchObject({ holdReason: expect.stringMatching(/^oversized: /) });
    bench.engine.approveOversized(1);
    bench.ledger.setHold(1, null);
    expect(await bench.pass()).toEqual([1]);
  });

  it("ask: releasing a hold of another kind is no yes", async () => {
    const bench = benchOf({ limits, policy: { oversized: "ask" } });
    bench.add("5000 tokens", { holdReason: "later" });
    bench.engine.approveOversized(1);
    bench.ledger.setHold(1, null);
    expect(await bench.pass()).toEqual([]);
    expect(bench.task(1).state).toMatchObject({ holdReason: expect.stringMatching(/^oversized: /) });
  });
});

describe("deferral", () => {
  it("says which limit and until when, once for the same reason", async () => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
    const { attemptId } = await bench.running("800 tokens");
    bench.distributor.ended(attemptId, DONE, [recordOf("r", 900)]);
    bench.add("300 tokens");
    await bench.pass();
    await bench.pass();
    const [deferred, ...more] = bench.factsOf("task-deferred");
    expect(deferred).toMatchObject({ taskId: 2, untilMs: bench.nowMs + 3_600_000 });
    expect(more).toEqual([]);
    const offers = bench.distributor.offers(bench.task(2));
    expect(bench.engine.whyDeferred(bench.task(2), offers)).toMatchObject({
      limitId: "global tokens/hour",
      untilMs: bench.nowMs + 3_600_000,
    });
    bench.nowMs += 3_600_000;
    expect(bench.engine.whyDeferred(bench.task(2), offers)).toBeNull();
    expect(await bench.pass()).toEqual([2]);
  });

  it("waits for running tasks where time alone helps nothing", async () => {
    const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
    await bench.running("800 tokens");
    bench.add("300 tokens");
    await bench.pass();
    expect(bench.factsOf("task-deferred")).toMatchObject([{ taskId: 2, untilMs: null }]);
  });

  it("goes by what a free worker may still use", async () => {
    const bench = benchOf({ limits: { "worker tokens/hour": 500 }, workers: ["w1", "w2"] });
    const { attemptId } = await bench.running("400 tokens");
    bench.distributor.ended(attemptId, FAILED, [recordOf("r", 400)]);
    bench.add("200 tokens");
    expect(await bench.pass()).toEqual([2]);
    expect(bench.task(2).state).toMatchObject({ worker: "w2" });
  });
});

describe("limits on a model", () => {
  it("count what a task used for the model its worker was asked for, however the record names it", async () => {
    const bench = benchOf({ limits: { "model sonnet tokens/hour": 1_000 } });
    bench.ledger.workers.save(workerRow("w1"));
    const { attemptId } = await bench.running("300 tokens");
    bench.distributor.ended(attemptId, DONE, [recordOf("r1", 900, "claude-sonnet-4-5-20250929")]);
    bench.distributor.report({ kind: "foreign-usage", worker: "w1", records: [recordOf("p", 50)] });
    expect(bench.standing("model sonnet tokens/hour")).toEqual({ used: 950, held: 0 });
    bench.crash();
    expect(bench.standing("model sonnet tokens/hour")).toEqual({ used: 950, held: 0 });
    bench.add("300 tokens");
    expect(await bench.pass()).toEqual([]);
    expect(bench.ledger.spend.spendTotals()[0]).toMatchObject({ model: "claude-sonnet-4-5-20250929" });
  });
});

describe("pausing", () => {
  it("stops dispatch durably, and nothing else", async () => {
    const bench = benchOf();
    const { attemptId } = await bench.running();
    bench.add("waits");
    bench.ledger.settings.set("paused", "lunch");
    expect([bench.engine.paused, await bench.pass()]).toEqual([true, []]);
    bench.distributor.ended(attemptId, DONE, [recordOf("r", 1)]);
    expect(bench.state(1)).toBe("completed");
    bench.crash();
    expect([bench.engine.paused, await bench.pass()]).toEqual([true, []]);
    bench.ledger.settings.set("paused", null);
    expect(await bench.pass()).toEqual([2]);
  });
});

describe("auto", () => {
  it("sends by itself what is added and when a worker becomes free; off, nothing goes", async () => {
    const bench = benchOf({ workers: ["w1"] });
    bench.engine.setAuto(true);
    bench.add("first");
    bench.add("second");
    await bench.settled();
    expect(bench.distributor.sent).toEqual([1]);
    bench.distributor.order.intend();
    await bench.distributor.order.typed();
    bench.distributor.ended(bench.attempt(1), DONE);
    await bench.settled();
    expect(bench.distributor.sent).toEqual([1, 2]);
    bench.engine.setAuto(false);
    bench.add("third");
    bench.distributor.ended(bench.attempt(2), FAILED);
    await bench.settled();
    expect(bench.distributor.sent).toEqual([1, 2]);
  });

  it("wakes by one timer at the moment a limit frees", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const bench = benchOf({ limits: { "tokens/hour": 1_000 } });
    const { attemptId } = await bench.running("800 tokens");
    bench.distributor.ended(attemptId, DONE, [recordOf("r", 900)]);
    bench.engine.setAuto(true);
    for (const text of ["300 tokens", "200 tokens"]) bench.add(text);
    await bench.settled();
    expect(vi.getTimerCount()).toBe(1);
    bench.nowMs += 3_600_000;
    await vi.advanceTimersByTimeAsync(3_600_000);
    await bench.settled();
    expect(bench.distributor.sent).toEqual([1, 2, 3]);
  });

  it("wakes for a task that is spaced, and no timer is left when it is closed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const bench = benchOf({ workers: ["w1"] });
    bench.engine.setAuto(true);
    bench.add("work");
    await bench.settled();
    await bench.distributor.order.notTyped("a draft");
    bench.nowMs += 1_000;
    await vi.advanceTimersByTimeAsync(1_000);
    await bench.settled();
    expect(bench.distributor.sent).toEqual([1, 1]);
    await bench.distributor.order.notTyped("a draft");
    bench.engine.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("one turn in auto mode", () => {
  it("writes what it hears and what it is about to type in one commit, and tells of it behind the commit", async () => {
    const bench = benchOf({ workers: ["w1", "w2", "w3"] });
    for (const text of ["first", "second", "third"]) bench.add(text);
    await bench.pass();
    const [first, second, third] = bench.distributor.orders.slice();
    if (first === undefined || second === undefined || third === undefined) throw new Error("not sent");
    for (const order of [first, second]) {
      order.intend();
      await order.typed();
    }
    bench.engine.setAuto(true);
    await bench.settled();
    const statesAtCommits: string[][] = [];
    const commit = bench.ledger.commit.bind(bench.ledger) as (act: () => unknown) => unknown;
    vi.spyOn(bench.ledger, "commit").mockImplementation((act) => {
      const factsBefore = bench.facts.length;
      commit(act);
      expect(bench.facts, "nothing is told of before it is on the disk").toHaveLength(factsBefore);
      statesAtCommits.push([first, second, third].map(({ task }) => bench.state(task.id)));
    });
    bench.distributor.accepted(first.attemptId);
    bench.distributor.ended(first.attemptId, DONE, [recordOf("r1", 100)]);
    bench.distributor.accepted(second.attemptId);
    third.intend();
    expect(bench.states()).toEqual(["dispatched", "dispatched", "reserved"]);
    await bench.settled();
    expect(statesAtCommits).toEqual([["completed", "running", "dispatching"]]);
    expect(bench.moves(first.task.id).slice(-2)).toEqual(["running", "completed"]);
    expect(bench.troubles).toEqual([]);
  });

  it("gives the room of what ended to the next task in the same turn", async () => {
    const bench = benchOf({ workers: ["w1"], limits: { "tokens/hour": 1_000 } });
    bench.engine.setAuto(true);
    for (const text of ["900 first", "800 second"]) bench.add(text);
    await bench.settled();
    bench.distributor.order.intend();
    await bench.distributor.order.typed();
    bench.distributor.ended(bench.attempt(1), DONE, [recordOf("r1", 100)]);
    expect(await bench.pass()).toEqual([2]);
    expect(bench.factsOf("task-deferred")).toEqual([]);
  });

  it("cancels what has ended in this turn no more", async () => {
    const bench = benchOf({ workers: ["w1"] });
    bench.engine.setAuto(true);
    bench.add("work");
    await bench.settled();
    bench.distributor.order.intend();
    await bench.distributor.order.typed();
    bench.distributor.ended(bench.attempt(1), DONE);
    await expect(bench.engine.cancel(1)).rejects.toThrow("has ended already: completed");
    expect(bench.distributor.interrupted).toEqual([]);
  });
});

function workerRow(name: string) {
  return {
    name,
    agent: "claude",
    model: "sonnet",
    cwd: "/tmp",
    adopted: false,
    tmuxSocket: null,
    session: name,
    pane: null,
    launchId: null,
    launchDir: null,
    sessionId: null,
    recordPath: null,
    lastAttempt: "",
    lastType: null,
    lastCwd: null,
    draining: false,
    foreground: null,
    account: "claude",
  };
}

describe("random histories with crashes", () => {
  const seed = Number(process.env["CTM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const long = process.env["CTM_TEST_LONG"] !== undefined;
  const withinMs = long ? 1_800_000 : 240_000;

  it(
    `the ledger, the throttle and the workers tell one story, seed ${seed}`,
    async () => {
      const seen: Partial<Record<keyof Seen, number>> = {};
      const histories = long ? 2_000 : 120;
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          const played = new EngineHistory();
          try {
            await played.play(history);
          } finally {
            played.close();
          }
          for (const [name, count] of Object.entries(played.seen) as [keyof Seen, number][])
            seen[name] = (seen[name] ?? 0) + count;
        }),
        { numRuns: histories, seed },
      );
      // A history in which nothing happens proves nothing.
      for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(0);
    },
    withinMs,
  );

  it(
    `the same over a file that is opened anew after each crash, seed ${seed}`,
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          const folder = mkdtempSync(join(tmpdir(), "ctm-engine-"));
          const played = new EngineHistory(join(folder, "ledger.sqlite"));
          try {
            await played.play(history);
          } finally {
            played.close();
            rmSync(folder, { recursive: true });
          }
        }),
        { numRuns: long ? 200 : 15, seed },
      );
    },
    withinMs,
  );
});
