import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LaunchRequest } from "../../src/agents/adapter.ts";
import { codexAdapter } from "../../src/agents/codex.ts";
import { readCodexStream } from "../../src/agents/codex-stream.ts";

const request: LaunchRequest = {
  launchId: "l1",
  model: null,
  cwd: "/project",
  dir: "/state/l1",
  hookScript: "/state/hook.sh",
  sessionId: "unused",
  resumeSessionId: null,
  settings: { command: ["codex"], permissionMode: null, env: {} },
};
const session = "01a20a9c-7dd8-7cd3-b0bb-ca02e0d8f48e";
const path = `/home/dev/.codex/sessions/2026/11/23/rollout-2026-11-23T22-52-37-${session}.jsonl`;
const base = { session_id: session, transcript_path: path };
const at = { sessionId: session, recordPath: path };
const signal = (event: string, payload: unknown) => ({ launchId: "l1", event, atMs: 0, payload });

describe("a launch of Codex", () => {
  test("never starts the daemon, and names model and approval only when they are given", () => {
    const { argv } = codexAdapter.launch(request);
    expect(argv.slice(0, 2)).toEqual(["codex", "--no-daemon"]);
    expect(argv.join(" ")).not.toMatch(/--model|--ask-for-approval|resume|bypass|notify/);
    const full = codexAdapter.launch({
      ...request,
      model: "gpt-x",
      resumeSessionId: session,
      settings: { ...request.settings, permissionMode: "never" },
    });
    expect(full.argv.slice(-6)).toEqual([
      "--model",
      "gpt-x",
      "--ask-for-approval",
      "never",
      "resume",
      session,
    ]);
  });

  test("names as trusted exactly the hooks it gives, by the hash of what Codex will run", () => {
    const options = codexAdapter.launch(request).argv.filter((_, at, argv) => argv[at - 1] === "-c");
    const trust = options.at(-1) ?? "";
    expect(trust.startsWith("hooks.state={")).toBe(true);
    expect(trust.match(/trusted_hash/g)).toHaveLength(options.length - 1);
    const identity = `{"event_name":"stop","hooks":[{"async":false,"command":"'/state/hook.sh' Stop","timeout":10,"type":"command"}]}`;
    const hash = createHash("sha256").update(identity).digest("hex");
    expect(trust).toContain(`"/<session-flags>/config.toml:stop:0:0"={trusted_hash="sha256:${hash}"}`);
    expect(options).toContain(
      `hooks.Stop=[{hooks=[{type="command",command="'/state/hook.sh' Stop",timeout=10}]}]`,
    );
  });
});

describe("a signal of Codex", () => {
  test.each([
    ["SessionStart", { ...base, source: "startup" }, { kind: "ready", ...at }],
    ["SessionStart", { ...base, source: "clear" }, { kind: "cleared", ...at }],
    ["SessionStart", { ...base, source: "compact" }, { kind: "progress" }],
    ["UserPromptSubmit", { ...base, prompt: "do it" }, { kind: "accepted", prompt: "do it", ...at }],
    ["UserPromptSubmit", { ...base, prompt: "do it", agent_id: "a" }, { kind: "progress" }],
    ["Stop", { ...base, last_assistant_message: "done" }, { kind: "turn-ended", answer: "done", ...at }],
    [
      "Interrupt",
      base,
      { kind: "turn-failed", failure: "interrupted", message: "The turn was interrupted.", resetsAtMs: null },
    ],
    [
      "PermissionRequest",
      { ...base, tool_name: "Bash", tool_input: { command: "rm x", description: "May I?" } },
      { kind: "asks", question: "May Bash be used? rm x (May I?)" },
    ],
    ["PermissionRequest", { tool_input: [] }, { kind: "asks", question: "May a tool be used?" }],
    ["progress", null, { kind: "progress" }],
    ["exited", null, { kind: "exited", exitCode: 255 }],
    ["Stop", "hostile", null],
    ["made-up", {}, null],
  ])("%s %j", (event, payload, expected) => {
    expect(codexAdapter.interpret(signal(event, payload))).toEqual(expected);
  });
});

describe("the terminal stream of Codex", () => {
  const error = "\u001b]7501;state=error:app=codex\u001b\\";
  test.each([
    [error, 1],
    ["\u001b]7501;state=error:app=codex\u0007", 1],
    [`text${error}more${error}`, 2],
    ["\u001b]7501;state=working:app=codex\u001b\\\u001b]7501;state=done:app=codex\u001b\\", 0],
    ["\u001b]7501;state=error:app=other\u001b\\", 0],
    ["state=error:app=codex", 0],
    [`\u001b]7501;${"x".repeat(5_000)}${error}`, 1],
  ])("%j holds %i errors", (stream, count) => {
    expect(readCodexStream(stream).events).toHaveLength(count);
  });

  test("cut anywhere, it tells the same", () => {
    const stream = `before${error}\u001b[31mred\u001b]0;title\u0007${error}after`;
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        let rest = "";
        let count = 0;
        for (const [at, end] of edges.entries()) {
          const reading = readCodexStream(rest + stream.slice(edges[at - 1] ?? 0, end));
          rest = reading.rest;
          count += reading.events.length;
        }
        expect(count).toBe(2);
      }),
    );
  });

  test("an unfinished sequence is not kept for ever", () => {
    expect(readCodexStream(`\u001b]7501;${"x".repeat(100_000)}`).rest.length).toBeLessThan(8);
  });
});

describe("the record of Codex", () => {
  const rollout = (payload: object) =>
    JSON.stringify({ timestamp: "2026-11-23T13:00:00Z", type: "event_msg", payload });
  const failure = (...payloads: object[]) =>
    codexAdapter.record(session, path)?.turnFailure(payloads.map(rollout).join("\n"));

  test("is the rollout whose name ends in the thread's id", () => {
    expect(codexAdapter.record(session, path)?.paths).toEqual([path]);
    expect(codexAdapter.record("another", path)).toBeNull();
    expect(codexAdapter.record("", path)).toBeNull();
  });

  test.each([
    ["usage_limit_exceeded", "You’ve hit your usage limit.", "quota-exhausted"],
    ["usage_limit_exceeded", "Quota exceeded. Check your plan and billing details.", "out-of-credit"],
    ["internal_server_error", "We’re currently experiencing high demand", "overloaded"],
    ["other", "unexpected status 401 Unauthorized: Incorrect API key provided", "not-logged-in"],
    ["other", "exceeded retry limit, last status: 429 Too Many Requests", "rate-limited"],
    ["other", "stream disconnected before completion", "overloaded"],
  ])("an error %s, %s, is %s", (code, message, kind) => {
    expect(failure({ type: "task_complete", error: { message, codex_error_info: code } })).toMatchObject({
      failure: kind,
      message,
    });
  });

  test("only the last turn counts", () => {
    const failed = { type: "task_complete", error: { message: "bad", codex_error_info: "other" } };
    expect(failure(failed, { type: "task_started" })).toBeNull();
    expect(failure(failed, { type: "task_complete", last_agent_message: "done" })).toBeNull();
    expect(failure({ type: "turn_aborted", reason: "interrupted" })?.failure).toBe("interrupted");
    expect(failure()).toBeNull();
  });
});
