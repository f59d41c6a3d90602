import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import type { Trigger } from "../../src/activation/trigger.ts";
import { triggerOf } from "../activation/triggers.ts";
import { EventBench } from "../support/event-bench.ts";

let benches: EventBench[] = [];
const benchOf = (triggers: readonly Partial<Trigger>[] = [{}], limits = {}): EventBench => {
  const bench = new EventBench(triggers.map(triggerOf), { workers: ["w1", "w2", "w3", "w4", "w5"], limits });
  benches.push(bench);
  return bench;
};
afterEach(() => {
  for (const bench of benches) {
    bench.close();
    if (bench.troubles.length > 0) throw new Error(`trouble: ${bench.troubles.map(String).join(", ")}`);
  }
  benches = [];
});

describe("from an event to a turn", () => {
  it("becomes one task, and is delivered when its agent takes it up", async () => {
    const bench = benchOf();
    const seq = bench.take({ data: { title: "Fix it" } });
    expect(bench.outcome(seq)).toBe("held");
    expect(bench.prompts()).toEqual([expect.stringContaining('{"title":"Fix it"}')]);
    await bench.work("running");
    expect(bench.outcome(seq)).toBe("delivered");
    expect(bench.desk.show(seq).fates).toMatchObject([{ trigger: "review", wake: { state: "delivered" } }]);
    const { bench: engine } = bench;
    engine.distributor.ended(engine.attempt(1), { kind: "completed", exitCode: null, answer: null });
    await engine.settled();
    bench.look();
    expect(bench.desk.show(seq).fates[0]?.wake?.state).toBe("done");
  });

  it("is the same event by source and id, or by its bytes, and then wakes nobody", () => {
    const bench = benchOf();
    const event = bench.event();
    const origin = { foreign: true, via: "hook", fingerprint: "f1" };
    const first = bench.desk.take(event, origin);
    expect(bench.desk.take(event, origin)).toEqual({ seq: first.seq, duplicate: true });
    expect(bench.desk.take({ ...event, id: "another" }, origin)).toEqual({ seq: first.seq, duplicate: true });
    expect(bench.desk.take({ ...event, source: "another" }, origin).duplicate).toBe(false);
    expect(bench.desk.show(first.seq).duplicates).toBe(2);
    bench.bench.nowMs += 25 * 3_600_000;
    // The sender's own id is forgotten after a day, the bytes of a hook are not.
    expect(bench.desk.take(event, origin).duplicate).toBe(true);
    expect(bench.desk.take(event, { foreign: false, via: "test" }).duplicate).toBe(false);
  });

  it("holds text from outside for a person, unless its trigger is trusted", async () => {
    const bench = benchOf([{ trust: "held" }, { name: "trusted", on: ["ci.*"] }]);
    const held = bench.take({}, true);
    const run = bench.take({ type: "ci.failed" }, true);
    const own = bench.take({}, false);
    await bench.work();
    expect([held, run, own].map((seq) => bench.outcome(seq))).toEqual(["held", "delivered", "held"]);
    expect(bench.desk.show(held).fates[0]?.wake?.reason).toBe("task 1 is held: release 1");
    bench.bench.ledger.setHold(1, null);
    await bench.work();
    await bench.work();
    // The one behind it had waited for its turn.
    expect([held, own].map((seq) => bench.outcome(seq))).toEqual(["delivered", "delivered"]);
  });

  it("is filtered when no trigger looks at it, and says so", () => {
    const bench = benchOf();
    const seq = bench.take({ type: "something.else" });
    expect(bench.desk.show(seq)).toMatchObject({
      outcome: "filtered",
      fates: [{ trigger: "", reason: "no trigger looks at such events" }],
    });
  });

  it("goes its way for each trigger that looks at it", async () => {
    const bench = benchOf([{}, { name: "docs", on: ["*"], filter: noDocs }]);
    const seq = bench.take({ data: { docs: false } });
    expect(bench.desk.show(seq).fates.map(({ trigger, outcome }) => [trigger, outcome])).toEqual([
      ["docs", "filtered"],
      ["review", "held"],
    ]);
    await bench.work();
    expect(bench.outcome(seq)).toBe("delivered");
  });

  it("merges what comes while it gathers or cools down, and keeps every id", async () => {
    const bench = benchOf([{ debounce: { periodMs: 10, maxMs: 100 }, cooldownMs: 1_000 }]);
    const [first, second] = [bench.take(), bench.take()];
    bench.pass(9);
    expect(bench.prompts()).toEqual([]);
    bench.pass(1);
    expect(bench.prompts()).toEqual([expect.stringMatching(/id="e1"[^]*id="e2"/)]);
    await bench.work();
    expect([first, second].map((seq) => bench.outcome(seq))).toEqual(["delivered", "merged"]);
    const later = [bench.take(), bench.take()];
    bench.pass(10);
    expect(bench.desk.show(later[0] ?? 0).fates[0]?.wake).toMatchObject({ gate: "cooldown" });
    const last = bench.take();
    bench.pass(989);
    expect(bench.prompts()).toHaveLength(1);
    bench.pass(1);
    expect(bench.prompts()).toHaveLength(2);
    await bench.work();
    expect([...later, last].map((seq) => bench.outcome(seq))).toEqual(["delivered", "merged", "merged"]);
  });

  it("expires while it waits, and is left out of what goes", () => {
    const bench = benchOf([{ debounce: { periodMs: 50, maxMs: 100 } }]);
    const at = (ms: number): string => new Date(bench.bench.nowMs + ms).toISOString();
    const short = bench.take({ expirytime: at(20) });
    const long = bench.take({ expirytime: at(500) });
    bench.pass(60);
    expect([short, long].map((seq) => bench.outcome(seq))).toEqual(["expired", "held"]);
    expect(bench.prompts()).toEqual([expect.not.stringContaining('id="e1"')]);
  });

  it("waits at a limit, says until when, and goes when it is over", () => {
    const bench = benchOf();
    const untilMs = bench.bench.nowMs + 5_000;
    bench.limit = ({ priority }) =>
      priority === "critical" ? null : { untilMs, reason: "tokens/hour is HARD" };
    const seq = bench.take();
    const urgent = bench.take({ priority: "critical" });
    expect(bench.desk.show(seq).fates[0]?.wake).toMatchObject({
      state: "ready",
      gate: "mode",
    });
    expect(bench.desk.show(urgent).fates[0]?.wake?.state).toBe("submitted");
    bench.close();
    benches = [];
    const alone = benchOf();
    alone.limit = () => ({ untilMs, reason: "tokens/hour is HARD" });
    const waiting = alone.take();
    expect(alone.desk.show(waiting).fates[0]?.wake).toMatchObject({
      gate: "limit",
      untilMs,
      reason: "tokens/hour is HARD",
    });
    alone.limit = () => null;
    alone.pass(5_000);
    expect(alone.prompts()).toHaveLength(1);
  });

  it("stops at its trigger's own budget until tomorrow", async () => {
    const bench = benchOf([{ budget: { tokens: 0, nanoUsd: null } }]);
    const seq = bench.take();
    const tomorrow = Date.parse("2026-02-14T00:00:00Z");
    expect(bench.desk.show(seq).fates[0]?.wake).toMatchObject({ gate: "budget", untilMs: tomorrow });
  });

  it("a loop is cut: what a wake causes carries its chain", () => {
    const bench = benchOf([{ mode: "parallel", depth: 100 }]);
    let seq = bench.take();
    const seen: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const wake = bench.desk.show(seq).fates[0]?.wake;
      if (wake == null) break;
      seq = bench.take({ correlationid: `wake-${wake.id}` });
      seen.push(bench.outcome(seq));
    }
    expect(seen).toEqual(["held", "held", "held", "held", "held", "dead"]);
    expect(bench.desk.deadLetters().events.map((row) => row.seq)).toEqual([seq]);
    bench.desk.dropDead(`e${seq}`);
    expect(bench.desk.deadLetters().events).toEqual([]);
  });
});

