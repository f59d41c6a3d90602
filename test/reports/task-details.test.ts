import { describe, expect, test } from "vitest";
import { figureOf, UNKNOWN } from "../../src/reports/figure.ts";
import { renderTaskDetails, type AttemptDetails } from "../../src/reports/task-details.ts";
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
      reported: [],
      escalations: [],
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

  test("what its agent told by telemetry, and by how much that differs", () => {
    const told = {
      responses: 3,
      usage: { ...usage, inputTokens: 2_250, outputTokens: 1_286 },
      tokens: 19_578,
      costNanoUsd: 61_000_000,
      sources: [
        { source: "repl_main_thread", responses: 2 },
        { source: "compact", responses: 1 },
      ],
      difference: { inputTokens: 1_050, outputTokens: -14, cacheReadTokens: 0, cacheWriteTokens: 0 },
      differenceTokens: 1_036,
    };
    const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
    const shown = (telemetry: AttemptDetails["telemetry"], endedAtMs: number | null = nowMs) =>
      text(
        {
          task: task(7),
          attempts: [attempt({ usage, telemetry, endedAtMs })],
          waitsFor: null,
          reported: [],
          escalations: [],
        },
        plainPaper(120),
      );
    expect(shown(told)).toContain(
      "Telemetry:    19,578 tokens in 3 responses, $0.0610 by its own reckoning: input",
    );
    expect(shown(told)).toContain(
      "Difference:   input +1,050, output -14 in telemetry; told of: repl_main_thread 2, compact 1",
    );
    expect(shown(told, null)).toContain("output -14 in telemetry, so far;");
    expect(shown({ ...told, difference: none })).toMatch(/Difference: {3}none$/m);
    expect(shown({ ...told, difference: null, costNanoUsd: null })).toContain(
      "Difference:   n/a: nothing is recorded to hold it against",
    );
    expect(shown({ ...told, responses: 0 })).toContain("Telemetry:    n/a: nothing has arrived");
    expect(shown(null)).not.toContain("Telemetry");
  });

  test("its attempts with outcome, counters and notes", () => {
    const attempts = [
      attempt({ outcome: "lost: the manager was killed", tokens: UNKNOWN, cost: UNKNOWN, typedAtMs: null }),
      attempt({ number: 2, usage, answer: "Done.\nAll tests pass.", flags: ["compaction-unseen"] }),
    ];
    const lines = text(
      { task: task(7), attempts, waitsFor: null, reported: [], escalations: [] },
      plainPaper(100),
    );
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
    const lines = text(
      { task: task(7), attempts, waitsFor: null, reported: [], escalations: [] },
      plainPaper(100),
    );
    expect(lines).toContain("5 tokens, $0.0556 (simulated: nothing was spent)");
    expect(lines).toContain("Outcome:      goes on");
  });

  test("what it waits for", () => {
    const lines = text(
      {
        task: task(7),
        attempts: [],
        waitsFor: "cost/hour is at 92.4% (SOFT)",
        reported: [],
        escalations: [],
      },
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
    expect(
      text(
        { task: task(7, { state }), attempts: [], waitsFor: null, reported: [], escalations: [] },
        plainPaper(80),
      ),
    ).toContain(`State:        ${words}`);
  });
});
