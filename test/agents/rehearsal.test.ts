import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AgentEvent } from "../../src/agents/adapter.ts";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import { REHEARSAL_BANNER } from "../../src/agents/rehearsal-screen.ts";
import { startPane } from "../support/pane.ts";
import { signalFolder, TEST_LAUNCH_ID } from "../support/signal-folder.ts";
import { waitFor } from "../support/wait-for.ts";

let program = "";

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), "ctm-rehearsal-program-"));
  program = join(dir, "rehearsal-agent.mjs");
  const entry = new URL("../../src/cli/rehearsal-agent.ts", import.meta.url).pathname;
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
  });
  return () => rm(dir, { recursive: true, force: true });
});

async function startRehearsal() {
  const dir = await mkdtemp(join(tmpdir(), "ctm-rehearsal-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const signals = await signalFolder();
  const plan = rehearsalAdapter.launch({
    launchId: TEST_LAUNCH_ID,
    model: "sonnet",
    cwd: dir,
    dir,
    hookScript: signals.hookScript,
    sessionId: "11111111-2222-4333-8444-555555555555",
    resumeSessionId: null,
    settings: { command: [process.execPath, program], permissionMode: null, env: {} },
  });
  const pane = await startPane({ argv: plan.argv, cwd: dir, env: { ...plan.env, ...signals.env } });
  const ready = await signals.waitForEvent(rehearsalAdapter.interpret, "ready");
  const screen = async () => rehearsalAdapter.readScreen(await pane.capture());
  const screenIs = (state: string) =>
    waitFor(`a screen that is ${state}`, async () => ((await screen()).state === state ? screen() : null));
  const submit = async (text: string) => {
    const skip = (await signals.all()).length;
    const submission = rehearsalAdapter.submission("t1-a1", text, dir);
    await pane.paste(submission.paste, submission.bracketed);
    await waitFor("the text in the composer", async () => (await screen()).state === "draft");
    await pane.key("Enter");
    return skip;
  };
  const event = <K extends AgentEvent["kind"]>(kind: K, skip: number) =>
    signals.waitForEvent(rehearsalAdapter.interpret, kind, skip);
  return { dir, pane, signals, ready, screenIs, submit, event };
}

describe("the rehearsal agent in a real pane", () => {
  test("takes a prompt of several lines, works, answers and records what it pretends to have used", async () => {
    const { pane, submit, event, ready, screenIs } = await startRehearsal();
    await screenIs("idle");
    const skip = await submit(
      "first line\nsecond line [[say:all done]] [[in:1200]] [[out:34]] [[delay:300]]",
    );
    expect((await event("accepted", skip)).prompt).toMatch(/^first line\nsecond line/);
    await screenIs("busy");
    const ended = await event("turn-ended", skip);
    expect(ended.answer).toBe("all done");
    await screenIs("idle");
    const record = rehearsalAdapter.record(ended.sessionId ?? "", ended.recordPath);
    const text = await readFile(record?.paths[0] ?? "", "utf8");
    expect(record?.holdsAnswer(text, "all done")).toBe(true);
    expect(record?.holdsAnswer(text, "something else")).toBe(false);
    expect(record?.parse(text)).toMatchObject([
      { model: "sonnet", usage: { inputTokens: 1200, outputTokens: 34 } },
    ]);
    expect(ready.recordPath).toBe(ended.recordPath);
    expect((await pane.capture()).join("\n")).toContain(REHEARSAL_BANNER);
  });

  test("asks, shows the question as a dialog, and goes on when it is answered", async () => {
    const { pane, submit, event, screenIs } = await startRehearsal();
    const skip = await submit("[[ask:May I delete it?]] [[say:deleted]] [[delay:1]]");
    expect((await event("asks", skip)).question).toBe("May I delete it?");
    expect(await screenIs("dialog")).toMatchObject({ text: "May I delete it?" });
    expect((await pane.capture()).join("\n")).toContain(REHEARSAL_BANNER);
    await pane.key("1");
    expect((await event("turn-ended", skip)).answer).toBe("deleted");
  });

  test("Escape interrupts without a signal, as real agents do: the screen tells", async () => {
    const { pane, submit, event, screenIs, signals } = await startRehearsal();
    const skip = await submit("slow [[delay:600000]]");
    await event("accepted", skip);
    await screenIs("busy");
    await pane.key("Escape");
    await screenIs("interrupted");
    expect((await signals.all()).slice(skip).map((signal) => signal.event)).toEqual(["UserPromptSubmit"]);
    const next = await submit("next [[delay:1]]");
    await event("turn-ended", next);
  });

  test.each([
    ["limit", "quota-exhausted"],
    ["rate", "rate-limited"],
    ["login", "not-logged-in"],
    ["other", "unknown"],
  ])("[[err:%s]] fails as %s", async (directive, failure) => {
    const { submit, event, screenIs } = await startRehearsal();
    const before = Date.now();
    const skip = await submit(`[[err:${directive}]] [[delay:1]] [[reset:600]]`);
    const failed = await event("turn-failed", skip);
    expect(failed.failure).toBe(failure);
    if (directive !== "limit") return;
    expect(failed.resetsAtMs).toBeGreaterThanOrEqual(before + 600_000);
    await screenIs("limited");
  });

  test("[[die:3]] ends the process; Ctrl+C twice and /exit do so too", async () => {
    for (const end of ["[[die:3]] [[delay:1]]", "/exit"]) {
      const { pane, submit } = await startRehearsal();
      await submit(end);
      await waitFor("the end of the process", async () => !(await pane.alive()));
    }
    const { pane, screenIs } = await startRehearsal();
    await screenIs("idle");
    await pane.key("C-c");
    await pane.key("C-c");
    await waitFor("the end of the process", async () => !(await pane.alive()));
  });

  test("/clear begins a new session with a record of its own", async () => {
    const { submit, event, ready } = await startRehearsal();
    const cleared = await event("cleared", await submit("/clear"));
    expect(cleared.sessionId).not.toBe(ready.sessionId);
    const skip = await submit("again [[delay:1]]");
    const ended = await event("turn-ended", skip);
    expect(ended.recordPath).toBe(cleared.recordPath);
  });
});