const noDocs = { kind: "field", field: "data.docs", test: { kind: "exact", values: [true] } } as const;

describe("a delivery that fails", () => {
  it("is tried again, later each time, then put aside; retried by a person it is as new", async () => {
    const bench = benchOf([{ retry: { max: 2, firstDelayMs: 1_000 } }]);
    const seq = bench.take();
    const wake = (): ReturnType<typeof bench.desk.show>["fates"][0]["wake"] =>
      bench.desk.show(seq).fates[0]?.wake ?? null;
    for (const delayMs of [1_000, 2_000]) {
      await bench.bench.pass();
      bench.bench.engine.declareLost(await intended(bench), "its pane was closed");
      bench.look();
      expect(wake()).toMatchObject({
        state: "ready",
        gate: "retry",
        reason: "task 1 lost: its pane was closed",
      });
      bench.pass(delayMs - 1);
      expect(wake()?.state).toBe("ready");
      bench.pass(1);
      expect(wake()?.state).toBe("submitted");
    }
    await bench.bench.pass();
    bench.bench.engine.declareLost(await intended(bench), "its pane was closed");
    bench.look();
    expect([wake()?.state, bench.outcome(seq)]).toEqual(["dead", "dead"]);
    expect(bench.desk.deadLetters().wakes).toHaveLength(1);
    bench.desk.retryDead("w1");
    bench.orchestrator.turn();
    await bench.work();
    expect(bench.outcome(seq)).toBe("delivered");
    // One task, however often it was tried: its key is the wake's.
    expect(bench.prompts()).toHaveLength(1);
  });

  it("never, once its agent took it up", async () => {
    const bench = benchOf();
    const seq = bench.take();
    await bench.work("failed");
    expect(bench.outcome(seq)).toBe("delivered");
    bench.pass(10_000_000);
    expect(bench.bench.states()).toEqual(["failed"]);
  });

  it("is over when a person cancels its task", async () => {
    const bench = benchOf();
    const seq = bench.take();
    await bench.bench.engine.cancel(1);
    bench.look();
    expect(bench.outcome(seq)).toBe("dead");
    bench.pass(10_000_000);
    expect(bench.bench.states()).toEqual(["cancelled"]);
  });

  async function intended(bench: EventBench) {
    const attempt = bench.bench.attempt(1);
    const order = bench.bench.distributor.orders.find(({ attemptId }) => attemptId === attempt);
    if (order === undefined) throw new Error("nothing was sent");
    order.intend();
    await bench.bench.settled();
    return bench.bench.ledger.task(order.task.id);
  }
});

