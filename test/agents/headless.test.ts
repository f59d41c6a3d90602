import { afterEach, describe, expect, test } from "vitest";
import { headlessClaude, headlessCodex } from "../../src/agents/headless.ts";
import { WorkerBench } from "../support/worker-bench.ts";

const REQUEST = {
  launchId: "l1",
  model: "sonnet",
  cwd: "/work",
  dir: "/launch",
  hookScript: "/state/hook.sh",
  sessionId: "0-1",
  resumeSessionId: null,
  settings: { command: ["agent"], permissionMode: null, env: { A_KEY: "secret" } },
};
const agentFile = (files: readonly { name: string; text: string }[]) =>
  files.find(({ name }) => name === "agent.sh")?.text ?? "";
const signal = (event: string, payload: unknown = {}) => ({ launchId: "launch-1", event, atMs: 0, payload });

describe("an agent without its screen", () => {
  test("claude is called with -p, its permission mode and its hooks, the prompt on its input", () => {
    const plan = headlessClaude.launch(REQUEST);
    expect(agentFile(plan.files)).toBe(
      `exec 'agent' '-p' '--model' 'sonnet' '--permission-mode' 'default' '--settings' '/launch/settings.json' <"$1"\n`,
    );
    expect(plan.files.map(({ name }) => name)).toEqual(["settings.json", "runner.sh", "agent.sh"]);
    expect(plan.env).toEqual({ A_KEY: "secret" });
  });

  test("codex is called with exec, hooks trusted for this process, and - for its input", () => {
    const settings = { ...REQUEST.settings, permissionMode: "never" };
    const text = agentFile(headlessCodex.launch({ ...REQUEST, settings }).files);
    expect(text).toMatch(/^exec 'agent' 'exec' '--skip-git-repo-check' '-c' 'hooks\.SessionStart=/);
    expect(text).toContain(`'-c' 'approval_policy="never"'`);
    expect(text).toMatch(/'--model' 'sonnet' '-' <"\$1"\n$/);
  });

  test("hooks never end a task and never ask: the process does the first, and nobody could answer", () => {
    const session = { session_id: "s1", transcript_path: "/r/s1.jsonl" };
    const learnt = { kind: "said", sessionId: "s1", recordPath: "/r/s1.jsonl", failure: null };
    const { interpret } = headlessClaude;
    expect(interpret(signal("SessionStart", session))).toEqual({ ...learnt, answer: null });
    expect(interpret(signal("Stop", { ...session, last_assistant_message: "ok" }))).toEqual({
      ...learnt,
      answer: "ok",
    });
    expect(interpret(signal("PermissionRequest", { ...session, tool_name: "Bash" }))).toBeNull();
    expect(interpret(signal("progress"))).toBeNull();
    expect(interpret(signal("command-ended", { attemptId: "a1", exitCode: 2 }))).toMatchObject({
      exitCode: 2,
    });
  });
});

describe("a worker of such an agent", () => {
  let bench: WorkerBench;
  afterEach(() => bench.close());

  async function run(...signals: [string, unknown?][]) {
    bench = new WorkerBench({ agent: "claude" }, headlessClaude);
    await bench.typed();
    for (const [event, payload] of signals) await bench.worker.hear(signal(event, payload));
    return bench.news.filter(({ kind }) => kind === "ended" || kind === "limited");
  }

  test("ends with the answer that was said before, and the exact exit code", async () => {
    const news = await run(
      ["command-started", { attemptId: "a1" }],
      ["Stop", { last_assistant_message: "it is done" }],
      ["command-ended", { attemptId: "a1", exitCode: 0 }],
    );
    expect(news).toMatchObject([{ outcome: { kind: "completed", exitCode: 0, answer: "it is done" } }]);
  });

  test("fails with the exit code when nothing was said, also after an answer", async () => {
    const news = await run(
      ["Stop", { last_assistant_message: "x" }],
      ["command-ended", { attemptId: "a1", exitCode: 137 }],
    );
    expect(news).toMatchObject([{ outcome: { kind: "failed", reason: "exit code 137", exitCode: 137 } }]);
  });

  test("parks its account at a limit before the task is reported as failed", async () => {
    const news = await run(
      [
        "StopFailure",
        { error: "rate_limit", last_assistant_message: "You've hit your 5-hour limit · resets 2pm (UTC)" },
      ],
      ["command-ended", { attemptId: "a1", exitCode: 1 }],
    );
    expect(news).toMatchObject([
      { kind: "limited", attemptId: null, reason: { cause: "quota-exhausted" } },
      {
        kind: "ended",
        outcome: {
          kind: "failed",
          exitCode: 1,
          reason: expect.stringMatching(/^quota-exhausted: You've hit.*\(exit code 1\)$/),
        },
      },
    ]);
  });

  test("is not ended by the process of another attempt", async () => {
    expect(await run(["command-ended", { attemptId: "a0", exitCode: 0 }])).toEqual([]);
  });
});
