/** What Claude Code's hooks mean. Their JSON is hostile input: each field is taken singly and bounded. */
import type { AgentEvent, FailureClass, Signal } from "./adapter.ts";
import { statusLineWindows } from "../metering/provider-limits.ts";
import { resetTime } from "../metering/reset-time.ts";
import { failureOfText } from "./failure-text.ts";
import { machineZone } from "./machine-zone.ts";
import { fields, interpretExit, recordPathField, sessionIdField, textField } from "./payload.ts";
import { isSyntheticPrompt, normalisePrompt } from "./prompt-text.ts";
import { testTotals } from "./test-totals.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The hooks asked for, and the event name each calls the hook script with. */
export const CLAUDE_HOOKS: readonly { readonly hook: string; readonly event: string }[] = [
  { hook: "SessionStart", event: "SessionStart" },
  { hook: "UserPromptSubmit", event: "UserPromptSubmit" },
  { hook: "PermissionRequest", event: "PermissionRequest" },
  { hook: "Notification", event: "Notification" },
  { hook: "Stop", event: "Stop" },
  { hook: "StopFailure", event: "StopFailure" },
  { hook: "SessionEnd", event: "SessionEnd" },
  // One a tool call: the hook script keeps what sums up a run of tests, and of all others only that there was one.
  { hook: "PostToolUse", event: "ToolUse" },
];

const questionMaxChars = 2_000;

/** The event a signal of Claude Code stands for, or null when it tells nothing new. */
export function interpretClaude(signal: Signal): AgentEvent | null {
  if (signal.event === "progress") return { kind: "progress" };
  const payload = fields(signal.payload);
  if (payload === null || signal.event === "exited") return interpretExit(signal);
  switch (signal.event) {
    case "SessionStart":
      return sessionStarted(payload);
    case "UserPromptSubmit":
      return promptSubmitted(payload);
    case "PermissionRequest":
      return { kind: "asks", question: questionOf(payload) };
    case "Notification":
      return notified(payload);
    case "Stop":
      return stopped(payload);
    case "StopFailure":
      return failed(payload, signal.atMs);
    case "ToolUse":
      return toolUsed(payload);
    case "StatusLine":
      return { kind: "windows", windows: statusLineWindows(payload, signal.atMs) };
    default:
      return null;
  }
}

/** A command that was cut off has tested nothing to its end. */
function toolUsed(payload: Fields): AgentEvent {
  const response = fields(payload["tool_response"]);
  if (payload["tool_name"] !== "Bash" || response === null || response["interrupted"] === true)
    return { kind: "progress" };
  const totals = testTotals(`${textField(response, "stdout") ?? ""}\n${textField(response, "stderr") ?? ""}`);
  return totals === null ? { kind: "progress" } : { kind: "tested", ...totals };
}

function session(payload: Fields) {
  return {
    sessionId: sessionIdField(payload, "session_id"),
    recordPath: recordPathField(payload, "transcript_path"),
  };
}

function sessionStarted(payload: Fields): AgentEvent {
  switch (textField(payload, "source")) {
    case "clear":
      return { kind: "cleared", ...session(payload) };
    case "compact":
      return { kind: "progress" };
    default:
      return { kind: "ready", ...session(payload) };
  }
}

function promptSubmitted(payload: Fields): AgentEvent {
  const prompt = textField(payload, "prompt") ?? "";
  if (isSyntheticPrompt(prompt) || payload["agent_id"] !== undefined) return { kind: "progress" };
  return { kind: "accepted", prompt: normalisePrompt(prompt), ...session(payload) };
}

/**
 * A turn that leaves background work behind goes on: the agent is called again when that work reports back. Work
 * that never reports (a server it started) is ended by the idle prompt: see `notified`.
 */
function stopped(payload: Fields): AgentEvent {
  if (payload["agent_id"] !== undefined || hasBackgroundWork(payload["background_tasks"]))
    return { kind: "progress" };
  return { kind: "turn-ended", answer: textField(payload, "last_assistant_message"), ...session(payload) };
}

function hasBackgroundWork(tasks: unknown): boolean {
  return Array.isArray(tasks) && tasks.some((task) => fields(task)?.["status"] === "running");
}

/**
 * `permission_prompt` only repeats, six seconds late, what PermissionRequest said. `idle_prompt` comes when the agent
 * has waited for a minute, and never once something was typed: whatever turn there was is over.
 */
function notified(payload: Fields): AgentEvent | null {
  const type = textField(payload, "notification_type") ?? "";
  if (type === "idle_prompt") return { kind: "turn-ended", answer: null, ...session(payload) };
  if (type !== "agent_needs_input" && !type.startsWith("elicitation_dialog")) return null;
  return {
    kind: "asks",
    question: textField(payload, "message", questionMaxChars) ?? "Claude asks something.",
  };
}

function failed(payload: Fields, atMs: number): AgentEvent {
  const error = textField(payload, "error", 100) ?? "unknown";
  const message =
    textField(payload, "last_assistant_message", questionMaxChars) ?? `Claude Code reports: ${error}.`;
  return {
    kind: "turn-failed",
    failure: failureOf(error, message),
    message,
    resetsAtMs: resetTime(message, atMs, machineZone()),
  };
}

const FAILURES: Readonly<Record<string, FailureClass>> = {
  overloaded: "overloaded",
  server_error: "overloaded",
  authentication_failed: "not-logged-in",
  oauth_org_not_allowed: "not-logged-in",
  billing_error: "out-of-credit",
  invalid_request: "invalid-request",
  model_not_found: "invalid-request",
};

/** `rate_limit` covers both a short limit and an exhausted quota: only the sentence tells which. */
function failureOf(error: string, message: string): FailureClass {
  if (error === "rate_limit")
    return failureOfText(message) === "quota-exhausted" ? "quota-exhausted" : "rate-limited";
  return FAILURES[error] ?? failureOfText(message);
}

/** The question in words: what the tool would do, or the question the agent itself asks. */
function questionOf(payload: Fields): string {
  const tool = textField(payload, "tool_name", 100) ?? "a tool";
  const input = fields(payload["tool_input"]) ?? {};
  const asked = Array.isArray(input["questions"]) ? fields(input["questions"][0]) : null;
  const question = asked && textField(asked, "question", questionMaxChars);
  if (question) return question;
  const subject = ["command", "file_path", "url", "description", "plan"].flatMap(
    (name) => textField(input, name, questionMaxChars) ?? [],
  )[0];
  return subject === undefined ? `May ${tool} be used?` : `May ${tool} be used? ${subject}`;
}
