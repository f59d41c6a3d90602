import { expect, it } from "vitest";
import { signalsOf } from "../../src/alerts/signals.ts";
import type { Fact } from "../../src/events/facts.ts";

const atMs = 0;
const moved = { kind: "task-moved", atMs, taskId: 7, worker: "w1", reason: null } as const;
const own = { atMs, worker: "w1", member: "coder", name: "Coder", taskId: 7 } as const;
const context = { kind: "context", ...own, tokens: 26_000, maxTokens: 32_000, told: "boss" } as const;
const escalated = { kind: "task-escalated", atMs, taskId: 7, member: "boss", reason: "stuck" } as const;
const worker = { kind: "worker-changed", atMs, worker: "w1" } as const;

it.each<[Fact, string[]]>([
  [
    { kind: "level-changed", atMs, limitId: "cost/hour", from: "SOFT", to: "HARD" },
    ["level cost/hour 3 warning"],
  ],
  [
    { kind: "level-changed", atMs, limitId: "cost/hour", from: "HARD", to: "CRITICAL" },
    ["level cost/hour 4 critical"],
  ],
  [
    { kind: "level-changed", atMs, limitId: "cost/hour", from: "SOFT", to: "NONE" },
    ["level cost/hour 0 info"],
  ],
  [{ kind: "finding-opened", atMs, rule: "T1", subject: "a", evidence: "e" }, ["finding T1 a 1 warning"]],
  [{ kind: "finding-resolved", atMs, rule: "T1", subject: "a" }, ["finding T1 a 0 info"]],
  [{ kind: "worker-asks", atMs, worker: "w1", question: "?" }, ["question w1 1 warning"]],
  [{ ...moved, from: "needs-input", to: "running" }, ["question w1 0 info"]],
  [{ kind: "task-at-cap", atMs, taskId: 7, worker: "w1", message: "m" }, ["cap #7 1 warning"]],
  [{ ...moved, from: "parked", to: "running" }, ["cap #7 0 info"]],
  [{ ...worker, state: "dead", because: "exit code 1" }, ["question w1 0 info", "worker w1 1 warning"]],
  // What a person did is no news to them.
  [{ ...worker, state: "dead", because: "killed by a person" }, ["question w1 0 info", "worker w1 0 info"]],
  [{ ...worker, state: "needs-input", because: "it asks" }, ["worker w1 0 info"]],
  [
    { kind: "account-parked", atMs, account: "a", cause: "quota-exhausted", message: "m", untilMs: null },
    ["account a 1 warning"],
  ],
  [{ kind: "account-freed", atMs, account: "a" }, ["account a 0 info"]],
  [{ kind: "storage-changed", atMs, fault: "the disk is full", ends: false }, ["storage 1 critical"]],
  [{ kind: "storage-changed", atMs, fault: null, ends: false }, ["storage 0 info"]],
  [{ ...context, event: "near" }, ["context w1 1 info"]],
  [{ ...context, event: "full" }, ["context w1 2 warning"]],
  [{ ...context, event: "compacted" }, ["context w1 0 info"]],
  [{ ...context, event: "renewed" }, ["context w1 0 info"]],
  [{ ...context, event: "below" }, ["context w1 0 info"]],
  [{ ...escalated, level: 2, by: "agent" }, ["escalated #7 2 info"]],
  [{ ...escalated, level: 3, by: "budget" }, ["escalated #7 3 warning"]],
  [{ ...escalated, level: 4, by: "agent" }, ["escalated #7 4 warning"]],
  [{ ...escalated, level: 4, by: "person" }, []],
  [{ ...moved, from: "running", to: "needs-input" }, []],
  [{ ...moved, from: "running", to: "completed" }, ["escalated #7 0 info"]],
  [{ kind: "trouble", atMs, message: "m" }, []],
])("%o", (fact, expected) => {
  expect(signalsOf(fact).map(({ key, grade, severity }) => `${key} ${grade} ${severity}`)).toEqual(expected);
});

it("a budget of the roster is told as one", () => {
  const fact = { kind: "level-changed", atMs, from: "NONE", to: "WARNING" } as const;
  const [budget] = signalsOf({ ...fact, limitId: "department web cost/day" });
  expect(budget).toMatchObject({
    kind: "budgets",
    title: "the budget department web cost/day is at WARNING",
  });
  const [limit] = signalsOf({ ...fact, limitId: "worker concurrent_worker1 tokens/day" });
  expect(limit).toMatchObject({ kind: "levels", title: "limit concurrent_worker1 tokens/day is at WARNING" });
});

it("a context budget is told in words that say how full it is and what comes of it", () => {
  const told = (event: "near" | "full") =>
    signalsOf({ ...context, event }).map(({ kind, title, text }) => [kind, title, text]);
  expect(told("near")).toEqual([
    [
      "budgets",
      "Agent Coder approaching context limit",
      "26,000 of 32,000 tokens on w1, task #7. At its limit the conversation is compacted, or left, before its next task.",
    ],
  ]);
  expect(told("full")).toEqual([
    [
      "budgets",
      "Agent Coder reached its context limit",
      "26,000 of 32,000 tokens on w1, task #7; handed up to boss, level 3. Its conversation is compacted, or left, before its next task.",
    ],
  ]);
});

it("what a budget hands up is told as a budget, what an agent does as an escalation", () => {
  const told = (by: "budget" | "agent") => signalsOf({ ...escalated, level: 3, by });
  expect(told("budget")).toMatchObject([
    { kind: "budgets", title: "#7 is handed up to level 3 (coordinator)" },
  ]);
  expect(told("agent")).toMatchObject([{ kind: "escalations", text: "To boss: stuck", news: "words" }]);
});