describe("triggers, as a person handles them", () => {
  it("pause and go on: what came meanwhile is one wake", () => {
    const bench = benchOf();
    bench.desk.pause("review");
    bench.take();
    bench.take();
    expect(bench.prompts()).toEqual([]);
    expect(bench.desk.triggers()).toMatchObject([{ name: "review", paused: true, waiting: 2 }, {}]);
    bench.desk.resume("review");
    bench.orchestrator.turn();
    expect(bench.prompts()).toHaveLength(1);
    expect(() => bench.desk.pause("revew")).toThrow(CtmError);
  });

  it("are tried without effect", () => {
    const bench = benchOf([
      { cooldownMs: 1_000, wake: "w2" },
      { name: "docs", filter: noDocs },
    ]);
    bench.take();
    const event = { specversion: "1.0", id: "t", source: "s", type: "git.push" };
    const tested = bench.desk.test(JSON.stringify(event));
    expect(tested.triggers).toMatchObject([
      { trigger: "review", verdict: "taken", task: { goesTo: "w2", held: false } },
      { trigger: "docs", verdict: "filtered" },
      { trigger: "messages", verdict: "passed-over" },
    ]);
    const says = Object.fromEntries(
      tested.triggers[0]?.gates.map(({ gate, says: said }) => [gate, said]) ?? [],
    );
    expect(says["cooldown"]).toBe("waits: its trigger cools down");
    expect(says["budget"]).toBeNull();
    expect(bench.outcomes().sum).toBe(2);
  });

  it("restart: the later takes the place of one at work", async () => {
    const bench = benchOf([{ mode: "restart" }]);
    const first = bench.take();
    await bench.work("running");
    const second = bench.take();
    await bench.bench.settled();
    expect(bench.bench.distributor.interrupted).toHaveLength(1);
    expect([first, second].map((seq) => bench.outcome(seq))).toEqual(["delivered", "held"]);
  });

  it("tick by their schedule: each moment once, what was missed as they say", () => {
    const schedule = { cron: "0 * * * *", timeZone: "UTC", catchup: "once" } as const;
    const bench = benchOf([{ on: [], schedule, mode: "parallel", depth: 100 }]);
    bench.pass(59 * 60_000);
    expect(bench.prompts()).toHaveLength(0);
    bench.pass(60_000);
    expect(bench.prompts()).toHaveLength(1);
    bench.pass(1);
    bench.crash();
    expect(bench.prompts()).toHaveLength(1);
    bench.bench.nowMs += 5 * 3_600_000;
    bench.crash();
    expect(bench.prompts()).toHaveLength(2);
  });

  it("hear of tasks, each once, also of what ended while nobody was there", async () => {
    const bench = benchOf([{ on: ["task.completed"], mode: "parallel", depth: 100 }]);
    bench.bench.add("a task of a person's");
    await bench.work();
    bench.crash();
    bench.orchestrator.turn();
    const told = bench.desk.list({ type: "task.*", outcome: null, wakeId: null, agoMs: null, limit: 10 });
    expect(told).toMatchObject([{ type: "task.completed", subject: "task 1" }]);
    bench.crash();
    expect(bench.prompts()).toHaveLength(2);
  });
});

describe("assignments", () => {
  it("are told once each, also of what was added while nobody was there; a trigger's own end as the loop they are", () => {
    const bench = benchOf([{ on: ["task.added"], mode: "parallel", depth: 100 }]);
    bench.bench.add("a task of a person's");
    bench.crash();
    for (let n = 0; n < 10; n += 1) {
      bench.orchestrator.turn();
      bench.crash();
    }
    const told = bench.desk.list({ type: "task.added", outcome: null, wakeId: null, agoMs: null, limit: 50 });
    expect(told.map(({ subject }) => subject).toReversed()).toEqual(told.map((_, at) => `task ${at + 1}`));
    expect(told.map(({ outcome }) => outcome)).toEqual(["dead", ...told.slice(1).map(() => "held")]);
    expect(bench.prompts()).toHaveLength(told.length);
    expect(told.length).toBe(7);
  });
});

