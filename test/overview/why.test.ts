import { afterEach, describe, expect, it } from "vitest";
import { metricsModel } from "../../src/overview/metrics.ts";
import { taskDetails } from "../../src/overview/task-details.ts";
import { throttleModel } from "../../src/overview/throttle.ts";
import { limitRow, limitRows } from "../../src/overview/limit-rows.ts";
import { taskWhy, workerWhy, type WaitingFacts } from "../../src/overview/why.ts";
import { aliasOf } from "../../src/overview/sources.ts";
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

const FREE_TO_GO: WaitingFacts = {
  ...{ deferral: null, fitting: 3, free: 3, auto: true },
  ...{ withheld: null, pausedBecause: null, parkedFor: null },
};
const DEFERRAL = { reason: "cost/hour is at 95%", untilMs: 1_000, limitId: "global cost/hour" };

describe("why a task waits", () => {
  it.each<[string, Partial<WaitingFacts>, { held?: string; offline?: true }, string | null, RegExp | null]>([
    ["nothing is in its way", {}, {}, null, null],
    ["a person holds it", { pausedBecause: "x" }, { held: "ask Anna" }, "held: ask Anna", /^release 1/],
    [
      "dispatch is paused",
      { pausedBecause: "lunch", fitting: 0 },
      {},
      "dispatch is paused: lunch",
      /^resume/,
    ],
    ["dispatch is paused without a reason", { pausedBecause: "" }, {}, "dispatch is paused", /^resume/],
    ["no manager runs", { fitting: 0 }, { offline: true }, "no manager runs", /./],
    [
      "no worker fits",
      { fitting: 0, deferral: DEFERRAL },
      {},
      "no worker runs agent claude",
      /^spawn --agent claude/,
    ],
    ["a limit holds it", { deferral: DEFERRAL, free: 0 }, {}, DEFERRAL.reason, /limits raise/],
    [
      "every worker is busy",
      { free: 0, auto: false },
      {},
      "every worker that could take it is busy",
      /^auto/,
    ],
    ["auto is off", { auto: false }, {}, "auto mode is off", /distribute/],
  ])("%s: the first thing a person would have to remove", async (_what, facts, how, reason, advice) => {
    const bench = await overview();
    if (how.offline === true) bench.startedAtMs = null;
    const id = bench.bench.add("work", { holdReason: how.held ?? null });
    const why = taskWhy(bench.bench.task(id), { ...FREE_TO_GO, ...facts }, bench.sources);
    expect(why.holds?.reason ?? null).toBe(reason);
    if (advice === null) expect(why.advice).toEqual([]);
    else expect(why.advice[0]).toMatch(advice);
  });

  it("names the limit with its level, and when it goes", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 95_000 });
    const limitId = "worker concurrent_worker1 tokens/hour";
    const id = bench.bench.add("work");
    const deferral = { reason: "x", untilMs: 5_000, limitId };
    const why = taskWhy(bench.bench.task(id), { ...FREE_TO_GO, deferral }, bench.sources);
    expect(why.holds).toMatchObject({ limitId, level: "HARD", untilMs: 5_000 });
  });

  it("says until when a task is spaced, and how many go before it", async () => {
    const bench = await overview();
    const order = await bench.bench.sent();
    await order.notTyped("a draft");
    const last = bench.bench.add("later");
    const spaced = taskWhy(bench.bench.task(1), FREE_TO_GO, bench.sources);
    expect(spaced.holds).toMatchObject({
      untilMs: bench.bench.nowMs + 1_000,
      reason: expect.stringContaining("next try"),
    });
    expect(taskWhy(bench.bench.task(last), FREE_TO_GO, bench.sources).ahead).toBe(1);
  });

  const PARK = { cause: "quota-exhausted", message: "limit", sinceMs: 1, untilMs: 9_000, inRow: 1 } as const;
  it.each<[string, Partial<WaitingFacts>, boolean, object, RegExp]>([
    [
      "until the account is free, and how not to wait",
      {},
      true,
      { reason: "account claude is parked: limit", limitId: "account claude", untilMs: 9_000 },
      /^accounts free claude/,
    ],
    [
      "that its turn comes",
      { parkedFor: { account: "claude", park: null } },
      true,
      { reason: expect.stringMatching(/^account claude is free again; .* in turn$/), untilMs: null },
      /^watch/,
    ],
    [
      "that a person paused the dispatch",
      { pausedBecause: "lunch" },
      true,
      { reason: expect.stringMatching(/paused$/), untilMs: null },
      /^resume/,
    ],
    [
      "that nothing goes on by itself",
      { pausedBecause: "lunch" },
      false,
      { reason: expect.stringContaining("accounts.autoResume"), untilMs: null },
      /^attach concurrent_worker1/,
    ],
  ])("tells of a parked task %s", async (_what, facts, autoResume, holds, advice) => {
    const bench = await overview();
    const { attemptId } = await bench.bench.running();
    bench.bench.distributor.limited(attemptId, { cause: PARK.cause, message: "limit", resetsAtMs: 9_000 });
    const { config } = bench.sources;
    const sources = { ...bench.sources, config: { ...config, accounts: { ...config.accounts, autoResume } } };
    const parkedFor = { account: "claude", park: PARK };
    const why = taskWhy(bench.bench.task(1), { ...FREE_TO_GO, parkedFor, ...facts }, sources);
    expect(why).toMatchObject({ holds, ahead: null, advice: [expect.stringMatching(advice)] });
  });

  it("tells of a task in a worker's hands what a person can do", async () => {
    const bench = await overview();
    const { attemptId } = await bench.bench.running();
    bench.bench.distributor.asks(attemptId, "May I?");
    expect(taskWhy(bench.bench.task(1), FREE_TO_GO, bench.sources)).toMatchObject({
      holds: null,
      ahead: null,
      advice: [expect.stringMatching(/^answer concurrent_worker1/)],
    });
    bench.bench.distributor.ended(attemptId, { kind: "lost", reason: "gone" }, null);
    expect(taskWhy(bench.bench.task(1), FREE_TO_GO, bench.sources).advice).toEqual([
      expect.stringMatching(/^retry 1/),
    ]);
  });
});

