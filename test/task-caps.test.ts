import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome, TaskDraft } from "../src/tasks/task.ts";
import { EngineBench, recordOf } from "./support/engine-bench.ts";

const DONE: Outcome = { kind: "completed", exitCode: null, answer: "done" };
const CAP = { tokens: 500, nanoUsd: null };
let folder: string;
let bench: EngineBench;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-caps-"));
  bench = new EngineBench({ workers: ["w1"], ledgerFile: join(folder, "ledger.db") });
});

afterEach(() => {
  bench.close();
  rmSync(folder, { recursive: true });
});

/** A capped task that has used so much. */
async function used(tokens: number, change: Partial<TaskDraft> = {}) {
  const order = await bench.running("200 tokens", { cap: CAP, ...change });
  bench.distributor.used(order.attemptId, [recordOf(`r1-${order.attemptId}`, tokens)]);
  return { id: order.task.id, attemptId: order.attemptId };
}

function told(): number {
  return bench.factsOf("task-at-cap").length;
}

describe("a task that reaches its cap", () => {
  it("is stopped and asked about once, and keeps its worker and its reservation", async () => {
    const { id, attemptId } = await used(499);
    expect(bench.state(id)).toBe("running");
    bench.distributor.used(attemptId, [recordOf("r2", 1)]);
    expect(bench.task(id).state).toMatchObject({
      name: "parked",
      reason: expect.stringMatching(/^over its cap of 500 tokens with 500 tokens: `release 1`/),
    });
    bench.distributor.used(attemptId, [recordOf("r3", 100)]);
    expect([bench.distributor.halted, told()]).toEqual([[attemptId], 1]);
    expect(bench.throttle.held(attemptId).tokens).toBeGreaterThan(0);
    expect(bench.ledger.spend.ofAttempt(attemptId).tokens).toBe(600);
  });

  it("counts money as limits do", async () => {
    const { id } = await used(1_000, { cap: { tokens: null, nanoUsd: 1_000_000_000 } });
    expect(bench.state(id)).toBe("running");
    bench.distributor.ended(bench.attempt(id), DONE, []);
    const dear = await used(1_000, { cap: { tokens: null, nanoUsd: 1 } });
    expect(bench.state(dear.id)).toBe("parked");
  });

  it("is not told to go on when its account is freed, nor by the end of a pause", async () => {
    await used(500);
    bench.engine.resumeParked();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await bench.settled();
    expect(bench.distributor.resumed).toEqual([]);
  });

  it.each([
    ["without a cap", () => bench.engine.caps.release(1), { cap: null }],
    [
      "under a higher one",
      () => bench.engine.caps.set(1, { tokens: 900, nanoUsd: null }),
      { cap: { tokens: 900 } },
    ],
  ])("goes on %s when a person says so, in its conversation and at once", async (_how, say, draft) => {
    const { id, attemptId } = await used(500);
    bench.autoResume = false;
    say();
    await vi.waitFor(() => expect(bench.state(id)).toBe("running"), 5_000);
    expect(bench.distributor.resumed).toEqual([attemptId]);
    expect(bench.task(id).draft).toMatchObject(draft);
    bench.distributor.used(attemptId, [recordOf("r2", 100)]);
    expect([bench.state(id), told()]).toEqual(["running", 1]);
    bench.distributor.used(attemptId, [recordOf("r3", 300)]);
    expect([bench.state(id), told()]).toEqual(draft.cap === null ? ["running", 1] : ["parked", 2]);
  });

  it("refuses a cap that is used up, and one for a task that has ended", async () => {
    const { id, attemptId } = await used(500);
    expect(() => bench.engine.caps.set(id, CAP)).toThrow("task 1 has used more than 500 tokens already");
    bench.distributor.ended(attemptId, DONE, []);
    expect(bench.state(id)).toBe("completed");
    expect(() => bench.engine.caps.set(id, CAP)).toThrow("task 1 has ended already: completed");
    expect(bench.engine.caps.release(id)).toBe(false);
  });

  it("goes on, and is asked no more, when a person says something in its pane", async () => {
    const { id, attemptId } = await used(500);
    bench.distributor.accepted(attemptId);
    expect(bench.task(id)).toMatchObject({ state: { name: "running" }, draft: { cap: null } });
    bench.distributor.used(attemptId, [recordOf("r2", 5_000)]);
    expect([bench.state(id), told()]).toEqual(["running", 1]);
  });

  it("waits over a crash, is interrupted again and not asked again; `release` lets it go on", async () => {
    const { id, attemptId } = await used(500);
    bench.crash();
    bench.engine.caps.haltAgain(bench.task(id));
    bench.engine.resumeParked();
    bench.distributor.used(attemptId, [recordOf("r2", 50)]);
    expect([bench.state(id), told(), bench.distributor.halted]).toEqual([
      "parked",
      1,
      [attemptId, attemptId],
    ]);
    expect(bench.engine.caps.release(id)).toBe(true);
    bench.crash();
    bench.engine.resumeParked();
    await vi.waitFor(() => expect(bench.state(id)).toBe("running"), 5_000);
    expect(bench.distributor.resumed).toEqual([attemptId]);
  });

  it("a cap set while it waits in the queue is the one that counts", async () => {
    const id = bench.add("200 tokens");
    bench.engine.caps.set(id, CAP);
    expect(bench.task(id).draft.cap).toEqual(CAP);
  });
});
