import { describe, expect, it } from "vitest";
import { NO_AGGREGATE, type Aggregate } from "../../src/hierarchy/aggregate.ts";
import { findingKey, findingsOf, type Figures } from "../../src/optimization/rules.ts";
import { departmentLike, memberLike, rosterLike } from "../support/rosters.ts";

const usd = (dollars: number): number => Math.round(dollars * 1e9);

/** Who has which sums; nothing is spent or long unless it is said. */
function figures(
  agents: Readonly<Record<string, Partial<Aggregate>>>,
  change: Partial<Figures> = {},
): Figures {
  return {
    sums: ({ id }) => ({ ...NO_AGGREGATE, ...agents[id] }),
    roster: rosterLike({
      departments: [departmentLike("frontend")],
      members: Object.keys(agents).map((id) => memberLike(id)),
    }),
    budgets: [],
    longTasks: [],
    ...change,
  };
}
const found = (given: Figures, open: readonly string[] = []): string[] =>
  findingsOf(given, new Set(open)).map(findingKey);
const rate = (succeeded: number, ended: number) => ({ succeeded, failed: ended - succeeded });
const cost = (nano: number, tasks = 5) => ({ costNanoUsd: nano * tasks, costKnown: tasks });

describe("T1, an agent dearer than the others of its department", () => {
  const beside = (
    nano: number,
    others: Record<string, Partial<Aggregate>> = { a: cost(1_000), b: cost(3_000) },
  ) => found(figures({ me: cost(nano), ...others })).filter((key) => key === "T1 me");

  it.each([
    [2_400, []],
    [2_401, ["T1 me"]],
    [1_000, []],
  ])("at %d against a mean of 2,000: %j", (nano, keys) => {
    expect(beside(nano)).toEqual(keys);
  });

  it("is compared with those alone who have done enough, and says nothing of one who has not", () => {
    expect(beside(2_401, { a: cost(1_000), b: cost(9_000, 4) })).toEqual(["T1 me"]);
    expect(beside(9_000, { a: cost(1_000, 4) })).toEqual([]);
    expect(found(figures({ me: cost(9_000, 4), a: cost(1_000) }))).toEqual([]);
    expect(beside(9_000, { a: cost(0) })).toEqual([]);
  });

  it("is exact where the mean is no whole number", () => {
    // 120 % of the mean are 4,000,000.2.
    const others = { a: cost(3_333_333, 7), b: { costNanoUsd: 3_333_334 * 6, costKnown: 6 } };
    const mean = (3_333_333 + 3_333_334) / 2;
    expect(beside(Math.floor(mean * 1.2), others)).toEqual([]);
    expect(beside(Math.floor(mean * 1.2) + 1, others)).toEqual(["T1 me"]);
  });
});

describe("T2, too few successes", () => {
  it.each([
    [8_500, 10_000, []],
    [8_499, 10_000, ["T2 me"]],
    [17, 20, []],
    [16, 20, ["T2 me"]],
    [0, 19, []],
    [0, 0, []],
  ])("%d of %d: %j", (succeeded, ended, keys) => {
    expect(found(figures({ me: rate(succeeded, ended) }))).toEqual(keys);
  });
});

describe("T3, too much handed up", () => {
  const handed = (coordinator: number, human: number, invocations: number) =>
    found(figures({ me: { invocations, levels: [9, 9, coordinator, human] } }));

  it.each([
    [1_000, 500, 10_000, []],
    [1_001, 500, 10_000, ["T3 me"]],
    [3, 0, 20, []],
    [0, 4, 20, ["T3 me"]],
    [19, 0, 19, []],
  ])("%d and %d of %d: %j", (coordinator, human, invocations, keys) => {
    expect(handed(coordinator, human, invocations)).toEqual(keys);
  });
});

describe("T4 and T5, more than a budget", () => {
  const stand = (department: string | null, spent: number, budget: number, open: readonly string[] = []) =>
    found(
      figures(
        {},
        { budgets: [{ department, window: "month", spentNanoUsd: usd(spent), budgetNanoUsd: usd(budget) }] },
      ),
      open,
    );

  it.each([
    [330, []],
    [330.01, ["T5 system by month"]],
    [400, ["T5 system by month"]],
  ])("$%d of $300 all together: %j", (spent, keys) => {
    expect(stand(null, spent, 300)).toEqual(keys);
  });

  it("of a department names the agent that has cost most", () => {
    expect(stand("frontend", 11, 10)).toEqual([]);
    expect(stand("frontend", 11.01, 10)).toEqual(["T4 frontend by month"]);
    const given = figures(
      { a: { costNanoUsd: 5 }, b: { costNanoUsd: 7 } },
      { budgets: [{ department: "frontend", window: "day", spentNanoUsd: usd(2), budgetNanoUsd: usd(1) }] },
    );
    expect(findingsOf(given, new Set())).toEqual([
      {
        rule: "T4",
        subject: "frontend by day",
        evidence: "$2.00 spent this day of a budget of $1.00: 200.00% (more than 110%)",
        suggestion: "begin with b, which has cost most of its agents",
      },
    ]);
  });

  it("is over once the budget is kept again", () => {
    const open = ["T5 system by month"];
    expect(stand(null, 301, 300, open)).toEqual(open);
    expect(stand(null, 300, 300, open)).toEqual([]);
    expect(stand(null, 301, 300)).toEqual([]);
  });
});

describe("T6, a task that gives out more than may be carried forward", () => {
  it.each([
    [4_000, []],
    [4_001, ["T6 #7"]],
  ])("%d tokens of 4,000: %j", (outputTokens, keys) => {
    const longTasks = [{ taskId: 7, member: "me", outputTokens, retainedTokens: 4_000 }];
    expect(found(figures({}, { longTasks }))).toEqual(keys);
  });
});

it("what has fired stays until it is well again", () => {
  const at = (succeeded: number, open: readonly string[]) =>
    found(figures({ me: rate(succeeded, 100) }), open);
  expect([at(84, []), at(87, ["T2 me"]), at(88, ["T2 me"]), at(87, [])]).toEqual([
    ["T2 me"],
    ["T2 me"],
    [],
    [],
  ]);
  const handed = (n: number, open: readonly string[]) =>
    found(figures({ me: { invocations: 100, levels: [0, 0, n, 0] } }), open);
  expect([handed(16, []), handed(13, ["T3 me"]), handed(12, ["T3 me"])]).toEqual([["T3 me"], ["T3 me"], []]);
  const dear = (nano: number, open: readonly string[]) =>
    found(figures({ me: cost(nano), a: cost(1_000) }), open).filter((key) => key === "T1 me");
  expect([dear(1_201, []), dear(1_101, ["T1 me"]), dear(1_100, ["T1 me"])]).toEqual([
    ["T1 me"],
    ["T1 me"],
    [],
  ]);
});

it("shows what it stands on", () => {
  expect(findingsOf(figures({ me: rate(8_499, 10_000) }), new Set())[0]?.evidence).toBe(
    "8499 of 10000 tasks succeeded: 84.99% (less than 85%)",
  );
});
