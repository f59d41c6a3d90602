import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../src/tasks/task.ts";
import { EngineBench, recordOf, type BenchOptions } from "./support/engine-bench.ts";

const DONE: Outcome = { kind: "completed", exitCode: null, answer: "done" };
const HOUR = "global tokens/hour";
let bench: EngineBench;

afterEach(() => bench.close());

function benchOf(options: BenchOptions = {}): EngineBench {
  bench = new EngineBench({ workers: ["w1", "w2", "w3"], limits: { "tokens/hour": 1_000 }, ...options });
  return bench;
}

function standing() {
  const row = bench.throttle.standings(bench.nowMs).find(({ limitId }) => limitId === HOUR);
  if (row === undefined) throw new Error("no such limit stands");
  return { used: row.used, held: row.held, owed: row.owed };
}

describe("usage so far", () => {
  it("counts as it comes, each response once, and the end adds only what is new", async () => {
    const { distributor } = benchOf();
    const { attemptId, task } = await bench.running("200 tokens");
    distributor.used(attemptId, [recordOf("r1", 60)]);
    expect(standing()).toEqual({ used: 60, held: 140, owed: 0 });
    distributor.used(attemptId, [recordOf("r1", 80), recordOf("r2", 40)]);
    expect(standing()).toEqual({ used: 120, held: 80, owed: 0 });
    expect(bench.ledger.spend.ofAttempt(attemptId)).toMatchObject({ tokens: 120, source: "actual" });
    distributor.ended(attemptId, DONE, [recordOf("r1", 80), recordOf("r2", 40), recordOf("r3", 10)]);
    expect(standing()).toEqual({ used: 130, held: 0, owed: 0 });
    expect(bench.state(task.id)).toBe("completed");
  });

  it("leaves out what another attempt recorded in the same conversation", async () => {
    const { distributor } = benchOf({ workers: ["w1"] });
    const first = await bench.running("200 tokens");
    distributor.ended(first.attemptId, DONE, [recordOf("r1", 100)]);
    const second = await bench.running("200 tokens");
    distributor.used(second.attemptId, [recordOf("r1", 150), recordOf("r2", 10)]);
    expect(bench.ledger.spend.ofAttempt(first.attemptId).tokens).toBe(100);
    expect(bench.ledger.spend.ofAttempt(second.attemptId).tokens).toBe(10);
  });

  it("of an attempt that has ended is not taken from its successor", async () => {
    const { distributor } = benchOf();
    const { attemptId } = await bench.running("200 tokens");
    distributor.ended(attemptId, { kind: "lost", reason: "gone" }, []);
    const before = standing();
    distributor.used(attemptId, [recordOf("r9", 500)]);
    expect(standing()).toEqual(before);
  });

  it("known in part and then no more: what was held is booked as unknown, less what is known", async () => {
    const { distributor } = benchOf();
    const { attemptId } = await bench.running("200 tokens");
    distributor.used(attemptId, [recordOf("r1", 50)]);
    distributor.ended(attemptId, DONE, null);
    expect(standing()).toEqual({ used: 200, held: 0, owed: 0 });
    expect(bench.ledger.spend.ofAttempt(attemptId).source).toBe("unknown");
  });
});

describe("a reservation that is nearly used up", () => {
  it("grows by half, durably, as long as there is room", async () => {
    const { distributor } = benchOf();
    const { attemptId } = await bench.running("200 tokens");
    distributor.used(attemptId, [recordOf("r1", 160)]);
    expect(standing()).toEqual({ used: 160, held: 40, owed: 0 });
    distributor.used(attemptId, [recordOf("r2", 1)]);
    expect(standing()).toEqual({ used: 161, held: 139, owed: 0 });
    bench.crash();
    expect(standing()).toEqual({ used: 161, held: 139, owed: 0 });
  });

  it("is owed what does not fit; nothing new goes until room is made, also after a new start", async () => {
    const { distributor } = benchOf();
    const big = await bench.running("650 tokens");
    const small = await bench.running("300 tokens");
    distributor.used(small.attemptId, [recordOf("s1", 290)]);
    // 450 are wanted: 50 are left beside the 650 of the other and its own 300.
    expect(standing()).toEqual({ used: 290, held: 650 + 60, owed: 100 });
    bench.add("1 tokens");
    expect(await bench.pass()).toEqual([]);
    bench.crash();
    expect(standing()).toEqual({ used: 290, held: 710, owed: 100 });
    distributor.ended(big.attemptId, DONE, [recordOf("b1", 100)]);
    expect(standing()).toEqual({ used: 390, held: 235, owed: 0 });
    expect(await bench.pass()).toHaveLength(1);
  });
});

it("any order of sightings before the end comes to the same sums as the end alone", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom("r1", "r2", "r3"), fc.nat(400)), { maxLength: 12 }),
      async (sightings) => {
        const largest = new Map<string, number>();
        for (const [key, tokens] of sightings) largest.set(key, Math.max(tokens, largest.get(key) ?? 0));
        const all = [...largest].map(([key, tokens]) => recordOf(key, tokens));
        benchOf({ limits: { "tokens/hour": 10_000 } });
        const { attemptId } = await bench.running("200 tokens");
        for (const [key, tokens] of sightings) bench.distributor.used(attemptId, [recordOf(key, tokens)]);
        const { used, held } = standing();
        expect(used).toBe([...largest.values()].reduce((sum, tokens) => sum + tokens, 0));
        expect(used * 100).toBeLessThanOrEqual((used + held) * 80);
        bench.distributor.ended(attemptId, DONE, all.length === 0 ? [recordOf("r1", 0)] : all);
        expect(standing()).toEqual({ used, held: 0, owed: 0 });
        bench.close();
      },
    ),
    { numRuns: 60 },
  );
  benchOf();
});
