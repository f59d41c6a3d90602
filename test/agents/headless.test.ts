import { afterEach, describe, expect, test } from "vitest";
import { geminiAdapter } from "../../src/agents/gemini.ts";
import { headlessClaude, headlessCodex } from "../../src/agents/headless.ts";
import { resumeAttempt } from "../../src/workers/resuming.ts";
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
    const command = `exec 'agent' '-p' '--model' 'sonnet' '--permission-mode' 'default' '--settings' '/launch/settings.json'`;
    expect(agentFile(plan.files).split("\n")).toEqual([
      `if [ -f "$1.session" ]; then`,
      `  ${command} --resume "$(cat "$1.session")"  <"$1"`,
      "fi",
      `${command}  <"$1"`,
      "",
    ]);
    expect(plan.files.map(({ name }) => name)).toEqual(["settings.json", "runner.sh", "agent.sh"]);
    expect(plan.env).toEqual({ A_KEY: "secret" });
  });

  test("codex is called with exec, hooks trusted for this process, and - for its input", () => {
    const settings = { ...REQUEST.settings, permissionMode: "never" };
    const text = agentFile(headlessCodex.launch({ ...REQUEST, settings }).files);
    expect(text).toMatch(/\nexec 'agent' 'exec' '--skip-git-repo-check' '-c' 'hooks\.SessionStart=/);
    expect(text).toContain(`'-c' 'approval_policy="never"'`);
    expect(text).toMatch(/'--model' 'sonnet' resume "\$\(cat "\$1.session"\)" - <"\$1"\nfi\n/);
    expect(text).toMatch(/'--model' 'sonnet' - <"\$1"\n$/);
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

  const limit: [string, unknown] = [
    "StopFailure",
    { error: "rate_limit", last_assistant_message: "You've hit your 5-hour limit · resets 2pm (UTC)" },
  ];
  const started: [string, unknown] = ["SessionStart", { session_id: "s1", transcript_path: "/r/s1.jsonl" }];

  test("waits at a limit, and goes on in its conversation by another process", async () => {
    const failed: [string, unknown] = ["command-ended", { attemptId: "a1", exitCode: 1 }];
    expect(await run(started, limit, failed)).toMatchObject([
      { kind: "limited", attemptId: "a1", reason: { cause: "quota-exhausted" } },
    ]);
    expect(bench.worker.attempt?.phase).toBe("parked");
    bench.terminal.mark = "a1";
    bench.terminal.screen = ["ctm shell worker — idle"];
    const files: { name: string; text: string }[] = [];
    const order = {
      attemptId: "a1",
      words: "go on",
      insist: false,
      intend: () => undefined,
      writeFile: (file: { name: string; text: string }) => void files.push(file),
      awaitAcceptance: () => undefined,
    };
    expect(await resumeAttempt(bench.worker, order)).toEqual({ kind: "told" });
    expect(files.map(({ text }) => text)).toEqual(["s1", "go on"]);
    const run2 = files[1]?.name.replace(/\.prompt$/, "") ?? "";
    expect(run2).toMatch(/^a1-r[a-z0-9]+$/);
    expect(files[0]?.name).toBe(`${run2}.prompt.session`);
    expect(bench.terminal.texts.at(-1)).toContain(`\r\r${run2}\r`);

    await bench.worker.hear(signal("command-started", { attemptId: run2 }));
    expect(bench.worker.attempt?.phase).toBe("accepted");
    await bench.worker.hear(signal("Stop", { last_assistant_message: "done after all" }));
    await bench.worker.hear(signal("command-ended", { attemptId: run2, exitCode: 0 }));
    expect(bench.told("ended")).toMatchObject([
      { attemptId: "a1", outcome: { kind: "completed", exitCode: 0, answer: "done after all" } },
    ]);
  });

  test("of a kind that cannot go on fails, its account parked before", async () => {
    bench = new WorkerBench({ agent: "gemini" }, geminiAdapter);
    await bench.typed();
    const error = {
      session_id: "s1",
      error: { message: "You have exhausted your daily quota on this model." },
    };
    await bench.worker.hear(signal("said", error));
    await bench.worker.hear(signal("command-ended", { attemptId: "a1", exitCode: 173 }));
    expect(bench.news.filter(({ kind }) => kind === "ended" || kind === "limited")).toMatchObject([
      { kind: "limited", attemptId: null, reason: { cause: "quota-exhausted" } },
      {
        kind: "ended",
        outcome: {
          kind: "failed",
          exitCode: 173,
          reason: "quota-exhausted: You have exhausted your daily quota on this model. (exit code 173)",
        },
      },
    ]);
  });

  test("is not ended by the process of another attempt", async () => {
    expect(await run(["command-ended", { attemptId: "a0", exitCode: 0 }])).toEqual([]);
  });
});
