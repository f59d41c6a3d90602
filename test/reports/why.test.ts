import { describe, expect, test } from "vitest";
import { renderTaskWhy, renderWorkerWhy, type TaskWhy } from "../../src/reports/why.ts";
import { nowMs, plainPaper, worker } from "./models.ts";

const waiting: TaskWhy = {
  taskId: 7,
  state: { name: "queued", holdReason: null, notBeforeMs: null },
  holds: {
    reason: "cost/hour is at 92.4% (SOFT): low priority waits",
    limitId: "global cost/hour",
    level: "SOFT",
    untilMs: nowMs + 134_000,
  },
  ahead: 1,
  advice: ["priority 7 high"],
};

describe("why", () => {
  test("a task that a limit holds: which one, and when it goes", () => {
    expect(renderTaskWhy(waiting, plainPaper(80)).slice(2)).toEqual([
      "  State:        queued",
      "  Held because: cost/hour is at 92.4% (SOFT): low priority waits",
      "  Limit:        global cost/hour (SOFT)",
      "  Goes:         10:44 (in 2m14s)",
      "  Before it:    1 task",
      "  ->            priority 7 high",
    ]);
  });

  test("a task that waits for a person or a running task has no moment", () => {
    const holds = { reason: "a person must say yes", limitId: null, level: null, untilMs: null };
    const lines = renderTaskWhy({ ...waiting, holds, ahead: 0, advice: [] }, plainPaper(80)).join("\n");
    expect(lines).toContain("Goes:         when a running task ends or a person acts");
    expect(lines).toContain("Before it:    none: it is the next");
    expect(lines).not.toContain("Limit:");
  });

  test("a worker: the deciding sign and every other with its age", () => {
    const decided = { source: "signal", says: "Stop: the turn ended", atMs: nowMs - 4_000 };
    const signs = [decided, { source: "screen", says: "prompt line\u001b[1m seen", atMs: nowMs - 61_000 }];
    const lines = renderWorkerWhy({ worker: worker(2), decided, signs }, plainPaper(80));
    expect(lines).toContain("  State:        IDLE for 1m");
    expect(lines).toContain("  Decided by:   signal, 4s ago: Stop: the turn ended");
    expect(lines).toContain("  signal           4s ago  Stop: the turn ended");
    expect(lines).toContain("  screen        1m01s ago  prompt line seen");
  });

  test("a worker that asks is answered from here too; before the first sign that is said", () => {
    const asking = worker(2, { state: "needs-input", question: "Proceed?", because: "" });
    const lines = renderWorkerWhy({ worker: asking, decided: null, signs: [] }, plainPaper(80)).join("\n");
    expect(lines).toContain("concurrent_worker2 asks: Proceed?");
    expect(lines).toContain("Because:      nothing was seen of it yet");
  });
});
