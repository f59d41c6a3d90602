import { afterEach, describe, expect, it } from "vitest";
import { statusModel } from "../../src/overview/status.ts";
import { renderStatus } from "../../src/reports/status.ts";
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

describe("status", () => {
  it("shows the figures of the documents for their twelve tasks (S2-36 to -39)", async () => {
    const bench = await overview();
    await bench.documentHistory();
    const model = statusModel(bench.sources);
    expect(model).toMatchObject({
      completed: 12,
      tokens: { value: 48_523, source: "actual" },
      cost: { value: 145_569_000, source: "actual" },
      queue: { queued: 0, held: 0, running: 0, failed: 0, lost: 0 },
      unknownUsageTasks: 0,
      simulated: null,
      level: "NONE",
      mode: { kind: "manual" },
    });
    expect(model.workers.map(({ alias, done, tokens }) => [alias, done, tokens.value])).toEqual([
      ["w1", 4, 15_234],
      ["w2", 5, 18_542],
      ["w3", 3, 14_747],
    ]);
    const lines = renderStatus(model, {
      columns: 80,
      colour: false,
      unicode: false,
      nowMs: model.nowMs,
      timeZone: "UTC",
    });
    const text = lines.join("\n");
    for (const words of [
      "Total completed: 12",
      "Total tokens used: 48,523",
      "Estimated cost: $0.1456",
      /Tokens\/hour: 48,523 \/ 500K .* 9\.7%/,
      /Tokens\/day: {2}48,523 \/ 5M .* 0\.97%/,
      /Cost\/hour: {3}\$0\.15 \/ \$5\.00 .* 2\.9%/,
      /Cost\/month: {2}\$0\.15 \/ \$1,000\.00 .* 0\.01%/,
      /concurrent_worker1 .*Hour: 15,234 \(15\.2%\) \| Day: 15,234 \(1\.5%\)/,
      /concurrent_worker2 .*Hour: 18,542 \(18\.5%\)/,
    ])
      expect(text).toMatch(words);
  });

  it("counts each task where it stands", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 10 }, { outcome: { kind: "failed", reason: "no", exitCode: null } });
    await bench.task(1, null, { outcome: { kind: "lost", reason: "gone" } });
    await bench.task(2, { inputTokens: 10 });
    const inHand = await bench.bench.running("work", { worker: "concurrent_worker2" });
    bench.worker(2).take({
      id: inHand.attemptId,
      taskId: inHand.task.id,
      paste: null,
      phase: "accepted",
      marks: new Map(),
      cancelling: false,
      capped: false,
      question: null,
    });
    bench.bench.add("waits");
    bench.bench.add("held", { holdReason: "ask Anna" });
    const model = statusModel(bench.sources);
    expect(model.queue).toEqual({ queued: 2, held: 1, running: 1, failed: 1, lost: 1 });
    expect(model.completed).toBe(1);
    expect(
      model.workers.map(({ state, done, failed, task }) => [state, done, failed, task?.text ?? null]),
    ).toEqual([
      ["idle", 0, 2, null],
      ["busy", 1, 0, "work"],
      ["idle", 0, 0, null],
    ]);
  });

  it("never passes off what nobody knows as known", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 100, outputTokens: 20 });
    await bench.task(2, null);
    const model = statusModel(bench.sources);
    expect(model).toMatchObject({
      tokens: { value: 120 + 100, source: "estimated" },
      cost: { source: "estimated" },
      unknownUsageTasks: 1,
    });
    expect(model.workers[1]).toMatchObject({ cost: { value: null, source: "unknown" } });
    expect(model.limits.find(({ limitId }) => limitId === "global tokens/hour")).toMatchObject({
      usedSource: "estimated",
    });
    expect(model.workerLevels.map(({ hour }) => hour?.usedSource)).toEqual(["actual", "estimated", "actual"]);
  });

  it("marks a rehearsal as simulated, and tells its share", async () => {
    const bench = await overview({ countSimulated: true }, "rehearsal");
    await bench.task(1, { inputTokens: 400, outputTokens: 100 }, { draft: { agent: "rehearsal" } });
    const model = statusModel(bench.sources);
    expect(model).toMatchObject({
      tokens: { value: 500, source: "simulated" },
      simulated: { tokens: 500, nanoUsd: 1_500_000 },
    });
    expect(model.workers[0]).toMatchObject({ simulated: true, tokens: { source: "simulated" } });
  });

  it.each<[string, (bench: OverviewBench) => void, object]>([
    ["offline", (bench) => void (bench.startedAtMs = null), { kind: "offline" }],
    [
      "paused",
      (bench) => bench.bench.ledger.settings.set("paused", "lunch"),
      { kind: "paused", reason: "lunch" },
    ],
    [
      "paused, no reason given",
      (bench) => bench.bench.ledger.settings.set("paused", ""),
      { kind: "paused", reason: null },
    ],
    ["auto", (bench) => bench.bench.engine.setAuto(true), { kind: "auto", tickMs: 10_000 }],
  ])("says how dispatch stands: %s", async (_what, arrange, mode) => {
    const bench = await overview();
    arrange(bench);
    expect(statusModel(bench.sources).mode).toEqual(mode);
  });

  it("says how long it is up, and nothing when no manager runs", async () => {
    const bench = await overview();
    expect(statusModel(bench.sources).upMs).toBe(42 * 60_000);
    bench.startedAtMs = null;
    expect(statusModel(bench.sources).upMs).toBeNull();
  });

  it("gives each worker its own level and what it admits, the global one being stricter", async () => {
    const bench = await overview();
    await bench.task(1, { inputTokens: 92_000 });
    const model = statusModel(bench.sources);
    expect(model.level).toBe("NONE");
    expect(model.workerLevels.map(({ alias, level, admits }) => [alias, level, admits.length])).toEqual([
      ["w1", "SOFT", 3],
      ["w2", "NONE", 4],
      ["w3", "NONE", 4],
    ]);
    for (const n of [2, 3] as const)
      for (let share = 0; share < 5; share += 1) {
        bench.bench.nowMs += 3_600_001;
        await bench.task(n, { inputTokens: 88_000 });
      }
    bench.bench.throttle.setLimits(
      bench.bench.throttle.limits.map((limit) =>
        limit.scope.kind === "global" && limit.unit === "tokens" && limit.window === "day"
          ? { ...limit, amount: 1_000_000 }
          : limit,
      ),
    );
    expect(statusModel(bench.sources).level).toBe("HARD");
    expect(statusModel(bench.sources).workerLevels.map(({ admits }) => admits.length)).toEqual([2, 2, 2]);
  });
});
