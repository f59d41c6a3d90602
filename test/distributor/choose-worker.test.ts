import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseWorkers, type Candidate } from "../../src/distributor/choose-worker.ts";
import type { Assignment, Task, TaskDraft } from "../../src/tasks/task.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";

function taskOf(draft: Partial<TaskDraft> = {}, assignment: Partial<Assignment> = {}): Task {
  return {
    id: 1,
    draft: draftOf("work", draft),
    assignment: assignmentOf({ agent: "claude", ...assignment }),
    state: { name: "queued", holdReason: null, notBeforeMs: null },
    attempts: 0,
    createdAtMs: 0,
  };
}

function candidate(worker: string, change: Partial<Candidate> = {}): Candidate {
  return {
    worker,
    agent: "claude",
    model: "sonnet",
    adopted: false,
    cwd: "/tmp",
    lastType: null,
    lastCwd: null,
    load: 0,
    refusedLast: false,
    ...change,
  };
}

const chosen = (task: Task, candidates: readonly Candidate[]): string[] =>
  chooseWorkers(task, candidates).map(({ worker }) => worker);

const alike = { lastType: "coding", lastCwd: "/tmp" };

describe("who may take a task", () => {
  it.each<[string, Partial<TaskDraft>, Partial<Assignment>, Candidate, boolean]>([
    ["the agent it was assigned to", {}, {}, candidate("w1"), true],
    ["another agent", {}, {}, candidate("w1", { agent: "codex" }), false],
    ["the worker a person named", { worker: "w1" }, {}, candidate("w1", { agent: "codex" }), true],
    ["another than the person named", { worker: "w2" }, {}, candidate("w1"), false],
    ["one that needs another model: it is started anew", {}, { model: "opus" }, candidate("w1"), true],
    ["one in another folder: it is started anew", { cwd: "/var" }, {}, candidate("w1"), true],
    ["an adopted one in another folder", { cwd: "/var" }, {}, candidate("w1", { adopted: true }), false],
    [
      "an adopted one in that folder",
      { cwd: "/var" },
      {},
      candidate("w1", { adopted: true, cwd: "/var" }),
      true,
    ],
    [
      "a named adopted one, wherever it is",
      { worker: "w1", cwd: "/var" },
      {},
      candidate("w1", { adopted: true }),
      true,
    ],
  ])("%s", (_what, draft, assignment, one, may) => {
    expect(chosen(taskOf(draft, assignment), [one])).toEqual(may ? ["w1"] : []);
  });
});

describe("who takes it first", () => {
  it("not the one that could not be given the last task: a draft may stand in its composer for hours", () => {
    const others = [
      candidate("drafted", { ...alike, refusedLast: true }),
      candidate("other", { model: "opus", load: 900_000 }),
    ];
    expect(chosen(taskOf(), others)).toEqual(["other", "drafted"]);
  });

  it("one that needs no new start, whatever its load (a start costs the cache)", () => {
    const others = [
      candidate("model", { model: "opus", ...alike }),
      candidate("folder", { cwd: "/var", ...alike }),
      candidate("ready", { load: 900_000 }),
    ];
    expect(chosen(taskOf(), others)[0]).toBe("ready");
  });

  it("then one whose last task was alike: similar tasks come together (S2-46)", () => {
    const others = [
      candidate("new"),
      candidate("ui", { lastType: "ui", lastCwd: "/tmp" }),
      candidate("elsewhere", { lastType: "coding", lastCwd: "/var" }),
      candidate("alike", { ...alike, load: 900_000 }),
    ];
    expect(chosen(taskOf(), others)[0]).toBe("alike");
  });

  it("then the one that has spent least: load spreads evenly (S2-43)", () => {
    const others = [
      candidate("much", { load: 3 }),
      candidate("least", { load: 1 }),
      candidate("more", { load: 2 }),
    ];
    expect(chosen(taskOf(), others)).toEqual(["least", "more", "much"]);
  });

  it("a shell is never started anew for a folder", () => {
    const shell = { agent: "shell", model: null };
    const others = [
      candidate("near", { ...shell, load: 2 }),
      candidate("far", { ...shell, cwd: "/var", load: 1 }),
    ];
    expect(chosen(taskOf({ agent: "shell" }, { agent: "shell", model: null }), others)).toEqual([
      "far",
      "near",
    ]);
  });

  it("keeps the order of equals, and loses nobody who suits", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ load: fc.nat(2), agent: fc.constantFrom("claude", "codex") })),
        (rows) => {
          const all = rows.map((row, n) => candidate(`w${n}`, row));
          const expected = all
            .filter(({ agent }) => agent === "claude")
            .toSorted((a, b) => a.load - b.load)
            .map(({ worker }) => worker);
          expect(chosen(taskOf(), all)).toEqual(expected);
        },
      ),
    );
  });
});

describe("what it would run with", () => {
  it.each<[string, Partial<Assignment>, Partial<Candidate>, string | null]>([
    ["the model of the task, on a worker that is started anew", { model: "opus" }, {}, "opus"],
    ["the worker's own, where the task has none", { model: null }, {}, "sonnet"],
    [
      "an adopted session's own: it cannot be changed",
      { model: "opus" },
      { adopted: true, model: "haiku" },
      "haiku",
    ],
    ["nothing known, for an adopted session that names none", {}, { adopted: true, model: null }, null],
  ])("%s", (_what, assignment, change, model) => {
    expect(chooseWorkers(taskOf({}, assignment), [candidate("w1", change)])[0]?.model).toBe(model);
  });
});
