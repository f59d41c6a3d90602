import { describe, expect, it } from "vitest";
import type { ServedRequest } from "../support/stand-in-api.ts";
import type { ModelRequest } from "../support/stand-in-requests.ts";
import {
  countedTokens,
  shareOf,
  spreadOf,
  spreadWords,
  tableLines,
  type RoundFigure,
} from "../bench/coordination/figures.ts";
import { PromptCache } from "../bench/coordination/prompt-cache.ts";
import {
  playEvents,
  playOrders,
  playPolling,
  roundPrompt,
  type Workload,
} from "../bench/coordination/scripts.ts";

const work: Workload = { agents: 2, reads: 2, orderMs: 180_000, pollMs: 15_000, speed: 15 };
const turn = (toolsRun: number, lastResult = "", prompt = roundPrompt("r1", work)): ModelRequest => ({
  ...{ api: "anthropic", model: "m", stream: true, messages: 1, afterTool: toolsRun > 0, tools: [] },
  ...{ prompt, toolsRun, lastResult },
});
const block = (chars: number, mark = "x") => ({ role: "user", content: mark.repeat(chars) });

describe("the prompt cache", () => {
  it("reads what it has seen in this order, and writes the rest, of all sessions together", () => {
    const cache = new PromptCache();
    const first = cache.count({ tools: [{ name: "t" }], messages: [block(400)] }, "x".repeat(41));
    expect(first).toMatchObject({ input: 0, cacheRead: 0, output: 11 });
    const again = cache.count({ tools: [{ name: "t" }], messages: [block(400), block(80, "y")] }, "");
    expect(again.cacheRead).toBe(first.cacheWrite);
    expect(again.cacheWrite).toBeLessThan(first.cacheWrite);
    // Another beginning: nothing behind it is known, be it the same.
    expect(cache.count({ tools: [{ name: "u" }], messages: [block(400)] }, "").cacheRead).toBe(0);
  });

  it("takes a text for the block it is, wherever a breakpoint stands", () => {
    const cache = new PromptCache();
    const text = { type: "text", text: "hello", cache_control: { type: "ephemeral" } };
    const { cacheWrite } = cache.count({ messages: [{ role: "user", content: [text] }] }, "");
    expect(cache.count({ messages: [{ role: "user", content: "hello" }] }, "")).toMatchObject({
      ...{ cacheRead: cacheWrite, cacheWrite: 0 },
    });
  });
});

describe("what is played", () => {
  it("works an order through, and says that it is done at the end alone", () => {
    const play = playOrders(work);
    const steps = Array.from({ length: 7 }, (_, at) => play(turn(at)));
    expect(steps.filter((step) => step?.call !== null)).toHaveLength(2 * (work.reads + 1));
    expect(steps.at(-1)).toMatchObject({ call: null, answer: expect.stringContaining("FINISHED r1-t2") });
    expect(play(turn(0, "", "Wait for orders."))).toBeNull();
  });

  it("looks at panes until each has said that it is done", () => {
    const { play, looks, knownAtMs } = playPolling(work, "tmux");
    expect(play(turn(0))?.call).toMatchObject({ args: { command: expect.stringContaining("paste-buffer") } });
    for (const seen of ["", "FINISHED r1-t1"])
      expect(play(turn(1, seen))?.call).toMatchObject({
        args: { command: expect.stringMatching(/^sleep 1\.00;/) },
      });
    expect(knownAtMs.size).toBe(0);
    expect(play(turn(3, "FINISHED r1-t1 FINISHED r1-t2"))?.call).toBeNull();
    expect([looks.get("r1"), knownAtMs.has("r1")]).toEqual([2, true]);
  });

  it("begins a round, waits for its news, ends it and tells", () => {
    const { play, looks } = playEvents(work);
    const names = [
      turn(0),
      turn(1, JSON.stringify({ queued: [4, 5] })),
      turn(2, JSON.stringify({ tasks: [{ state: "completed" }, { state: "running" }] })),
      turn(3, JSON.stringify({ tasks: [{ state: "completed" }, { state: "completed" }] })),
      turn(4, JSON.stringify({ tasks: { total: 2 }, wallMs: 5 })),
    ].map((request) => play(request)?.call?.name ?? null);
    const [start, wait, end] = ["start_round", "wait_for_news", "end_round"].map(
      (name) => `mcp__ctm__${name}`,
    );
    expect(names).toEqual([start, wait, wait, end, null]);
    expect(looks.get("r1")).toBe(2);
  });
});

describe("the figures", () => {
  const round = (agentTokens: number, coordinatorTokens: number): RoundFigure => ({
    ...{ agentTokens, coordinatorTokens, coordinatorRequests: 4, coordinatorCached: 0, looks: 1 },
    ...{ wallMs: 200_000, knownMs: 200, done: 2 },
  });

  it("counts turns that were served to their end, and no cache reads", () => {
    const usage = { input: 1, cacheRead: 1_000, cacheWrite: 20, output: 300, reasoning: 0 };
    const asked = (change: Partial<ServedRequest>) =>
      ({ main: true, aborted: false, usage, ...change }) as ServedRequest;
    const requests = [asked({}), asked({ main: false }), asked({ aborted: true }), asked({ usage: null })];
    expect(countedTokens(requests)).toBe(321);
  });

  it("takes the share as the log does, and median and range of rounds", () => {
    expect(shareOf(round(90_000, 3_000))).toBeCloseTo(0.0323, 4);
    expect(shareOf(round(90_000, 3_000), 1_000)).toBeCloseTo(0.043, 4);
    expect(spreadWords(spreadOf([3, 1, 2]), String)).toBe("2 (1 to 3)");
    expect(spreadWords(spreadOf([2, 2]), String)).toBe("2");
  });

  it("says whether the goal is met, and holds what ctm tells against what was served", () => {
    const told = { agentTokens: 100_000, coordinatorTokens: 900, outsideTokens: 100, glueTokens: 1_000 };
    const of = (coordinator: number) =>
      tableLines(
        work,
        1,
        new Map([["events", { rounds: [round(100_000, coordinator)], startTokens: 5, told }]]),
      ).join("\n");
    expect(of(1_000)).toMatch(/0\.99 %\n.*met\n/);
    expect(of(1_000)).toContain("coordinator 1,000 (served 1,000; 100 of them after its rounds)");
    expect(of(1_000)).toContain("the share of all rounds is 1.98 %");
    expect(of(2_000)).toMatch(/1\.96 %\n.*MISSED\n/);
  });
});
