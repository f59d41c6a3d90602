import { afterEach, expect, it } from "vitest";
import { durableRows } from "../../src/durable-rows.ts";
import { planModel } from "../../src/overview/plan.ts";
import type { PlanModel } from "../../src/reports/plan.ts";
import { Throttle } from "../../src/throttle/throttle.ts";
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

/** Every task is taken to use 1,000 tokens, and 4,000 in the bad case. */
function planOf({ bench, sources }: OverviewBench): PlanModel {
  const size = { p50: 1_000, p90: 4_000 };
  const learnt = { mean: 0, variance: 1, weight: 5, classes: [], prior: { median: 1, spread: 1 } };
  const prompt = { used: false, power: 0, certainty: 0, mean: 0, least: 0, most: 0 };
  const forecast = { ...size, learnt: { ...learnt, prompt } };
  return planModel({
    sources,
    accounts: bench.accounts,
    forecast: () => ({ tokens: forecast, totalTokens: forecast, nanoUsd: forecast }),
    throttleCopy: () => {
      const copy = new Throttle({ ...bench.policy, limits: bench.throttle.limits });
      copy.restore(durableRows(bench.ledger, copy.needs(bench.nowMs), traitsOf), bench.nowMs);
      return copy;
    },
  });
}

it("learns how long tasks take, and changes nothing of what is there", async () => {
  const bench = await benchOf({ "tokens/day": 10_000 });
  for (const minutes of [1, 2, 9])
    await bench.task(1, { inputTokens: 100 }, { durationMs: minutes * MINUTE });
  for (let n = 1; n <= 6; n += 1) bench.bench.add("1000 tokens");
  bench.bench.add("later", { holdReason: "x" });
  const before = JSON.stringify(bench.bench.throttle.standings(bench.bench.nowMs));
  const { nowMs, tasks, doneAtMs, never, held, beyond, resets, left, assumes } = planOf(bench);
  expect(tasks.map(({ endsAtMs }) => ((endsAtMs.p50 ?? 0) - nowMs) / MINUTE)).toEqual([2, 2, 2, 4, 4, 4]);
  // 300 are used and 10,000 allowed: after three at their worst nothing more goes that day.
  expect(tasks.map(({ endsAtMs }) => endsAtMs.p90 !== null && endsAtMs.p90 - nowMs === 9 * MINUTE)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  const midnight = Date.UTC(2026, 1, 14);
  expect(resets).toEqual([{ atMs: midnight, names: ["day"], fits: { p50: 6, p90: 3 } }]);
  expect(doneAtMs).toEqual({ p50: nowMs + 4 * MINUTE, p90: midnight + 9 * MINUTE });
  expect([never, held, beyond]).toEqual([{ p50: 0, p90: 0 }, 1, 0]);
  expect(left).toMatchObject([{ limitId: "global tokens/day", left: { p50: 10_000 - 300 - 6_000, p90: 0 } }]);
  expect(assumes).toContain("p90 takes every task at its 90th percentile at once");
  expect(JSON.stringify(bench.bench.throttle.standings(bench.bench.nowMs))).toBe(before);
});

it("without finished tasks, and without a worker, says what it does not know", async () => {
  const bench = await benchOf({});
  bench.bench.add("one");
  bench.bench.add("two", { agent: "codex" });
  const { tasks, never, assumes } = planOf(bench);
  expect(tasks.map(({ waitsFor }) => waitsFor)).toEqual([null, "no worker of codex is there"]);
  expect(tasks[1]?.startsAtMs).toEqual({ p50: null, p90: null });
  expect(never).toEqual({ p50: 1, p90: 1 });
  expect(assumes).toContain("none of claude, codex has ended yet, so each takes 5 minutes");
});
