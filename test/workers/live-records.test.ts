import { afterEach, describe, expect, it, vi } from "vitest";
import type { UsageRecord } from "../../src/metering/usage.ts";
import { LiveRecords } from "../../src/workers/live-records.ts";
import { WorkerBench } from "../support/worker-bench.ts";

let bench: WorkerBench;
let live: LiveRecords;
const told: string[] = [];
const troubles: unknown[] = [];

async function benchOf(): Promise<WorkerBench> {
  bench = await new WorkerBench().idle();
  const words = (records: readonly UsageRecord[]): string =>
    records.map(({ usage }) => usage.inputTokens).join("+");
  live = new LiveRecords({
    told: (_worker, attemptId, records) => told.push(`${attemptId} ${words(records)}`),
    trouble: (error) => troubles.push(error),
  });
  return bench;
}

afterEach(() => {
  vi.useRealTimers();
  live.close();
  bench.close();
  told.splice(0);
  const seen = troubles.splice(0);
  if (seen.length > 0) throw seen[0];
});

describe("a running attempt's record", () => {
  it("is told as it grows: each response once, and nothing while nothing is new", async () => {
    await benchOf();
    await bench.accepted();
    live.read(bench.worker);
    expect(told).toEqual([]);
    bench.respond(120);
    live.read(bench.worker);
    live.read(bench.worker);
    bench.respond(30);
    bench.respond(40);
    live.read(bench.worker);
    expect(told).toEqual(["a1 120", "a1 30+40"]);
  });

  it("is not looked at where there is no attempt, nor beside a person's turn", async () => {
    await benchOf();
    bench.respond(120);
    live.read(bench.worker);
    await bench.accepted();
    await bench.signal("UserPromptSubmit", { prompt: "what a person typed" });
    bench.respond(500);
    live.read(bench.worker);
    expect(told).toEqual([]);
  });

  it("is read once a second at most, however often its agent is heard of", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await benchOf();
    await bench.accepted();
    for (let n = 1; n <= 30; n += 1) {
      bench.respond(n);
      live.heardOf(bench.worker);
      vi.advanceTimersByTime(100);
    }
    expect(told).toHaveLength(3);
    live.close();
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(3);
  });
});
