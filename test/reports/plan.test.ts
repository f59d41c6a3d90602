import { describe, expect, it } from "vitest";
import { renderPlan, type PlanModel, type PlanTask } from "../../src/reports/plan.ts";
import { nowMs, plainPaper } from "./models.ts";

const MINUTE = 60_000;
const both = <T>(p50: T, p90: T) => ({ p50, p90 });

function taskOf(id: number, change: Partial<PlanTask> = {}): PlanTask {
  return {
    id,
    text: "Fix it",
    priority: "normal",
    tokens: both(50_000, 200_000),
    startsAtMs: both(nowMs, nowMs),
    endsAtMs: both(nowMs + 10 * MINUTE, nowMs + 40 * MINUTE),
    waitsFor: null,
    ...change,
  };
}

function modelOf(change: Partial<PlanModel> = {}): PlanModel {
  return {
    nowMs,
    tasks: [
      taskOf(1),
      taskOf(2, { endsAtMs: both(nowMs + 20 * MINUTE, null), waitsFor: "cost/day is used up" }),
    ],
    beyond: 3,
    held: 1,
    doneAtMs: both(nowMs + 20 * MINUTE, nowMs + 40 * MINUTE),
    never: both(0, 1),
    resets: [{ names: ["day"], atMs: nowMs + 60 * MINUTE, fits: both(2, 1) }],
    left: [{ limitId: "global tokens/day", unit: "tokens", left: both(900_000, 600_000) }],
    assumes: "nothing else is added",
    ...change,
  };
}

function text(model: PlanModel, columns = 100): string {
  return renderPlan(model, plainPaper(columns)).join("\n");
}

describe("a plan", () => {
  it("says for each task when it goes and ends, and what it waits for", () => {
    expect(text(modelOf())).toMatch(/ 1 +normal +~50,000 +now +10m00s +40m00s +-/);
    expect(text(modelOf())).toMatch(/ 2 +normal +~50,000 +now +20m00s +never +cost\/day is used up/);
  });

  it("says when all is done, what fits before which reset, what is left, and what it assumes", () => {
    const lines = text(modelOf());
    expect(lines).toContain("Done:         11:02 (20m00s) at p50, 1 of 2 by 11:22 (40m00s) at p90");
    expect(lines).toContain("Fit:          before 11:42 (day) 2 of 2 at p50, 1 at p90");
    expect(lines).toContain("Left:         global tokens/day ~900,000 at p50, ~600,000 at p90");
    expect(lines).toContain("Assumes: nothing else is added");
    expect(lines).toMatch(/^PLAN +5 tasks +1 held/);
  });

  it("of an empty queue says so, and of a long one shows the first", () => {
    expect(text(modelOf({ tasks: [], never: both(0, 0) }))).toContain("Nothing waits that could go.");
    const many = Array.from({ length: 50 }, (_, at) => taskOf(at + 1));
    expect(text(modelOf({ tasks: many }))).toContain("and 10 more");
  });

  it("where nothing can go says that too", () => {
    expect(text(modelOf({ never: both(2, 2) }))).toContain("nothing at p50, nothing at p90");
  });

  it.each([60, 80, 120])("fits into %i columns", (columns) => {
    for (const line of renderPlan(modelOf(), plainPaper(columns)))
      expect(line.length).toBeLessThanOrEqual(columns);
  });
});
