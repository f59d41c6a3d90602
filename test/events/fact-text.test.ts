import { describe, expect, it } from "vitest";
import { factText } from "../../src/events/fact-text.ts";
import type { Fact } from "../../src/events/facts.ts";

const atMs = 1;
const moved = {
  kind: "task-moved",
  atMs,
  taskId: 7,
  from: "running",
  to: "failed",
  worker: "w1",
  reason: "exit code 3",
} as const;
const used = { kind: "usage-booked", atMs, taskId: 7, worker: "w1", tokens: 1_234 } as const;

describe("a fact in words", () => {
  it.each<[Fact, string]>([
    [{ kind: "task-added", atMs, taskId: 7, text: "fix it" }, "#7 queued: fix it"],
    [moved, "#7 running → failed on w1 (exit code 3)"],
    [{ ...moved, from: "queued", to: "cancelled", worker: null, reason: null }, "#7 queued → cancelled"],
    [
      { kind: "task-deferred", atMs, taskId: 7, reason: "cost/hour is at 96%", untilMs: null },
      "#7 waits: cost/hour is at 96%",
    ],
    [{ ...used, source: "actual" }, "#7 used 1,234 tokens on w1"],
    [{ ...used, source: "estimated" }, "#7 used ~1,234 tokens on w1"],
    [{ ...used, source: "simulated" }, "#7 used 1,234 tokens (simulated) on w1"],
    [{ ...used, source: "unknown" }, "#7 used an unknown number of tokens on w1"],
    [{ ...used, taskId: null, source: "actual" }, "outside any task used 1,234 tokens on w1"],
    [{ kind: "worker-changed", atMs, worker: "w1", state: "idle", because: "" }, "w1 is idle"],
    [
      { kind: "worker-changed", atMs, worker: "w1", state: "idle", because: "the turn ended" },
      "w1 is idle (the turn ended)",
    ],
    [{ kind: "worker-asks", atMs, worker: "w1", question: "May I?" }, "w1 asks: May I?"],
    [
      {
        kind: "account-parked",
        atMs,
        account: "work",
        cause: "rate-limited",
        message: "slow down",
        untilMs: 0,
      },
      "account work is parked (rate-limited) until 1970-01-01T00:00:00.000Z: slow down",
    ],
    [
      {
        kind: "account-parked",
        atMs,
        account: "work",
        cause: "not-logged-in",
        message: "log in",
        untilMs: null,
      },
      "account work is parked (not-logged-in) until a person says it is free: log in",
    ],
    [{ kind: "account-freed", atMs, account: "work" }, "account work is free again"],
    [
      { kind: "dispatch-changed", atMs, auto: true, paused: false, reason: null },
      "auto is on, dispatch not paused",
    ],
    [
      { kind: "dispatch-changed", atMs, auto: false, paused: true, reason: "lunch" },
      "auto is off, dispatch paused (lunch)",
    ],
    [
      { kind: "limit-set", atMs, limitId: "global cost/hour", reason: null },
      "limit global cost/hour was set",
    ],
    [
      { kind: "limit-set", atMs, limitId: "global cost/hour", reason: "release" },
      "limit global cost/hour was set (release)",
    ],
    [{ kind: "focus-changed", atMs, percent: null, untilMs: null }, "focus is off"],
    [
      { kind: "focus-changed", atMs, percent: 25, untilMs: null },
      "focus is on: 25% of the limits is kept for you",
    ],
    [{ kind: "trouble", atMs, message: "the disk is full" }, "trouble: the disk is full"],
  ])("%j", (fact, words) => {
    expect(factText(fact)).toBe(words);
  });
});
