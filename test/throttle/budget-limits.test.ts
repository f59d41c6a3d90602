/** Budgets of a roster as limits: who is held by which, for how long, and what counts where. */
import { beforeEach, describe, expect, it } from "vitest";
import type { SpendBudget } from "../../src/roster/roster.ts";
import { budgetLimits } from "../../src/throttle/budget-limits.ts";
import { limitId } from "../../src/throttle/limits.ts";
import { Throttle, type Admission } from "../../src/throttle/throttle.ts";
import { departmentLike, memberLike, NO_BUDGET, rosterLike } from "../support/rosters.ts";

// A Friday.
const nowMs = Date.parse("2026-02-13T10:00:00Z");
const mondayMs = Date.parse("2026-02-16T00:00:00Z");
const dollar = 1_000_000_000;

function budget(tokens: Partial<SpendBudget["tokens"]>, nanoUsd: Partial<SpendBudget["nanoUsd"]> = {}) {
  return { tokens: { ...NO_BUDGET.tokens, ...tokens }, nanoUsd: { ...NO_BUDGET.nanoUsd, ...nanoUsd } };
}

const plain = rosterLike();
const roster = rosterLike({
  tiers: { ...plain.tiers, execution: { ...plain.tiers.execution, budget: budget({ month: 50_000 }) } },
  departments: [
    departmentLike("web", { budget: budget({ week: 10_000 }) }),
    departmentLike("quality", { budget: budget({}, { day: dollar }) }),
  ],
  members: [
    memberLike("react", { departments: ["web", "quality"], budget: budget({ day: 4_000 }) }),
    memberLike("css", { departments: ["web"] }),
  ],
  budget: budget({ month: 100_000 }),
});

let throttle: Throttle;

beforeEach(() => {
  throttle = new Throttle({
    ...{ limits: budgetLimits(roster), timeZone: "UTC", criticalHeadroomPercent: 0, pauseAt: null },
    ...{ hardStop: false, oversized: "run", countSimulated: true },
    groupsOf: (id) => roster.members.find((member) => member.id === id) ?? null,
  });
  throttle.restore({ bookings: [], reservations: [] }, nowMs);
});

function subject(member: string | null) {
  return { worker: "w1", agent: "claude", model: null, member };
}

function ask(member: string | null, tokens: number, nanoUsd = 0): Admission {
  return throttle.admit(
    { attemptId: "", subject: subject(member), priority: "normal", spend: { tokens, nanoUsd } },
    nowMs,
  );
}

function book(member: string | null, tokens: number, nanoUsd = 0): void {
  const spend = { tokens, nanoUsd };
  throttle.book({ atMs: nowMs, subject: subject(member), spend, attemptId: null, simulated: false });
}

function used(id: string): number | undefined {
  return throttle.standings(nowMs).find((row) => row.limitId === id)?.used;
}

describe("budgets of a roster", () => {
  it("are limits of their own, in days, weeks and months", () => {
    expect(budgetLimits(roster).map((limit) => [limitId(limit), limit.amount])).toEqual([
      ["system tokens/month", 100_000],
      ["tier execution tokens/month", 50_000],
      ["department web tokens/week", 10_000],
      ["department quality cost/day", dollar],
      ["member react tokens/day", 4_000],
    ]);
    expect(budgetLimits(plain)).toEqual([]);
  });

  it("count one of several departments in each of them, and in all together once", () => {
    book("react", 1_000, 500);
    book("css", 200);
    book(null, 30);
    expect(used("department web tokens/week")).toBe(1_200);
    expect(used("department quality cost/day")).toBe(500);
    expect(used("member react tokens/day")).toBe(1_000);
    expect(used("tier execution tokens/month")).toBe(1_200);
    expect(used("system tokens/month")).toBe(1_230);
  });

  it("hold a task by the worst of them, with its name and the moment it frees", () => {
    book("css", 8_500);
    expect(ask("react", 2_000)).toMatchObject({
      kind: "deferred",
      limitId: "department web tokens/week",
      untilMs: mondayMs,
      reason: expect.stringContaining("the budget department web tokens/week has 1,500 left of 10K"),
    });
    // One of another department, and one of nobody, go.
    expect(ask(null, 2_000).kind).toBe("admitted");
  });

  it("count reservations, and let their room go", () => {
    const subjectOf = subject("react");
    const spend = { tokens: 3_000, nanoUsd: 0 };
    throttle.reserve({ attemptId: "a", subject: subjectOf, spend, oversized: false, sinceMs: nowMs });
    expect(ask("react", 1_500)).toMatchObject({ kind: "deferred", limitId: "member react tokens/day" });
    expect(ask("css", 1_500).kind).toBe("admitted");
    throttle.release("a");
    expect(ask("react", 1_500).kind).toBe("admitted");
  });

  it("are overrun when more is used than they allow, and not a token before", () => {
    const ids = (): string[] => throttle.overrunBudgets(subject("react"), nowMs).map((row) => row.limitId);
    book("react", 4_000);
    expect(ids()).toEqual([]);
    book("react", 1);
    expect(ids()).toEqual(["member react tokens/day"]);
    expect(throttle.overrunBudgets(subject("css"), nowMs)).toEqual([]);
  });

  it("say of those that bind everything how bad they stand", () => {
    book(null, 96_000);
    expect(throttle.effectiveLevel(null, nowMs)).toBe("HARD");
  });
});
