import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AlertWatch } from "../src/alert-watch.ts";
import type { Signal } from "../src/alerts/alert.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { NO_USAGE } from "../src/metering/usage.ts";
import type { TaskStateName } from "../src/tasks/task.ts";
import { assignmentOf, draftOf } from "./support/drafts.ts";

const NOW = Date.parse("2026-02-11T12:00:00Z");
let ledger: Ledger;
let watch: AlertWatch;
let nowMs: number;
let month: number | null;
let signals: Signal[];

beforeEach(() => {
  vi.useFakeTimers();
  ledger = Ledger.open(":memory:");
  [nowMs, month, signals] = [NOW, 720e9, []];
  watch = new AlertWatch({
    ledger,
    burnRate: { fast: 3, slow: 2 },
    monthNanoUsd: () => month,
    now: () => nowMs,
    signal: (signal) => signals.push(signal),
    trouble: (error) => {
      throw error;
    },
  });
});
afterEach(() => {
  watch.close();
  ledger.close();
  vi.useRealTimers();
});

const told = (): string[] =>
  signals
    .splice(0)
    .map(({ key, grade, severity, title, text }) =>
      grade === 0 ? `${key} over` : `${key} ${severity}: ${title} (${text})`,
    );
const ended = (to: TaskStateName, taskId = 1): void =>
  watch.hear({ kind: "task-moved", atMs: nowMs, taskId, from: "running", to, worker: null, reason: null });

describe("the end of a batch", () => {
  it("is told when nothing waits and nothing is at work, once", () => {
    const [task] = ledger.add([{ draft: draftOf("x"), assignment: assignmentOf() }], NOW);
    ended("completed");
    nowMs += 120_000;
    vi.advanceTimersByTime(10_000);
    expect(told()).toEqual([]);
    if (task !== undefined) ledger.setHold(task.task.id, "later");
    ended("failed", 2);
    vi.advanceTimersByTime(10_000);
    expect(told()).toEqual([
      "batch warning: all 2 tasks have ended (1 completed, 1 failed in 2 min; 1 held)",
    ]);
    vi.advanceTimersByTime(100_000);
    expect(told()).toEqual([]);
  });

  it("is no news of a single short task, but of a long one", () => {
    ended("completed");
    vi.advanceTimersByTime(10_000);
    expect(told()).toEqual([]);
    watch.hear({ kind: "task-added", atMs: nowMs, taskId: 2, text: "x" });
    nowMs += 60_000;
    ended("completed", 2);
    vi.advanceTimersByTime(10_000);
    expect(told()).toEqual(["batch info: the task has ended (1 completed in 1 min)"]);
  });
});

describe("the pace of money", () => {
  let keys = 0;
  const spend = (usd: number, atMs: number, source: "actual" | "simulated" = "actual"): void => {
    keys += 1;
    ledger.bookUsage([
      {
        ...{ key: `k${keys}`, attemptId: null, taskId: null, worker: "w", agent: "claude", model: "sonnet" },
        ...{
          limitModel: null,
          type: null,
          atMs,
          source,
          usage: NO_USAGE,
          bookedTokens: 0,
          bookedNanoUsd: usd * 1e9,
        },
        ...{ costNanoUsd: usd * 1e9, priceTable: "list", sessionId: null, cliVersion: null, flags: [] },
      },
    ]);
  };

  it("alerts when both windows burn too fast, with the figures, and says when it is over", () => {
    spend(3, NOW - 1_800_000);
    spend(100, NOW - 1_000, "simulated");
    watch.lookAtPace();
    expect(told()).toEqual(["burn 1h over", "burn 6h over"]);
    spend(0.5, NOW - 1_000);
    watch.hear({ kind: "usage-booked", atMs: NOW, taskId: null, worker: "w", tokens: 0, source: "actual" });
    vi.advanceTimersByTime(30_000);
    expect(told()).toEqual([
      "burn 1h critical: money burns more than 3 times as fast as the month allows ($3.50/h over 1 h and $6.00/h over 5 min. $720.00 a month are $1.00/h when spent evenly; the bound is 3 times that, $3.00/h, over both.)",
      "burn 6h over",
    ]);
    // It is looked at again without another booking.
    nowMs += 600_000;
    vi.advanceTimersByTime(30_000);
    expect(told()).toEqual(["burn 1h over", "burn 6h over"]);
    vi.advanceTimersByTime(300_000);
    expect(told()).toEqual([]);
  });

  it("is looked at by nobody where the month has no limit", () => {
    month = null;
    spend(100, NOW);
    watch.lookAtPace();
    expect(told()).toEqual([]);
  });
});