describe("messages", () => {
  it("to a group go to each of it, and only from a person", async () => {
    const bench = benchOf();
    const sent = await bench.desk.messageGroup("@all", "Read docs/api.md", null);
    expect(sent.map(({ seq, duplicate }) => [seq, duplicate])).toEqual([
      [1, false],
      [2, false],
    ]);
    bench.pass(1);
    expect(new Set([1, 2].map((id) => bench.bench.task(id).draft.worker))).toEqual(new Set(["w1", "w2"]));
    await expect(bench.desk.messageGroup("@all", "hello", "launch.0000")).rejects.toThrow(/not made here/);
  });

  it("reach whom they name, as a person wrote them", () => {
    const bench = benchOf([]);
    bench.desk.message("w2", "Read docs/api.md", null);
    bench.orchestrator.turn();
    expect(bench.prompts()).toEqual(["Read docs/api.md"]);
    expect(bench.bench.task(1).draft).toMatchObject({ worker: "w2", origin: "trigger messages" });
  });

  it("take no forged word", () => {
    const bench = benchOf([]);
    expect(() => bench.desk.message("w2", "hello", "launch.0000")).toThrow(/not made here/);
  });
});

describe("nothing vanishes", () => {
  const rules = fc.record({
    mode: fc.constantFrom("queued" as const, "single" as const, "restart" as const, "parallel" as const),
    depth: fc.integer({ min: 1, max: 3 }),
    cooldownMs: fc.constantFrom(0, 40),
    rate: fc.constantFrom(null, { count: 2, perMs: 60 }),
    debounce: fc.constantFrom(null, { periodMs: 10, maxMs: 30 }),
    batch: fc.constantFrom(null, { max: 3, timeoutMs: 20, by: "data.key" }),
    ttlMs: fc.constantFrom(null, 50),
    retry: fc.constant({ max: 1, firstDelayMs: 5 }),
  });
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("event" as const),
      priority: fc.constantFrom("low", "normal", "critical"),
      type: fc.constantFrom("git.push", "git.push", "nobody.asks"),
      key: fc.constantFrom("a", "b"),
      again: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 70 }) }),
    fc.constant({ kind: "work" as const }),
    fc.constant({ kind: "break" as const }),
    fc.constant({ kind: "crash" as const }),
    fc.constant({ kind: "pause" as const }),
    fc.constant({ kind: "resume" as const }),
  );

  it("every event stands in exactly one outcome, whatever happens and whenever it is killed", async () => {
    await fc.assert(
      fc.asyncProperty(rules, fc.array(step, { maxLength: 40 }), async (rule, story) => {
        const folder = mkdtempSync(join(tmpdir(), "ctm-events-"));
        const bench = new EventBench([triggerOf(rule)], {
          workers: ["w1", "w2"],
          ledgerFile: join(folder, "ledger.sqlite"),
        });
        try {
          let [received, again] = [0, 0];
          for (const one of story) {
            if (one.kind === "event") {
              const { type, priority, key } = one;
              const event = bench.event({ type, priority, data: { key } });
              for (let n = 0; n < (one.again ? 2 : 1); n += 1) {
                const { duplicate } = bench.desk.take(event, { foreign: false, via: "test" });
                received += 1;
                again += duplicate ? 1 : 0;
              }
              bench.orchestrator.turn();
            } else if (one.kind === "time") bench.pass(one.ms);
            else if (one.kind === "work") await bench.work();
            else if (one.kind === "break") await bench.work("failed");
            else if (one.kind === "crash") bench.crash();
            else if (one.kind === "pause") bench.desk.pause("review");
            else bench.desk.resume("review");
            expect(bench.outcomes().sum + again).toBe(received);
            const held = bench.outcomes().of.get("held") ?? 0;
            const carried = bench.bench.ledger.journal.wakes
              .open()
              .filter(({ ackedMs }) => ackedMs === null)
              .reduce((sum, { events }) => sum + events, 0);
            expect(carried).toBe(held);
          }
          // Left alone, everything comes to its end.
          bench.desk.resume("*");
          for (let n = 0; n < 60 && (bench.outcomes().of.get("held") ?? 0) > 0; n += 1) {
            bench.pass(100);
            await bench.work();
          }
          expect(bench.outcomes().of.get("held") ?? 0).toBe(0);
          expect(bench.troubles).toEqual([]);
        } finally {
          bench.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: process.env["CTM_TEST_LONG"] === undefined ? 25 : 1_000 },
    );
  });
});
