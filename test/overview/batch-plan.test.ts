import { afterEach, expect, it } from "vitest";
import { durableRows } from "../../src/durable-rows.ts";
import { batchPlanModel, type AssignedDraft } from "../../src/overview/batch-plan.ts";
import { renderBatchPlan, type BatchPlanModel } from "../../src/reports/batch-plan.ts";
import type { TaskDraft } from "../../src/tasks/task.ts";
import { Throttle } from "../../src/throttle/throttle.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { limitsOf, traitsOf } from "../support/engine-bench.ts";
import { OverviewBench } from "../support/overview-bench.ts";

const MINUTE = 60_000;
const opened: OverviewBench[] = [];

afterEach(() => {
  for (const bench of opened.splice(0)) bench.close();
});

async function benchOf(limits: Record<string, number>): Promise<OverviewBench> {
  const bench = await OverviewBench.open({ limits: limitsOf(limits) });
  opened.push(bench);
  return bench;
}

function draft(model: string, change: Partial<TaskDraft> = {}): AssignedDraft {
  return {
    draft: draftOf("do it", change),
    assignment: assignmentOf({ agent: "claude", model, reserveTokens: 1_000 }),
  };
}

/** Every task is taken to use 1,000 tokens and nano-dollars, and 4,000 in the bad case. */
function planOf({ bench, sources }: OverviewBench, drafts: readonly AssignedDraft[]): BatchPlanModel {
  const learnt = { mean: 0, variance: 1, weight: 5, classes: [], prior: { median: 1, spread: 1 } };
  const prompt = { used: false, power: 0, certainty: 0, mean: 0, least: 0, most: 0 };
  const forecast = { p50: 1_000, p90: 4_000, learnt: { ...learnt, prompt } };
  return batchPlanModel(
    drafts,
    { agent: "claude", model: null },
    {
      sources,
      accounts: bench.accounts,
      forecast: () => ({ tokens: forecast, totalTokens: forecast, nanoUsd: forecast }),
      throttleCopy: () => {
        const copy = new Throttle({ ...bench.policy, limits: bench.throttle.limits });
        copy.restore(durableRows(bench.ledger, copy.needs(bench.nowMs), traitsOf), bench.nowMs);
        return copy;
      },
    },
  );
}

it("sums a batch up by model, behind what waits already, and queues nothing", async () => {
  const bench = await benchOf({ "tokens/day": 100_000 });
  await bench.task(1, { inputTokens: 100 }, { durationMs: 2 * MINUTE });
  for (let n = 1; n <= 3; n += 1) bench.bench.add("1000 tokens");
  const before = bench.bench.ledger.tasks.counts();
  const plan = planOf(bench, [
    draft("claude-opus-4-1"),
    draft("claude-opus-4-1", { key: "k" }),
    draft("claude-opus-4-1", { key: "k" }),
    draft("a-model-nobody-knows", { holdReason: "later" }),
  ]);
  expect(plan).toMatchObject({ tasks: 3, known: 1, held: 1, ahead: 3, beyond: 0, limits: [] });
  expect(plan.shares).toEqual([
    {
      ...{ agent: "claude", model: "claude-opus-4-1", tasks: 2 },
      ...{ tokens: { p50: 2_000, p90: 8_000 }, nanoUsd: { p50: 2_000, p90: 8_000 } },
    },
    {
      ...{ agent: "claude", model: "a-model-nobody-knows", tasks: 1 },
      ...{ tokens: { p50: 1_000, p90: 4_000 }, nanoUsd: null },
    },
  ]);
  // Three workers: those three first, then both of the batch.
  expect(plan.doneAtMs.p50).toBe(plan.nowMs + 4 * MINUTE);
  expect(bench.bench.ledger.tasks.counts()).toEqual(before);
});

it("tells the limits it would meet, and when", async () => {
  const bench = await benchOf({ "tokens/day": 10_000 });
  await bench.task(1, { inputTokens: 100 }, { durationMs: MINUTE });
  const plan = planOf(
    bench,
    Array.from({ length: 4 }, () => draft("claude-opus-4-1")),
  );
  const midnight = Date.UTC(2026, 1, 14);
  // 100 are used; three at their worst use 12,000: the fourth goes the next day.
  expect(plan.limits).toEqual([
    { limitId: "global tokens/day", atMs: { p50: null, p90: plan.nowMs + MINUTE } },
  ]);
  expect(plan.doneAtMs).toEqual({ p50: plan.nowMs + 2 * MINUTE, p90: midnight + MINUTE });
  const paper = { columns: 80, colour: false, unicode: false, nowMs: plan.nowMs, timeZone: "UTC" };
  const lines = renderBatchPlan(plan, paper);
  expect(lines.every((line) => line.length <= 80)).toBe(true);
  expect(lines.join("\n")).toMatch(/global tokens\/day from .* on at p90/);
});
