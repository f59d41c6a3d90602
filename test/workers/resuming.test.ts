import { afterEach, describe, expect, it } from "vitest";
import { claudeAdapter } from "../../src/agents/claude.ts";
import type { AttemptInHand } from "../../src/workers/attempt-in-hand.ts";
import { resumeAttempt, type ResumeOrder } from "../../src/workers/resuming.ts";
import { rehearsalScreen } from "../support/scripted-terminal.ts";
import { WorkerBench } from "../support/worker-bench.ts";

let benches: WorkerBench[] = [];
afterEach(() => {
  for (const bench of benches) bench.close();
  benches = [];
});

/** A worker whose attempt waits for its account. */
async function parkedBench(...args: ConstructorParameters<typeof WorkerBench>): Promise<WorkerBench> {
  const bench = new WorkerBench(...args);
  benches.push(bench);
  await bench.idle();
  await bench.typed();
  bench.terminal.mark = "a1";
  const failure = { kind: "turn-failed", failure: "rate-limited", message: "no", resetsAtMs: null } as const;
  await bench.worker.see(failure, "signal", "StopFailure");
  return bench;
}

function orderOf(change: Partial<ResumeOrder> = {}): ResumeOrder & { intents: string[]; awaited: string[] } {
  const intents: string[] = [];
  const awaited: string[] = [];
  return {
    attemptId: "a1",
    words: "go on",
    insist: false,
    intend: (mark) => void intents.push(mark),
    writeFile: () => undefined,
    awaitAcceptance: ({ id }: AttemptInHand) => void awaited.push(id),
    intents,
    awaited,
    ...change,
  };
}

const CLAUDE_RULE = "─".repeat(60);
const claudeScreen = (footer: string) => ["● done", CLAUDE_RULE, "❯ ", CLAUDE_RULE, `  ${footer}`];

describe("an attempt whose account is free again", () => {
  it("is told to go on: intent first, then once, and it must be seen to take it", async () => {
    const bench = await parkedBench();
    const order = orderOf();
    expect(await resumeAttempt(bench.worker, order)).toEqual({ kind: "told" });
    expect(order.intents).toEqual(["a1"]);
    expect(bench.terminal.texts).toEqual(["a1: go on"]);
    expect(order.awaited).toEqual(["a1"]);
    expect(bench.worker.state).toMatchObject({ name: "busy", attemptId: "a1" });
    expect(await resumeAttempt(bench.worker, order)).toEqual({ kind: "over" });
    await bench.signal("UserPromptSubmit", { prompt: "go on" });
    await bench.signal("Stop", { last_assistant_message: "done" });
    expect(bench.ends()).toHaveLength(1);
  });

  it.each<[string, (bench: WorkerBench) => void, string]>([
    ["a person at the keyboard", ({ terminal }) => void (terminal.personAtKeyboard = true), "later"],
    [
      "a draft",
      ({ terminal }) => void (terminal.screen = rehearsalScreen("idle", { composer: "x" })),
      "later",
    ],
    ["a turn under way", ({ terminal }) => void (terminal.screen = rehearsalScreen("busy")), "goes-on"],
    ["another text typed meanwhile", ({ terminal }) => void (terminal.answerResult = "refused"), "later"],
    ["no pane", ({ worker }) => worker.remember({ pane: null }), "over"],
  ])("is not told where there is %s", async (_what, arrange, kind) => {
    const bench = await parkedBench();
    arrange(bench);
    expect(await resumeAttempt(bench.worker, orderOf())).toMatchObject({ kind });
    expect(bench.terminal.texts).toEqual([]);
  });

  it.each(["Continuing automatically at 3:12pm · Esc to cancel", "Continuing shortly · Esc to cancel"])(
    "is not told where its agent promises to go on by itself (%s), unless that was waited for in vain",
    async (promise) => {
      const bench = await parkedBench({ agent: "claude" }, claudeAdapter);
      bench.terminal.screen = claudeScreen(promise);
      expect(await resumeAttempt(bench.worker, orderOf())).toMatchObject({ kind: "later" });
      expect([bench.terminal.keys, bench.terminal.texts]).toEqual([[], []]);
      bench.terminal.sendKey = async (_pane, key) => {
        bench.terminal.keys.push(key);
        // A busy machine draws it anew only after a while.
        setTimeout(() => (bench.terminal.screen = claudeScreen("? for shortcuts")), 400);
        return true;
      };
      expect(await resumeAttempt(bench.worker, orderOf({ insist: true }))).toEqual({ kind: "told" });
      expect([bench.terminal.keys, bench.terminal.texts]).toEqual([["Escape"], ["a1: go on"]]);
    },
  );

  it("waves the dialog of a limit away first", async () => {
    const bench = await parkedBench();
    bench.terminal.screen = rehearsalScreen("asking");
    bench.terminal.sendKey = async (_pane, key) => {
      bench.terminal.keys.push(key);
      bench.terminal.screen = rehearsalScreen("idle");
      return true;
    };
    expect(await resumeAttempt(bench.worker, orderOf())).toEqual({ kind: "told" });
    expect(bench.terminal.keys).toEqual(["Escape"]);
  });
});
