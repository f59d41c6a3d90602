/** The adapter's contract, held against the real Claude Code: a private home, a dummy key, the API on loopback. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { claudeAdapter } from "../../src/agents/claude.ts";
import { agentBin, claudeHome } from "../support/agent-home.ts";
import { recordedUsage, recordTexts, startAgent } from "../support/agent-run.ts";
import { startStandInApi } from "../support/stand-in-api.ts";
import { waitFor } from "../support/wait-for.ts";

const { bin, reason } = await agentBin("claude");
const title = bin === null ? `Claude Code, skipped: ${reason}` : "Claude Code";

async function start(options: { readonly oauth?: boolean } = {}) {
  const api = await startStandInApi();
  const home = await claudeHome(api.baseUrl, options);
  const run = await startAgent(claudeAdapter, home, bin ?? "");
  const ready = await run.event("ready", 0);
  return { api, home, run, ready };
}

describe.skipIf(bin === null)(title, () => {
  test("a prompt is submitted once, whole, seen taken in and ended, and booked to the token", async () => {
    const { api, run, ready } = await start();
    expect(ready.sessionId).toBe(run.sessionId);
    const prompt = `Say it twice.\n\n  indented "quoted" $(line) ünï\n[[say:it is done]] [[delay:200]]`;
    const skip = await run.submit(prompt);
    expect((await run.event("accepted", skip)).prompt).toBe(prompt);
    const ended = await run.event("turn-ended", skip);
    expect(ended).toMatchObject({ answer: "it is done", sessionId: run.sessionId });
    await run.screenIs("idle");
    expect(api.requests.filter((request) => request.main)).toHaveLength(1);
    const used = await recordedUsage(claudeAdapter.record(run.sessionId, ended.recordPath), "it is done");
    const served = api.served();
    expect(used).toMatchObject({
      inputTokens: served.input,
      cacheReadTokens: served.cacheRead,
      cacheWrite5mTokens: served.cacheWrite,
      outputTokens: served.output,
    });
  });

  test("a tool waits for permission; once allowed it runs, and both responses are booked", async () => {
    const { api, home, run } = await start();
    const skip = await run.submit(
      "run it [[bash:echo hi > made.txt; echo Tests: 1 failed, 118 passed, 119 total]]",
    );
    expect((await run.event("asks", skip)).question).toContain("echo hi > made.txt");
    expect(await run.screenIs("dialog")).toMatchObject({ text: "Do you want to proceed?" });
    await run.answer("1");
    expect(await run.event("tested", skip)).toMatchObject({ passed: 118, of: 119 });
    const ended = await run.event("turn-ended", skip);
    await access(join(home.cwd, "made.txt"));
    const used = await recordedUsage(
      claudeAdapter.record(run.sessionId, ended.recordPath),
      ended.answer ?? "",
    );
    expect(api.requests.filter((request) => request.main)).toHaveLength(2);
    expect(used.inputTokens).toBe(api.served().input);
    expect(used.outputTokens).toBe(api.served().output);
  });

  test("a question of the agent itself is told with its words", async () => {
    const { run } = await start();
    const skip = await run.submit("ask me [[ask:Red or blue?]]");
    expect((await run.event("asks", skip)).question).toContain("Red or blue?");
    expect(await run.screenIs("dialog")).toMatchObject({ text: "Red or blue?" });
  });

  test("an interrupted answer tells by its screen alone, and the next prompt is taken", async () => {
    const { run } = await start();
    const skip = await run.submit(`slow [[stream:1000]] [[say:begun\n\n${"word ".repeat(100)}]]`);
    await run.event("accepted", skip);
    await waitFor("the first words", async () =>
      (await run.pane.capture()).some((line) => line.startsWith("● begun")),
    );
    expect((await run.screen()).state).toBe("busy");
    await run.pane.key(claudeAdapter.traits.interruptKey);
    await run.screenIs("interrupted");
    const after = (await run.signals.all()).slice(skip).map(claudeAdapter.interpret);
    expect(after.filter((event) => event?.kind === "turn-ended" || event?.kind === "turn-failed")).toEqual(
      [],
    );
    const next = await run.submit("again [[say:well]]");
    expect((await run.event("turn-ended", next)).answer).toBe("well");
  });

  test("interrupted before it said anything, it puts the prompt back: the screen shows a draft", async () => {
    const { run } = await start();
    const skip = await run.submit("slow [[delay:600000]]");
    await run.event("accepted", skip);
    await run.screenIs("busy");
    await run.pane.key(claudeAdapter.traits.interruptKey);
    expect((await run.screenIs("draft")).text).toContain("slow [[delay:600000]]");
  });

  // One start of the CLI for all of them, one turn after the other.
  test("a failure of the API ends the turn as what it is", async () => {
    const { run } = await start();
    for (const [code, failure] of [
      ["credit", "out-of-credit"],
      ["529", "overloaded"],
      ["400ctx", "invalid-request"],
    ]) {
      const skip = await run.submit(`fail [[err:${code}]]`);
      expect((await run.event("turn-failed", skip)).failure, code).toBe(failure);
    }
  });

  test("a subscription's usage limit is told with its reset, by the hook, the record and the screen", async () => {
    const { run } = await start({ oauth: true });
    const atMs = Date.now();
    const skip = await run.submit("limited [[err:429u]]");
    const failed = await run.event("turn-failed", skip);
    expect(failed.failure).toBe("quota-exhausted");
    // The sentence names the minute, the record the second.
    expect(Math.abs((failed.resetsAtMs ?? 0) - (atMs + 3_600_000))).toBeLessThan(120_000);
    const { recordPath } = await run.event("accepted", skip);
    const record = claudeAdapter.record(run.sessionId, recordPath);
    const told = await waitFor("the failure in the record", async () =>
      record === null
        ? null
        : (await recordTexts(record)).map((text) => record.turnFailure(text)).find(Boolean),
    );
    expect(Math.abs((told.resetsAtMs ?? 0) - (atMs + 3_600_000))).toBeLessThan(30_000);
    await run.screenIs("limited");
  });

  test("/clear begins a new session, told by a signal", async () => {
    const { run } = await start();
    const skip = await run.submit("/clear");
    const cleared = await run.event("cleared", skip);
    expect(cleared.sessionId).not.toBe(run.sessionId);
    const next = await run.submit("fresh [[say:fresh]]");
    expect(await run.event("turn-ended", next)).toMatchObject({
      answer: "fresh",
      sessionId: cleared.sessionId,
    });
  });

  test("work left in the background does not end the turn; its report does", async () => {
    const { run } = await start();
    const input = JSON.stringify({ command: "sleep 2", description: "wait", run_in_background: true });
    const skip = await run.submit(`background [[tool:Bash|${input}]] [[after:started]] [[say:all done]]`);
    const stopped = await waitFor("the first Stop", async () =>
      (await run.signals.all()).slice(skip).find((signal) => signal.event === "Stop"),
    );
    expect(claudeAdapter.interpret(stopped)).toEqual({ kind: "progress" });
    expect((await run.event("turn-ended", skip)).answer).toBe("all done");
    const events = (await run.signals.all())
      .slice(skip)
      .map((signal) => claudeAdapter.interpret(signal)?.kind);
    expect(events.filter((kind) => kind === "accepted")).toHaveLength(1);
  });
});
