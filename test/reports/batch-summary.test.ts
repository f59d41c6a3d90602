import { describe, expect, test } from "vitest";
import { batchAttention, batchProgress, renderBatchSummary } from "../../src/reports/batch-summary.ts";
import { figureOf } from "../../src/reports/figure.ts";
import { batchModel, nowMs, plainPaper, worker } from "./models.ts";

describe("a batch", () => {
  test("its progress on one line", () => {
    expect(batchProgress(batchModel(), plainPaper(120))).toBe(
      "[#####-------] 5/12 ended  2 failed  3 running  4 waiting (2 held)  2m14s  48,523 tokens  $0.1456",
    );
  });

  test("what has no room is left out from the end", () => {
    expect(batchProgress(batchModel(), plainPaper(80))).toBe(
      "[#####-------] 5/12 ended  2 failed  3 running  4 waiting (2 held)  2m14s",
    );
  });

  test("at its end: counts, figures with their source, and what did not complete", () => {
    const model = batchModel({
      completed: 10,
      running: 0,
      queued: 0,
      held: 0,
      tokens: figureOf(9_000, "estimated"),
      unknownUsageTasks: 1,
      endedAtMs: nowMs,
      failures: [
        { id: 4, state: "failed", reason: "exit code 3", text: "Run the\ntests" },
        { id: 9, state: "lost", reason: "", text: "Write docs" },
      ],
    });
    expect(renderBatchSummary(model, plainPaper(80)).slice(2)).toEqual([
      "  Completed:    10 of 12",
      "  Failed:       1",
      "  Lost:         1",
      "  Tokens:       ~9,000",
      "  Cost:         $0.1456",
      "  (n/a) 1 task has a usage nobody knows: not in these sums",
      "",
      "  #4 failed: exit code 3",
      "      Run the tests",
      "  #9 lost",
      "      Write docs",
    ]);
  });

  test("a batch without a failure says so; one that was left does not", () => {
    const whole = batchModel({ completed: 12, failed: 0, lost: 0, running: 0, queued: 0 });
    expect(renderBatchSummary(whole, plainPaper(80)).at(-1)).toBe("  [ok] every task completed");
    const left = renderBatchSummary(batchModel({ failed: 0, lost: 0 }), plainPaper(80)).join("\n");
    expect(left).toContain("Not ended:    9 (they stay queued or go on)");
    expect(left).not.toContain("every task completed");
  });

  test("a rehearsal is marked on both", () => {
    const model = batchModel({ simulated: true });
    expect(batchProgress(model, plainPaper(120))).toContain("48,523 tokens (simulated)");
    expect(renderBatchSummary(model, plainPaper(80)).join("\n")).toContain(
      "(simulated) a rehearsal's figures",
    );
  });

  test("many failures are counted, not all listed", () => {
    const failures = Array.from({ length: 53 }, (_, id) => ({
      id,
      state: "failed" as const,
      reason: "",
      text: "x",
    }));
    expect(renderBatchSummary(batchModel({ failures }), plainPaper(80)).at(-1)).toBe("  and 3 more");
  });

  test("a worker that asks is shown while it runs", () => {
    const attention = [worker(1, { state: "needs-input", question: "Proceed?" })];
    expect(batchAttention(batchModel({ attention }), plainPaper(80))[0]).toContain(
      "concurrent_worker1 asks: Proceed?",
    );
    expect(batchAttention(batchModel(), plainPaper(80))).toEqual([]);
  });
});