describe("why a worker is in its state", () => {
  it("tells which sign decided, and every source's last word", async () => {
    const bench = await overview();
    const worker = bench.worker(1);
    worker.evidence.note({ source: "screen", says: "screen: idle", atMs: 1 }, false);
    expect(workerWhy(worker, bench.sources)).toMatchObject({
      worker: { name: "concurrent_worker1", alias: "w1", state: "idle", because: "Stop: the turn ended" },
      decided: { source: "signal", says: "Stop: the turn ended" },
      signs: [{ source: "signal" }, { source: "screen" }],
    });
  });

  it("names only our own workers short", () => {
    expect(["concurrent_worker12", "adopted-mine", "concurrent_worker1x"].map(aliasOf)).toEqual([
      "w12",
      "adopted-mine",
      "concurrent_worker1x",
    ]);
  });
});

describe("one task", () => {
  it("is told attempt by attempt, each with its own reason and usage", async () => {
    const bench = await overview();
    const { engine, distributor } = bench.bench;
    const id = await bench.task(
      1,
      { inputTokens: 40 },
      { outcome: { kind: "failed", reason: "overloaded", exitCode: null } },
    );
    engine.retry(id, "retried by a person");
    await bench.bench.pass();
    await distributor.order.notTyped("a draft is in its composer");
    bench.bench.nowMs += 60_000;
    await bench.bench.pass();
    distributor.order.intend();
    await distributor.order.typed();
    distributor.ended(bench.bench.attempt(id), { kind: "lost", reason: "its pane was closed" }, null);
    engine.retry(id, "retried after lost");
    const { attempts } = taskDetails(id, null, bench.sources);
    expect(attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, "failed: overloaded"],
      [2, "not typed: a draft is in its composer"],
      [3, "lost: its pane was closed"],
    ]);
    expect(attempts.map(({ tokens, cost }) => [tokens, cost.value])).toEqual([
      [{ value: 40, source: "actual" }, 120_000],
      [{ value: 0, source: "actual" }, 0],
      [{ value: null, source: "unknown" }, null],
    ]);
    expect(attempts[0]?.usage).toMatchObject({ inputTokens: 40 });
    expect(attempts[2]?.usage).toBeNull();
  });

  it("whose turn failed with nothing in its record used nothing; while it runs nobody knows", async () => {
    const bench = await overview();
    const { attemptId, task } = await bench.bench.running("work", {});
    const tokens = () => taskDetails(task.id, null, bench.sources).attempts[0]?.tokens;
    expect(tokens()).toEqual({ value: null, source: "unknown" });
    bench.bench.distributor.ended(attemptId, { kind: "failed", reason: "overloaded", exitCode: null }, []);
    expect(tokens()).toEqual({ value: 0, source: "actual" });
    expect(metricsModel(bench.sources).tasksBySource).toMatchObject({ actual: 1, unknown: 0 });
  });

  it("in a shell used nothing, and that is known", async () => {
    const bench = await overview({}, "shell");
    const { attemptId, task } = await bench.bench.running("make", { agent: "shell" });
    bench.bench.distributor.ended(attemptId, { kind: "completed", exitCode: 0, answer: null });
    expect(taskDetails(task.id, null, bench.sources).attempts).toMatchObject([
      { tokens: { value: 0, source: "actual" }, cost: { value: 0, source: "actual" }, usage: null },
    ]);
  });
});

