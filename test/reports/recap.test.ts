import { describe, expect, test } from "vitest";
import { figureOf, UNKNOWN } from "../../src/reports/figure.ts";
import { recapIsNews, renderRecap, type RecapModel, type RecapTask } from "../../src/reports/recap.ts";
import { nowMs, plainPaper } from "./models.ts";

const NOTHING: RecapModel = {
  startedAtMs: nowMs,
  before: "killed",
  rebooted: false,
  lastSeenMs: nowMs - 7 * 3_600_000,
  paused: null,
  pausedHere: false,
  tasks: [],
  asking: [],
  waiting: 12,
  tokens: figureOf(0, "actual"),
  cost: figureOf(0, "actual"),
  unknownUsageTasks: 0,
  survivors: [],
};

function task(id: number, change: Partial<RecapTask>): RecapTask {
  return {
    id,
    found: "ended",
    state: "completed",
    reason: "",
    worker: "concurrent_worker1",
    text: `Fix ${id}`,
    over: true,
    tokens: figureOf(1_200, "actual"),
    cost: figureOf(4_000_000, "actual"),
    ...change,
  };
}

const MORNING: RecapModel = {
  ...NOTHING,
  rebooted: true,
  paused: "1 task lost: `recap` tells",
  pausedHere: true,
  tasks: [
    task(3, {}),
    task(4, { state: "failed", reason: "exit code 3" }),
    task(5, { found: "lost", state: "lost", reason: "its agent was gone", tokens: UNKNOWN, cost: UNKNOWN }),
    task(6, { found: "goes-on", state: "needs-input", over: false, tokens: UNKNOWN, cost: UNKNOWN }),
    task(7, { found: "queued", state: "queued", over: false, tokens: UNKNOWN, cost: UNKNOWN }),
    task(8, { found: "uncertain", state: "needs-input", over: false, tokens: UNKNOWN, cost: UNKNOWN }),
  ],
  asking: [{ taskId: 6, alias: "w1", question: "May I?" }],
  tokens: figureOf(2_400, "actual"),
  cost: figureOf(8_000_000, "actual"),
  unknownUsageTasks: 1,
  survivors: [{ pid: 4711, program: "node", worker: "concurrent_worker2", taskId: 5 }],
};

describe("recap", () => {
  test("tells on one screen what ended, was lost, waits for a person, and what it cost", () => {
    expect(renderRecap(MORNING, plainPaper(80))).toEqual([
      "RECAP                                           manager started 2026-02-13 10:42",
      "=".repeat(80),
      "! Dispatch is paused: 1 task lost: `recap` tells (resume to go on)",
      "  Before:       the manager was killed, last heard of 2026-02-13 03:42, the",
      "                machine was started anew; away 7h00m",
      "  In flight:    6 tasks: 2 ended meanwhile, 1 goes on, 1 back in the queue, 1",
      "                uncertain, 1 lost",
      "  Ended ones:   2,400 tokens, $0.0080",
      "                (n/a) 1 task has a usage nobody knows: booked at what was held",
      "                for them",
      "  Queue:        12 tasks wait",
      "",
      "Lost: look at what it did, then `retry N`:",
      "  #5 lost (its agent was gone) on concurrent_worker1  usage n/a",
      "      Fix 5",
      "",
      "Delivery uncertain: `attach`, look, then Enter or `cancel N`:",
      "  #8 needs-input on concurrent_worker1",
      "      Fix 8",
      "",
      "Waits for you:",
      "  #6 May I?  -> answer w1 ... | attach w1",
      "",
      "Ended while no manager ran:",
      "  #3 completed on concurrent_worker1  1,200 tokens, $0.0040",
      "      Fix 3",
      "  #4 failed (exit code 3) on concurrent_worker1  1,200 tokens, $0.0040",
      "      Fix 4",
      "",
      "Goes on:",
      "  #6 needs-input on concurrent_worker1",
      "      Fix 6",
      "",
      "Back in the queue, nothing was typed:",
      "  #7 queued on concurrent_worker1",
      "      Fix 7",
      "",
      "Outlived their worker and may still work (`survivors --end` ends them):",
      "  pid 4711 (node) of concurrent_worker2, task #5",
    ]);
  });

  test("is no news when nothing was in flight", () => {
    expect(recapIsNews(NOTHING)).toBe(false);
    expect(recapIsNews(MORNING)).toBe(true);
    expect(recapIsNews({ ...NOTHING, survivors: MORNING.survivors })).toBe(true);
    expect(renderRecap(NOTHING, plainPaper(80)).slice(2)).toEqual([
      "  Before:       the manager was killed, last heard of 2026-02-13 03:42; away",
      "                7h00m",
      "  In flight:    nothing",
      "  Queue:        12 tasks wait",
    ]);
  });

  test("a first start, and one after the manager left", () => {
    const first = renderRecap({ ...NOTHING, before: "nothing", lastSeenMs: null }, plainPaper(80)).join("\n");
    expect(first).toContain("Before:       no manager ran before");
    const left = renderRecap({ ...NOTHING, before: "left" }, plainPaper(80)).join("\n");
    expect(left).toContain("Before:       the manager left 2026-02-13 03:42; away 7h00m");
    const never = renderRecap({ ...NOTHING, startedAtMs: null, before: "nothing" }, plainPaper(80)).join(
      "\n",
    );
    expect(never).toContain("no manager ran yet");
  });

  test("a great many are counted, not listed", () => {
    const many = Array.from({ length: 90 }, (_, at) => task(at + 1, {}));
    const lines = renderRecap({ ...NOTHING, tasks: many }, plainPaper(80));
    expect(lines).toContain("  and 70 more");
    expect(lines.length).toBeLessThan(60);
  });
});
