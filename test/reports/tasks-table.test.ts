import { describe, expect, test } from "vitest";
import { renderTasks } from "../../src/reports/tasks-table.ts";
import { STATE_NAMES, type TaskState, type TaskStateName } from "../../src/tasks/task.ts";
import { nowMs, plainPaper, task } from "./models.ts";

function stateOf(name: TaskStateName): TaskState {
  const facts = {
    attemptId: "a1",
    worker: "concurrent_worker1",
    endedAtMs: nowMs,
    reason: "why",
    question: "?",
    exitCode: null,
  };
  return {
    ...facts,
    name,
    typedAtMs: nowMs,
    startedAtMs: nowMs,
    sinceMs: nowMs,
    holdReason: null,
    notBeforeMs: null,
  };
}

describe("the list of tasks", () => {
  test("one line a task, its text taking what is left", () => {
    const tasks = [
      task(7, {
        state: stateOf("running"),
        draft: { text: "Make the\nlogin form work on small screens again", priority: "high" },
      }),
      task(1_204, {
        state: { name: "queued", holdReason: "later", notBeforeMs: null },
        assignment: { model: null, type: "ui" },
      }),
    ];
    expect(renderTasks(tasks, plainPaper(100)).slice(2)).toEqual([
      "    id  state    priority  type    model   worker              age  text",
      "     7  running  high      coding  sonnet  concurrent_worker1   5m  Make the login form work on sma~",
      "  1204  held     normal    ui      -       -                    5m  Fix the login form",
    ]);
  });

  test("a narrow list keeps id, state and text", () => {
    const line = renderTasks(
      [task(7, { state: stateOf("needs-input"), draft: { text: "x".repeat(100) } })],
      plainPaper(60),
    )[3];
    expect(line).toMatch(/^ {2} 7 {2}needs-input .* x{19,}~$/);
    expect(line).not.toContain("concurrent_worker1");
  });

  test.each(STATE_NAMES)("state %s is named", (name) => {
    expect(renderTasks([task(1, { state: stateOf(name) })], plainPaper(120))[3]).toContain(` ${name} `);
  });

  test("none", () => {
    expect(renderTasks([], plainPaper(80))[2]).toBe("  No such task.");
  });
});
