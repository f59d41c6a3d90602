import { execa } from "execa";
import { describe, expect, test } from "vitest";
import type { LaunchRequest } from "../../src/agents/adapter.ts";
import { claudeAdapter } from "../../src/agents/claude.ts";

const request: LaunchRequest = {
  launchId: "l1",
  model: "sonnet",
  cwd: "/project",
  dir: "/state/l1",
  hookScript: "/state/it's here/hook.sh",
  sessionId: "0000-new",
  resumeSessionId: null,
  settings: { command: ["claude", "--verbose"], permissionMode: null, env: { A: "b" } },
};
const session = "11111111-2222-4333-8444-555555555555";
const path = `/home/dev/.claude/projects/-p/${session}.jsonl`;
const base = { session_id: session, transcript_path: path };
const at = { sessionId: session, recordPath: path };
const signal = (event: string, payload: unknown, atMs = Date.UTC(2026, 10, 23, 13, 0)) => ({
  launchId: "l1",
  event,
  atMs,
  payload,
});

describe("a launch of Claude Code", () => {
  test("names session, model, an asking permission mode and the settings of this launch", () => {
    const plan = claudeAdapter.launch(request);
    expect(plan.argv).toEqual([
      ...["claude", "--verbose", "--session-id", "0000-new", "--model", "sonnet"],
      ...["--permission-mode", "default", "--settings", "/state/l1/settings.json"],
    ]);
    expect(plan.env).toEqual({ A: "b" });
  });

  test("resumes a conversation; the person's own permission mode is handed through", () => {
    const settings = { ...request.settings, permissionMode: "acceptEdits" };
    const { argv } = claudeAdapter.launch({ ...request, resumeSessionId: "0000-old", model: null, settings });
    expect(argv).toContain("--resume");
    expect(argv).not.toContain("--session-id");
    expect(argv).not.toContain("--model");
    expect(argv[argv.indexOf("--permission-mode") + 1]).toBe("acceptEdits");
  });

  test("each hook calls the script with its event, whatever the script's path holds, and sets nothing else", async () => {
    const [file] = claudeAdapter.launch(request).files;
    const settings = JSON.parse(file?.text ?? "") as {
      hooks: Record<string, [{ hooks: [{ command: string }] }]>;
    };
    expect(Object.keys(settings)).toEqual(["hooks", "statusLine"]);
    const command = settings.hooks["Stop"]?.[0].hooks[0].command ?? "";
    const { stdout } = await execa("sh", ["-c", `printf '%s|' ${command}`]);
    expect(stdout).toBe("/state/it's here/hook.sh|Stop|");
    expect(settings.hooks["PostToolUse"]?.[0].hooks[0].command).toMatch(/ ToolUse$/);
  });
});

