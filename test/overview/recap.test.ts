import { afterEach, describe, expect, it } from "vitest";
import { beginStart, endStart } from "../../src/last-start.ts";
import { recapModel } from "../../src/overview/recap.ts";
import { OverviewBench } from "../support/overview-bench.ts";

const NOTHING = { backInQueue: [], goneOn: [], inDoubt: [], asks: [], lost: [] };
let made: OverviewBench | null = null;

afterEach(() => {
  made?.close();
  made = null;
});

describe("the recap", () => {
  it("before any manager ran tells nothing", async () => {
    made = await OverviewBench.open();
    expect(recapModel([], made.sources)).toMatchObject({ startedAtMs: null, before: "nothing", tasks: [] });
  });

  it("tells what was found with what it used, and how it stands now", async () => {
    made = await OverviewBench.open();
    const { bench } = made;
    const lost = await bench.running("400 tokens");
    const asks = await bench.running("work");
    bench.add("waits");
    beginStart(bench.ledger, bench.nowMs);
    bench.engine.declareLost(bench.task(1), "its agent was gone");
    endStart(bench.ledger, NOTHING);
    bench.distributor.asks(asks.attemptId, "May I?");
    const model = recapModel(
      [{ pid: 7, startTime: 1, program: "node", launchId: "concurrent-worker1-0a1b2c3d4e" }],
      made.sources,
    );
    expect(model).toMatchObject({
      startedAtMs: bench.nowMs,
      pausedHere: true,
      paused: expect.stringMatching(/^1 task lost/),
      waiting: 1,
      // What nobody can tell is not shown as 0.
      tokens: { value: null },
      unknownUsageTasks: 1,
    });
    expect(model.tasks).toMatchObject([
      { id: 1, found: "lost", state: "lost", reason: "its agent was gone", worker: lost.worker, over: true },
      { id: 2, found: "goes-on", state: "needs-input", over: false },
    ]);
    expect(model.asking).toEqual([{ taskId: 2, alias: "w2", question: "May I?" }]);
    expect(model.survivors).toEqual([
      { pid: 7, program: "node", worker: "concurrent_worker1", taskId: null },
    ]);
  });

  it("follows a task that was tried again", async () => {
    made = await OverviewBench.open();
    const { bench } = made;
    await bench.running("work");
    beginStart(bench.ledger, bench.nowMs);
    bench.engine.declareLost(bench.task(1), "its agent was gone");
    endStart(bench.ledger, NOTHING);
    bench.engine.retry(1, "again");
    expect(recapModel([], made.sources).tasks).toMatchObject([{ id: 1, found: "lost", state: "queued" }]);
  });
});