describe("limits and the throttle", () => {
  it("stand with what is used and held, raises with what holds again afterwards", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 900 });
    await bench.bench.sent("300 tokens");
    bench.raises = [
      { limitId: "worker * tokens/hour", standardAmount: 100_000, untilMs: 9, reason: "release day" },
    ];
    const rows = limitRows(bench.sources);
    const row = (id: string) => rows.find(({ limitId }) => limitId === id);
    expect(row("global tokens/hour")).toMatchObject({
      used: 900,
      held: 300,
      raised: null,
      usedSource: "actual",
    });
    expect(row("worker concurrent_worker2 tokens/hour")).toMatchObject({ raised: { reason: "release day" } });
    expect(rows.filter(({ scope }) => scope.kind === "worker")).toHaveLength(6);
  });

  it("are told as they were set: of one for each worker, the first that it binds", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 900 });
    bench.limit("worker tokens/hour", null);
    expect(limitRow(bench.sources, "worker * tokens/hour")).toMatchObject({
      limitId: "worker concurrent_worker1 tokens/hour",
      limit: null,
      used: 900,
    });
  });

  it("are told by themselves where they bind nobody yet, and leave no row of nobody behind", async () => {
    const bench = await overview();
    bench.limit("model tokens/month", 7);
    bench.raises = [{ limitId: "model * tokens/month", standardAmount: 4, untilMs: 9, reason: "more" }];
    const before = limitRows(bench.sources);
    expect(limitRow(bench.sources, "model * tokens/month")).toMatchObject({
      limitId: "model * tokens/month",
      limit: 7,
      used: 0,
      raised: { reason: "more" },
    });
    expect(limitRows(bench.sources)).toEqual(before);
  });

  it("say what each worker runs now, how many a limit holds, and what a person must know", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 97_000 });
    bench.bench.add("one", { priority: "low" });
    bench.bench.add("two", { priority: "low" });
    bench.bench.add("held", { priority: "high", holdReason: "x" });
    bench.notices = ["REHEARSAL"];
    const asked: string[] = [];
    const model = throttleModel(
      bench.sources,
      bench.bench.accounts,
      (task) => asked.push(task.draft.text) > 0,
    );
    expect(model.runs.map(({ alias, admits }) => [alias, admits])).toEqual([
      ["w1", ["high", "critical"]],
      ["w2", ["low", "normal", "high", "critical"]],
      ["w3", ["low", "normal", "high", "critical"]],
    ]);
    // The first of each priority speaks for those behind it; a task held by name is nobody's turn.
    expect(asked).toEqual(["one"]);
    expect(model.heldByPriority).toEqual({ low: 2, normal: 0, high: 0, critical: 0 });
    expect(throttleModel(bench.sources, bench.bench.accounts, () => false).heldByPriority.low).toBe(0);
    expect(model.nextResetAtMs).toBeGreaterThan(bench.bench.nowMs);
    expect(model.notices).toEqual(["REHEARSAL"]);
  });

  it("weigh the providers' windows, less what is kept for the person, and show when they begin anew", async () => {
    const bench = await overview();
    const { accounts, nowMs } = bench.bench;
    bench.bench.reservePercent = 20;
    const resetsAtMs = nowMs + 60_000;
    accounts.sawWindow("claude", { window: "five_hour", usedPermille: 770, resetsAtMs, seenAtMs: null });
    const model = throttleModel(bench.sources, accounts, () => false);
    expect(model).toMatchObject({
      windows: [
        {
          account: "claude",
          window: "five_hour",
          usedPermille: 770,
          reservePercent: 20,
          resetsAtMs,
          level: "HARD",
        },
      ],
      nextResetAtMs: resetsAtMs,
    });
    expect(model.runs[0]?.admits).toEqual(["high", "critical"]);
    accounts.park("claude", { cause: "rate-limited", message: "no", resetsAtMs });
    expect(throttleModel(bench.sources, accounts, () => false).runs[0]?.admits).toEqual([]);
  });
});
