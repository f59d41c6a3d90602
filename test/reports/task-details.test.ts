import { describe, expect, test } from "vitest";
import { figureOf, UNKNOWN } from "../../src/reports/figure.ts";
import { renderTaskDetails } from "../../src/reports/task-details.ts";
import { attempt, nowMs, plainPaper, task } from "./models.ts";

const usage = {
  inputTokens: 1_200,
  cacheReadTokens: 90_000,
  cacheWrite5mTokens: 16_000,
  cacheWrite1hTokens: 42,
  outputTokens: 1_300,
  reasoningTokens: 400,
};

function text(...parameters: Parameters<typeof renderTaskDetails>): string {
  return renderTaskDetails(...parameters).join("\n");
}

describe("one task", () => {
  test("what is known of it, its text whole and harmless", () => {
    const details = {
      task: task(7, {
        draft: { text: "Fix the login\n\u001b[2Jform\u0007", model: "opus", key: "k-1", retryLost: true },
        state: {
          name: "running",
          attemptId: "a",
          worker: "concurrent_worker2",
          startedAtMs: nowMs - 134_000,
        },
      }),
      attempts: [],
      waitsFor: null,
    };
    const lines = renderTaskDetails(details, plainPaper(80));
    expect(lines).toContain("  State:        running on concurrent_worker2 for 2m");
    expect(lines).toContain("  Forced:       model opus");
    expect(lines).toContain("  Estimate:     ~1,004 tokens");
    expect(lines).toContain("  Reserves:     18,000 tokens, $0.0800 (first-request floor of claude)");
    expect(lines).toContain("  Key:          k-1");
    expect(lines).toContain("  If lost:      retried by itself");
    expect(lines).toContain("    Fix the login");
    expect(lines).toContain("    form");
  });

  test("its attempts with outcome, counters and notes", () => {
    const attempts = [
      attempt({ outcome: "lost: the manager was killed", tokens: UNKNOWN, cost: UNKNOWN, typedAtMs: null }),
      attempt({ number: 2, usage, answer: "Done.\nAll tests pass.", flags: ["compaction-unseen"] }),
    ];
    const lines = text({ task: task(7), attempts, waitsFor: null }, plainPaper(100));
    expect(lines).toContain("Outcome:      lost after 3m00s: the manager was killed");
    expect(lines).toContain("nothing was typed");
    expect(lines).toContain("Used:         n/a tokens, n/a");
    expect(lines).toContain(
      "Used:         18,542 tokens, $0.0556: input 1,200, output 1,300 (reasoning 400), cache read",
    );
    expect(lines).toContain("90,000, cache write 16,042");
    expect(lines).toContain("Note:         a compaction of the conversation may be missing");
    expect(lines).toContain("    All tests pass.");
  });

  test("a rehearsal's figures are marked", () => {
    const attempts = [attempt({ tokens: figureOf(5, "simulated"), outcome: null, endedAtMs: null })];
    const lines = text({ task: task(7), attempts, waitsFor: null }, plainPaper(100));
    expect(lines).toContain("5 tokens, $0.0556 (simulated: nothing was spent)");
    expect(lines).toContain("Outcome:      goes on");
  });

  test("what it waits for", () => {
    const lines = text(
      { task: task(7), attempts: [], waitsFor: "cost/hour is at 92.4% (SOFT)" },
      plainPaper(80),
    );
    expect(lines).toContain("Waits for:    cost/hour is at 92.4% (SOFT)");
  });

  test.each([
    [{ name: "queued", holdReason: "later", notBeforeMs: null }, "held: later"],
    [{ name: "queued", holdReason: null, notBeforeMs: nowMs + 60_000 }, "queued, not before 10:43"],
    [{ name: "reserved", attemptId: "a", worker: "w" }, "reserved for w"],
    [
      { name: "dispatched", attemptId: "a", worker: "w", typedAtMs: nowMs - 60_000 },
      "dispatched to w 1m ago",
    ],
    [
      { name: "needs-input", attemptId: "a", worker: "w", question: "Go?", sinceMs: nowMs },
      "needs-input on w: Go?",
    ],
    [
      { name: "completed", attemptId: "a", endedAtMs: nowMs, exitCode: 0 },
      "completed 2026-02-13 10:42:07 with exit code 0",
    ],
    [
      { name: "failed", attemptId: "a", endedAtMs: nowMs, reason: "no", exitCode: null },
      "failed 2026-02-13 10:42:07: no",
    ],
    [{ name: "lost", attemptId: "a", endedAtMs: nowMs, reason: "gone" }, "lost 2026-02-13 10:42:07: gone"],
    [{ name: "cancelled", attemptId: null, endedAtMs: nowMs }, "cancelled 2026-02-13 10:42:07"],
  ] as const)("state %j", (state, words) => {
    expect(text({ task: task(7, { state }), attempts: [], waitsFor: null }, plainPaper(80))).toContain(
      `State:        ${words}`,
    );
  });
});
