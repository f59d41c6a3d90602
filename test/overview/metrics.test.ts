import { afterEach, describe, expect, it } from "vitest";
import { metricsModel } from "../../src/overview/metrics.ts";
import { renderMetrics } from "../../src/reports/metrics.ts";
import { OverviewBench } from "../support/overview-bench.ts";

let made: OverviewBench | null = null;

async function overview(...args: Parameters<typeof OverviewBench.open>): Promise<OverviewBench> {
  made = await OverviewBench.open(...args);
  return made;
}

afterEach(() => {
  made?.close();
  made = null;
});

describe("metrics", () => {
  it("shows the figures of the documents for their twelve tasks (S2-40 to -42)", async () => {
    const bench = await overview();
    await bench.documentHistory();
    const model = metricsModel(bench.sources);
    expect(model.total).toMatchObject({
      completed: 12,
      failed: 0,
      measured: 12,
      tokens: { value: 48_523, source: "actual" },
      cost: { value: 145_569_000, source: "actual" },
    });
    expect(
      model.workers.map(({ worker, completed, tokens, cost }) => [
        worker,
        completed,
        tokens.value,
        cost.value,
      ]),
    ).toEqual([
      ["concurrent_worker1", 4, 15_234, 45_702_000],
      ["concurrent_worker2", 5, 18_542, 55_626_000],
      ["concurrent_worker3", 3, 14_747, 44_241_000],
    ]);
    expect((model.inputTokens.value ?? 0) + (model.outputTokens.value ?? 0)).toBe(48_523);
    // Everything ran on the premium model: nothing was saved, and the table says so.
    expect(model.saving).toMatchObject({ uniformNanoUsd: 145_569_000, savedNanoUsd: 0 });
    const paper = { columns: 80, colour: false, unicode: false, nowMs: model.nowMs, timeZone: "UTC" };
    const text = renderMetrics(model, paper).join("\n");
    for (const words of [
      /Total tasks completed: +12/,
      /Total tokens used: +48,523/,
      /Estimated total cost: +\$0\.1456/,
      /Average tokens\/task: +4,043/,
      /Average cost\/task: +\$0\.0121/,
    ])
      expect(text).toMatch(words);
  });

  it("sums each counter apart, and prices a cheaper model against the premium one", async () => {
    const bench = await overview();
    const usage = {
      inputTokens: 4_000,
      cacheReadTokens: 10_000,
      cacheWrite5mTokens: 1_000,
      cacheWrite1hTokens: 500,
      outputTokens: 500,
    };
    await bench.task(1, usage, { model: "claude-haiku-4-5" });
    const model = metricsModel(bench.sources);
    expect(
      [model.inputTokens, model.outputTokens, model.cacheReadTokens, model.cacheWriteTokens].map(
        ({ value }) => value,
      ),
    ).toEqual([4_000, 500, 10_000, 1_500]);
    // Flat prices: $0.25 and $3 a million, a cache read a tenth. Cache reads do not count as tokens used.
    expect(model.total).toMatchObject({
      tokens: { value: 6_000 },
      cost: { value: 6_000 * 250 + 10_000 * 25 },
    });
    expect(model.saving).toMatchObject({
      uniformNanoUsd: 6_000 * 3_000 + 10_000 * 300,
      savedNanoUsd: 6_000 * 2_750 + 10_000 * 275,
      estimated: false,
    });
    expect(model.models).toMatchObject([{ model: "claude-haiku-4-5", tokens: { value: 6_000 } }]);
  });

  it("tells how each task's usage is known, and averages only over those that are", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 100 });
    await bench.task(2, null);
    await bench.task(3, { inputTokens: 50 }, { outcome: { kind: "failed", reason: "no", exitCode: null } });
    const model = metricsModel(bench.sources);
    expect(model.tasksBySource).toEqual({ actual: 2, simulated: 0, estimated: 0, unknown: 1 });
    expect(model.total).toMatchObject({
      completed: 2,
      failed: 1,
      measured: 2,
      tokens: { value: 250, source: "estimated" },
    });
    expect(model.inputTokens).toEqual({ value: 150, source: "actual" });
  });

  it("says n/a for the cost of a model without a price, and does not count it as 0", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 100 }, { model: "home-made-1" });
    expect(metricsModel(bench.sources).total.cost).toEqual({ value: null, source: "unknown" });
    await bench.task(1, { inputTokens: 100 });
    expect(metricsModel(bench.sources).total.cost).toEqual({ value: 300_000, source: "estimated" });
  });

  it("takes the 95th percentile by nearest rank, of three tasks on", async () => {
    const bench = await overview();
    for (const [n, seconds] of [5, 1].entries())
      await bench.task(1, { inputTokens: n + 1 }, { durationMs: seconds * 1_000 });
    expect(metricsModel(bench.sources).total.p95Ms).toBeNull();
    for (let n = 0; n < 18; n += 1) await bench.task(2, { inputTokens: 1 }, { durationMs: (n + 10) * 1_000 });
    const model = metricsModel(bench.sources);
    // Of 1, 5, 10 … 27 seconds the 19th of 20.
    expect(model.total.p95Ms).toBe(26_000);
    expect(model.workers.map(({ p95Ms }) => p95Ms)).toEqual([null, 27_000, null]);
  });

  it("keeps the figures of a worker that is gone", async () => {
    const bench = await overview();
    await bench.task(3, { inputTokens: 70 });
    bench.workers.pop();
    expect(metricsModel(bench.sources).workers.map(({ worker, tokens }) => [worker, tokens.value])).toEqual([
      ["concurrent_worker1", 0],
      ["concurrent_worker2", 0],
      ["concurrent_worker3", 70],
    ]);
  });

  it("is empty before the first task, without a made-up saving or date", async () => {
    const bench = await overview();
    expect(metricsModel(bench.sources)).toMatchObject({
      sinceMs: null,
      saving: null,
      models: [],
      total: { completed: 0, tokens: { value: 0, source: "actual" }, p95Ms: null },
    });
  });
});
