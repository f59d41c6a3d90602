import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CLASSES,
  classTasksMax,
  learn,
  predict,
  promptNeeds,
  type FinishedTask,
} from "../../src/delegation/forecast.ts";
import { TaskHistory } from "../../src/delegation/task-history.ts";

const prior = { median: 50_000, spread: 1.2 };
const task = (change: Partial<FinishedTask> = {}): FinishedTask => ({
  agent: "claude",
  model: "sonnet",
  type: "coding",
  folder: "/work",
  promptChars: 400,
  tokens: 50_000,
  totalTokens: 500_000,
  nanoUsd: 100_000_000,
  priced: true,
  ...change,
});
const historyOf = (tasks: readonly FinishedTask[]): TaskHistory => {
  const history = new TaskHistory();
  for (const one of tasks) history.add(one);
  return history;
};
const forecastOf = (tasks: readonly FinishedTask[], of = task()) =>
  predict(historyOf(tasks).learnt(of, "tokens", prior), of.promptChars);
const times = <T>(n: number, of: (at: number) => T): T[] => Array.from({ length: n }, (_, at) => of(at));

describe("before the first task", () => {
  test("stands what is known in general: its median, and nine in ten within its spread", () => {
    const { p50, p90 } = forecastOf([]);
    expect(p50).toBe(50_000);
    // Student's 90th percentile with 5 degrees of freedom is 1.476, and the median itself is as uncertain.
    expect(Math.log(p90 / p50)).toBeCloseTo(1.476 * 1.2 * Math.sqrt(1.2), 2);
  });
});

describe("a class with tasks of its own", () => {
  test.each([1, 5, 45])("of %i tasks with 400,000 tokens is drawn to the wider one by n/(n+5)", (n) => {
    const expected = 50_000 * 8 ** (n / (n + 5));
    const only = (name: (typeof CLASSES)[number]) =>
      name === "agent" ? times(n, () => task({ tokens: 400_000 })) : [];
    expect(predict(learn(only, "tokens", prior), 400).p50).toBeCloseTo(expected, -1);
  });

  test("is narrower than its agent: model, type and folder each tell their part", () => {
    const history = historyOf([
      ...times(40, () => task({ tokens: 400_000 })),
      ...times(40, () => task({ type: "ui", tokens: 4_000 })),
      ...times(40, () => task({ type: "ui", folder: "/big", tokens: 40_000 })),
    ]);
    const p50 = (of: FinishedTask) => predict(history.learnt(of, "tokens", prior), 400).p50;
    expect(p50(task()) / 400_000).toBeCloseTo(1, 0);
    expect(p50(task({ type: "ui" })) / 4_000).toBeCloseTo(1, 0);
    expect(p50(task({ type: "ui", folder: "/big" })) / 40_000).toBeCloseTo(1, 0);
    const unseen = p50(task({ type: "ui", folder: "/new" }));
    expect(unseen).toBeGreaterThan(4_000);
    expect(unseen).toBeLessThan(40_000);
    expect(history.learnt(task({ model: "opus" }), "tokens", prior).classes.map(({ name }) => name)).toEqual([
      "agent",
    ]);
  });

  test("names what it was learnt from, the widest class first", () => {
    const { classes } = historyOf([task(), task({ folder: "/b" }), task({ type: "ui" })]).learnt(
      task(),
      "tokens",
      prior,
    );
    expect(classes.map(({ name, tasks, sharePercent }) => [name, tasks, sharePercent])).toEqual([
      ["agent", 3, 38],
      ["model", 3, 38],
      ["type", 2, 29],
      ["folder", 1, 17],
    ]);
  });

  test("goes by its newest tasks alone", () => {
    const history = historyOf([
      ...times(500, () => task({ tokens: 9_000_000 })),
      ...times(classTasksMax, () => task()),
    ]);
    expect(history.tasksOf(task(), "folder")).toHaveLength(classTasksMax);
    expect(predict(history.learnt(task(), "tokens", prior), 400).p50).toBe(50_000);
  });
});

describe("the length of the prompt", () => {
  // Deterministic scatter, no trend of its own.
  const scatter = (at: number): number => Math.exp(Math.sin(at * 12.9898) * 0.8);

  test("counts where it tells: twice as long, twice the tokens; beyond what was seen it tells nothing", () => {
    const tasks = times(100, (at) =>
      task({ promptChars: 50 * (at + 1), tokens: Math.round(5_000 * (at + 1) * scatter(at)) }),
    );
    const learnt = historyOf(tasks).learnt(task(), "tokens", prior);
    expect(learnt.prompt.used).toBe(true);
    expect(learnt.prompt.power).toBeCloseTo(1, 0);
    expect(predict(learnt, 2_000).p50 / predict(learnt, 1_000).p50).toBeCloseTo(2 ** learnt.prompt.power, 2);
    expect(predict(learnt, 1_000_000)).toEqual(predict(learnt, 5_000));
    expect(predict(learnt, 0)).toEqual(predict(learnt, 50));
  });

  test.each([
    [
      "it tells nothing",
      times(100, (at) => task({ promptChars: 50 * (at + 1), tokens: Math.round(50_000 * scatter(at)) })),
    ],
    ["all prompts are alike", times(100, (at) => task({ tokens: 1_000 * (at + 1) }))],
    ["there are few tasks", times(20, (at) => task({ promptChars: at + 1, tokens: 1_000 * (at + 1) }))],
  ])("is left out where %s", (_, tasks) => {
    const learnt = historyOf(tasks).learnt(task(), "tokens", prior);
    expect(learnt.prompt.used).toBe(false);
    expect(learnt.prompt.certainty).toBeLessThan(promptNeeds);
    expect(predict(learnt, 1)).toEqual(predict(learnt, 1_000_000));
  });
});

const anyTask = fc.record({
  agent: fc.constantFrom("claude", "codex"),
  model: fc.constantFrom("", "sonnet"),
  type: fc.constantFrom("coding", "ui"),
  folder: fc.constantFrom("/a", "/b", ""),
  promptChars: fc.nat(2_000_000),
  tokens: fc.nat(1e9),
  totalTokens: fc.nat(1e10),
  nanoUsd: fc.nat(1e12),
  priced: fc.boolean(),
});

test("whatever history says, both figures are whole numbers in order, and the same tasks give the same", () => {
  fc.assert(
    fc.property(fc.array(anyTask, { maxLength: 80 }), anyTask, (tasks, of) => {
      for (const size of ["tokens", "totalTokens", "nanoUsd"] as const) {
        const found = predict(historyOf(tasks).learnt(of, size, prior), of.promptChars);
        expect(Number.isSafeInteger(found.p50) && Number.isSafeInteger(found.p90)).toBe(true);
        expect(found.p50).toBeLessThanOrEqual(found.p90);
        expect(predict(historyOf(tasks).learnt(of, size, prior), of.promptChars)).toEqual(found);
      }
    }),
  );
});