describe("a signal of Claude Code", () => {
  const JEST = "Tests:       1 failed, 3 passed, 4 total";
  const ranTests = (tool_name: string, tool_response: unknown) => ({ ...base, tool_name, tool_response });
  const running = [{ id: "b1", type: "shell", status: "running" }];
  test.each([
    ["SessionStart", { ...base, source: "startup" }, { kind: "ready", ...at }],
    ["SessionStart", { ...base, source: "resume" }, { kind: "ready", ...at }],
    ["SessionStart", { ...base, source: "clear" }, { kind: "cleared", ...at }],
    ["SessionStart", { ...base, source: "compact" }, { kind: "progress" }],
    ["UserPromptSubmit", { ...base, prompt: "do it" }, { kind: "accepted", prompt: "do it", ...at }],
    [
      "UserPromptSubmit",
      { ...base, prompt: '<pasted_content id="63be">\ndo\nit\n</pasted_content id="63be">' },
      { kind: "accepted", prompt: "do\nit", ...at },
    ],
    ["UserPromptSubmit", { ...base, prompt: "<task-notification>\n<task-id>b1" }, { kind: "progress" }],
    ["UserPromptSubmit", { ...base, prompt: "x", agent_id: "a1" }, { kind: "progress" }],
    ["Stop", { ...base, last_assistant_message: "done" }, { kind: "turn-ended", answer: "done", ...at }],
    ["Stop", { ...base, background_tasks: [] }, { kind: "turn-ended", answer: null, ...at }],
    ["Stop", { ...base, background_tasks: running }, { kind: "progress" }],
    [
      "Stop",
      { ...base, background_tasks: [{ status: "completed" }] },
      { kind: "turn-ended", answer: null, ...at },
    ],
    ["Stop", { ...base, background_tasks: "hostile" }, { kind: "turn-ended", answer: null, ...at }],
    ["Stop", { ...base, agent_id: "a1" }, { kind: "progress" }],
    ["progress", null, { kind: "progress" }],
    ["ToolUse", ranTests("Bash", { stdout: JEST, interrupted: false }), { kind: "tested", passed: 3, of: 4 }],
    ["ToolUse", ranTests("Bash", { stdout: "", stderr: JEST }), { kind: "tested", passed: 3, of: 4 }],
    ["ToolUse", ranTests("Bash", { stdout: JEST, interrupted: true }), { kind: "progress" }],
    ["ToolUse", ranTests("Read", { stdout: JEST }), { kind: "progress" }],
    ["ToolUse", ranTests("Bash", JEST), { kind: "progress" }],
    ["ToolUse", ranTests("Bash", { stdout: [JEST] }), { kind: "progress" }],
    [
      "PermissionRequest",
      { ...base, tool_name: "Bash", tool_input: { command: "rm x" } },
      { kind: "asks", question: "May Bash be used? rm x" },
    ],
    [
      "PermissionRequest",
      { ...base, tool_name: "AskUserQuestion", tool_input: { questions: [{ question: "Red?" }] } },
      { kind: "asks", question: "Red?" },
    ],
    ["PermissionRequest", { tool_input: 7 }, { kind: "asks", question: "May a tool be used?" }],
    ["Notification", { notification_type: "permission_prompt", message: "m" }, null],
    [
      "Notification",
      { notification_type: "elicitation_dialog", message: "m" },
      { kind: "asks", question: "m" },
    ],
    ["SessionEnd", { ...base, reason: "clear" }, null],
    ["exited", { exitCode: 143 }, { kind: "exited", exitCode: 143 }],
    ["Stop", null, null],
    ["Stop", [], null],
    ["made-up", {}, null],
  ])("%s %j", (event, payload, expected) => {
    expect(claudeAdapter.interpret(signal(event, payload))).toEqual(expected);
  });

  test.each([
    [
      "rate_limit",
      "You've hit your 5-hour limit · resets 2:03pm (UTC)",
      "quota-exhausted",
      Date.UTC(2026, 10, 23, 14, 3),
    ],
    [
      "rate_limit",
      "You've hit your weekly limit · resets Nov 26, 8:27am (UTC)",
      "quota-exhausted",
      Date.UTC(2026, 10, 26, 8, 27),
    ],
    [
      "rate_limit",
      "API Error: Request rejected (429) · You have reached your usage limit.",
      "rate-limited",
      null,
    ],
    [
      "rate_limit",
      "API Error: Server is temporarily limiting requests (not your usage limit)",
      "rate-limited",
      null,
    ],
    ["billing_error", "Credit balance too low · Add funds", "out-of-credit", null],
    ["authentication_failed", "Not logged in · Please run /login", "not-logged-in", null],
    ["server_error", "API Error: Repeated 529 Overloaded errors.", "overloaded", null],
    ["invalid_request", "Context limit reached · /compact or /clear to continue", "invalid-request", null],
    ["something_new", "Spending cap reached", "out-of-credit", null],
    ["something_new", "what is this", "unknown", null],
  ])("StopFailure %s: %s", (error, message, failure, resetsAtMs) => {
    const given = signal("StopFailure", { ...base, error, last_assistant_message: message });
    expect(claudeAdapter.interpret(given)).toEqual({ kind: "turn-failed", failure, message, resetsAtMs });
  });

  test.each(["relative.jsonl", "/etc/passwd", "/home/../etc/x.jsonl", "/a\0b.jsonl", 7, null])(
    "a transcript path %j is not taken",
    (transcript) => {
      const given = signal("SessionStart", { session_id: "../../x", transcript_path: transcript });
      expect(claudeAdapter.interpret(given)).toEqual({ kind: "ready", sessionId: null, recordPath: null });
    },
  );
});

describe("the record of Claude Code", () => {
  test("is the transcript and its subagents' folder", () => {
    expect(claudeAdapter.record(session, path)?.paths).toEqual([path, path.replace(".jsonl", "/subagents")]);
  });

  test("a path that is not this session's is none", () => {
    expect(claudeAdapter.record("another", path)).toBeNull();
    expect(claudeAdapter.record(session, null)).toBeNull();
  });
});
