import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { beginStart, endStart, lastStart, noteLeft, pausedByStart } from "../src/last-start.ts";
import type { RecoveryReport } from "../src/recovery.ts";
import type { TaskDraft } from "../src/tasks/task.ts";
import { EngineBench } from "./support/engine-bench.ts";

const NOTHING: RecoveryReport = { backInQueue: [], goneOn: [], inDoubt: [], asks: [], lost: [] };

/** Starts of a manager over one ledger file; what is found is settled as a test says. */
class Starts {
  readonly folder = mkdtempSync(join(tmpdir(), "ctm-start-"));
  readonly bench = new EngineBench({
    ledgerFile: join(this.folder, "ledger.sqlite"),
    workers: ["w1", "w2", "w3", "w4", "w5"],
  });

  running(change: Partial<TaskDraft> = {}) {
    return this.bench.running("work", change);
  }

  begin(): void {
    this.bench.crash();
    this.bench.nowMs += 60_000;
    beginStart(this.bench.ledger, this.bench.nowMs);
  }

  end(report: Partial<RecoveryReport> = {}): boolean {
    return endStart(this.bench.ledger, { ...NOTHING, ...report });
  }

  lose(id: number): void {
    this.bench.engine.declareLost(this.bench.task(id), "its agent was gone");
  }

  found(): unknown[] {
    return lastStart(this.bench.ledger)?.attempts.map(({ taskId, found }) => [taskId, found]) ?? [];
  }

  get paused(): string | null {
    return this.bench.ledger.settings.get("paused");
  }

  close(): void {
    this.bench.close();
    rmSync(this.folder, { recursive: true });
  }
}

const all: Starts[] = [];

function startsOf(): Starts {
  const starts = new Starts();
  all.push(starts);
  return starts;
}

afterEach(() => {
  for (const starts of all.splice(0)) starts.close();
});

describe("the manager before", () => {
  it("was none, was killed, or left; and when it was last heard of", () => {
    const starts = startsOf();
    const { bench } = starts;
    expect(lastStart(bench.ledger)).toBeNull();
    starts.begin();
    starts.end();
    expect(lastStart(bench.ledger)).toMatchObject({ before: "nothing", lastSeenMs: null, rebooted: false });
    starts.begin();
    starts.end();
    expect(lastStart(bench.ledger)).toMatchObject({ before: "killed", lastSeenMs: null });
    noteLeft(bench.ledger, bench.nowMs);
    const leftAtMs = bench.nowMs;
    starts.begin();
    starts.end();
    expect(lastStart(bench.ledger)).toMatchObject({ before: "left", lastSeenMs: leftAtMs });
  });

  it("killed: was last heard of when a task last moved", async () => {
    const starts = startsOf();
    starts.begin();
    starts.end();
    await starts.running();
    const movedAtMs = starts.bench.nowMs;
    starts.begin();
    expect(lastStart(starts.bench.ledger)).toMatchObject({ before: "killed", lastSeenMs: movedAtMs });
  });

  it("ran before the machine was started anew", () => {
    const starts = startsOf();
    starts.begin();
    starts.bench.ledger.settings.set("manager", JSON.stringify({ bootId: "another boot", leftAtMs: null }));
    starts.begin();
    // Where the system has no boot id nothing is claimed.
    expect(lastStart(starts.bench.ledger)?.rebooted).toBe(process.platform === "linux");
  });

  it("is unknown when its note is damaged", () => {
    const starts = startsOf();
    starts.bench.ledger.settings.set("manager", "{");
    for (const damaged of ["[", "{}", "7", "null"]) {
      starts.bench.ledger.settings.set("last start", damaged);
      starts.begin();
      expect(starts.end()).toBe(false);
      expect(lastStart(starts.bench.ledger)?.attempts).toEqual([]);
    }
  });
});

describe("what was in flight", () => {
  it("is told as it was found, and pauses nothing while every outcome is known", async () => {
    const starts = startsOf();
    for (let n = 0; n < 3; n += 1) await starts.running();
    await starts.bench.sent();
    starts.begin();
    const [first, second] = [starts.bench.attempt(1), starts.bench.attempt(2)];
    starts.bench.distributor.ended(first, { kind: "completed", exitCode: null, answer: "done" });
    starts.bench.distributor.ended(second, { kind: "failed", reason: "no", exitCode: 1 });
    starts.bench.engine.notTyped(starts.bench.task(4), "not typed");
    expect(starts.end()).toBe(false);
    expect(starts.found()).toEqual([
      [1, "ended"],
      [2, "ended"],
      [3, "goes-on"],
      [4, "queued"],
    ]);
    expect(starts.paused).toBeNull();
    noteLeft(starts.bench.ledger, starts.bench.nowMs);
    starts.begin();
    expect(starts.end()).toBe(false);
    expect(starts.found()).toEqual([[3, "goes-on"]]);
  });

  it.each(["lost", "uncertain"] as const)("pauses the dispatch when it is %s", async (found) => {
    const starts = startsOf();
    await starts.running();
    starts.begin();
    if (found === "lost") starts.lose(1);
    expect(starts.end(found === "lost" ? {} : { asks: [1] })).toBe(true);
    expect(starts.found()).toEqual([[1, found]]);
    expect(starts.paused).toMatch(found === "lost" ? /^1 task lost/ : /^1 task with an uncertain delivery/);
    expect(pausedByStart(starts.bench.ledger)).toBe(true);
  });

  it("pauses nothing for a task that asks to be tried again when it is lost", async () => {
    const starts = startsOf();
    await starts.running({ retryLost: true });
    starts.begin();
    starts.lose(1);
    expect(starts.end()).toBe(false);
    expect(starts.found()).toEqual([[1, "lost"]]);
  });

  it("leaves a person's own pause and its reason as they are", async () => {
    const starts = startsOf();
    await starts.running();
    starts.bench.ledger.settings.set("paused", "by hand");
    starts.begin();
    starts.lose(1);
    expect(starts.end()).toBe(false);
    expect([starts.paused, pausedByStart(starts.bench.ledger)]).toEqual(["by hand", false]);
  });

  it("stays told until a person resumes, however often the manager starts", async () => {
    const starts = startsOf();
    await starts.running();
    starts.begin();
    starts.lose(1);
    starts.end();
    const told = lastStart(starts.bench.ledger)?.atMs;
    noteLeft(starts.bench.ledger, starts.bench.nowMs);
    starts.begin();
    expect(starts.end()).toBe(false);
    expect(lastStart(starts.bench.ledger)).toMatchObject({ atMs: told, before: "nothing" });
    expect([starts.found(), pausedByStart(starts.bench.ledger)]).toEqual([[[1, "lost"]], true]);
    starts.bench.ledger.settings.set("paused", null);
    starts.begin();
    expect([starts.end(), starts.found(), starts.paused]).toEqual([false, [], null]);
  });

  it("is told by the next start when this one is killed before it has judged", async () => {
    const starts = startsOf();
    await starts.running();
    await starts.running();
    starts.begin();
    starts.lose(1);
    starts.begin();
    expect(starts.end()).toBe(true);
    expect(starts.found()).toEqual([
      [1, "lost"],
      [2, "goes-on"],
    ]);
    expect(starts.paused).toMatch(/^1 task lost/);
  });
});
