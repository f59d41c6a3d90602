import { afterEach, expect, it } from "vitest";
import type { Outcome } from "../../src/tasks/task.ts";
import { EngineBench, recordOf, type BenchOptions } from "../support/engine-bench.ts";

const DONE: Outcome = { kind: "completed", exitCode: null, answer: "done" };
const GLOBAL = "global tokens/hour";
let bench: EngineBench;

afterEach(() => bench.close());

function benchOf(options: BenchOptions): EngineBench {
  bench = new EngineBench({ workers: ["w1", "w2", "w3", "w4", "w5", "w6"], ...options });
  return bench;
}

function standing() {
  const row = bench.throttle.standings(bench.nowMs).find(({ limitId }) => limitId === GLOBAL);
  if (row === undefined) throw new Error("no such limit stands");
  return row;
}

/** Works so many tasks of 200 reserved tokens off, each of which uses this much. */
async function workOff(count: number, used: number): Promise<void> {
  const orders = [];
  for (let n = 0; n < count; n += 1) orders.push(await bench.running("200 tokens"));
  for (const { attemptId } of orders)
    bench.distributor.ended(attemptId, DONE, [recordOf(`r-${attemptId}`, used)]);
}

it("F21 agents that spend three times their estimate: admission closes, and the overshoot is the sum of the overruns", async () => {
  benchOf({ limits: { "tokens/hour": 1_000 } });
  await workOff(5, 600);
  expect(standing()).toMatchObject({ used: 3_000, held: 0, level: "CRITICAL" });
  expect(standing().used - 1_000).toBe(5 * (600 - 200));
  for (const priority of ["low", "normal", "high", "critical"] as const) bench.add("1 tokens", { priority });
  expect(await bench.pass()).toEqual([]);
  const why = bench.factsOf("task-deferred").map(({ reason }) => reason);
  expect(why).toContain("tokens/hour has 0 left of 1K, this task reserves 1");
  // It opens as the usage leaves the window, and not before.
  bench.nowMs += 3_600_000 - 1;
  expect(await bench.pass()).toEqual([]);
  bench.nowMs += 1;
  expect(await bench.pass()).toHaveLength(4);
});

it("F21 one overrun does not close more than it must: what it took is missing, the rest goes", async () => {
  benchOf({ limits: { "tokens/hour": 1_000 } });
  await workOff(1, 600);
  await bench.running("200 tokens");
  bench.add("201 tokens");
  expect(await bench.pass()).toEqual([]);
  expect(standing()).toMatchObject({ used: 600, held: 200, level: "WARNING" });
});

it("F23 a limit lowered below what is used: nothing new goes, running tasks end, no figure falls below zero", async () => {
  benchOf({ limits: { "tokens/hour": 1_000 }, policy: { criticalHeadroomPercent: 5 } });
  await workOff(2, 300);
  const order = await bench.running("200 tokens");
  bench.throttle.setLimits(bench.throttle.limits.map((limit) => ({ ...limit, amount: 500 })));
  expect(standing()).toMatchObject({
    limit: 500,
    used: 600,
    held: 200,
    level: "CRITICAL",
    runsOutAtMs: bench.nowMs,
  });
  for (const priority of ["low", "normal", "high", "critical"] as const) bench.add("1 tokens", { priority });
  expect(await bench.pass()).toEqual([]);
  for (const { reason, untilMs } of bench.factsOf("task-deferred")) {
    expect(reason).not.toMatch(/-\d/);
    // The 600 that are used leave together; what still runs is held, and fits.
    expect(untilMs).toBe(bench.nowMs + 3_600_000);
  }
  bench.distributor.ended(order.attemptId, DONE, [recordOf("r-last", 150)]);
  expect(bench.state(order.task.id)).toBe("completed");
  expect(standing()).toMatchObject({ used: 750, held: 0 });
  bench.crash();
  bench.throttle.setLimits(bench.throttle.limits.map((limit) => ({ ...limit, amount: 0 })));
  expect(await bench.pass()).toEqual([]);
  const { used, held, burnPerHour } = standing();
  expect([used, held]).toEqual([750, 0]);
  expect(burnPerHour).toBeGreaterThan(0);
});
