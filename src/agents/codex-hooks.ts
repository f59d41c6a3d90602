/** Codex's hooks: how ours are given for one session, and what their (hostile) JSON means. */
import { createHash } from "node:crypto";
import type { AgentEvent, Signal } from "./adapter.ts";
import { fields, interpretExit, recordPathField, sessionIdField, textField } from "./payload.ts";
import { normalisePrompt } from "./prompt-text.ts";
import { shellQuoted } from "./shell-quoting.ts";

interface CodexHook {
  readonly hook: string;
  /** The same name as Codex writes it in keys and hashes. */
  readonly key: string;
  /** What the hook script is called with. */
  readonly event: string;
  /** Codex cuts the time of two events to three seconds: the hash is taken of the cut value. */
  readonly timeoutSeconds: number;
}

const HOOKS: readonly CodexHook[] = [
  { hook: "SessionStart", key: "session_start", event: "SessionStart", timeoutSeconds: 10 },
  { hook: "UserPromptSubmit", key: "user_prompt_submit", event: "UserPromptSubmit", timeoutSeconds: 10 },
  { hook: "PermissionRequest", key: "permission_request", event: "PermissionRequest", timeoutSeconds: 10 },
  { hook: "PostToolUse", key: "post_tool_use", event: "progress", timeoutSeconds: 10 },
  { hook: "Stop", key: "stop", event: "Stop", timeoutSeconds: 10 },
  { hook: "Interrupt", key: "interrupt", event: "Interrupt", timeoutSeconds: 3 },
];

/** Values for `-c`: one for each hook, and one that names exactly these as trusted in this session. */
export function codexHookOptions(hookScript: string): readonly string[] {
  const commands = HOOKS.map((hook) => ({ ...hook, command: `${shellQuoted(hookScript)} ${hook.event}` }));
  const given = commands.map(
    ({ hook, command, timeoutSeconds }) =>
      `hooks.${hook}=[{hooks=[{type="command",command=${tomlText(command)},timeout=${timeoutSeconds}}]}]`,
  );
  const trusted = commands.map(({ key, command, timeoutSeconds }) => {
    const place = `/<session-flags>/config.toml:${key}:0:0`;
    return `${tomlText(place)}={trusted_hash="${hookHash(key, command, timeoutSeconds)}"}`;
  });
  return [...given, `hooks.state={${trusted.join(",")}}`];
}

/** The identity Codex asks trust for: SHA-256 of the hook as JSON without blanks, all keys in order. */
function hookHash(key: string, command: string, timeoutSeconds: number): string {
  const handler = { async: false, command, timeout: timeoutSeconds, type: "command" };
  const identity = JSON.stringify({ event_name: key, hooks: [handler] });
  return `sha256:${createHash("sha256").update(identity).digest("hex")}`;
}

/** A TOML basic string. JSON's escapes are a subset of TOML's, but for DEL, which JSON leaves as it is. */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

const questionMaxChars = 2_000;

/** The event a signal of Codex stands for, or null when it tells nothing new. */
export function interpretCodex(signal: Signal): AgentEvent | null {
  if (signal.event === "progress") return { kind: "progress" };
  const payload = fields(signal.payload);
  if (payload === null || signal.event === "exited") return interpretExit(signal);
  const session = {
    sessionId: sessionIdField(payload, "session_id"),
    recordPath: recordPathField(payload, "transcript_path"),
  };
  // Within a subagent nothing begins or ends for us, but a question is a question.
  if (payload["agent_id"] !== undefined && signal.event !== "PermissionRequest") return { kind: "progress" };
  switch (signal.event) {
    case "SessionStart":
      return sessionStarted(textField(payload, "source"), session);
    case "UserPromptSubmit":
      return { kind: "accepted", prompt: normalisePrompt(textField(payload, "prompt") ?? ""), ...session };
    case "PermissionRequest":
      return { kind: "asks", question: questionOf(payload) };
    case "Stop":
      return { kind: "turn-ended", answer: textField(payload, "last_assistant_message"), ...session };
    case "Interrupt":
      return {
        kind: "turn-failed",
        failure: "interrupted",
        message: "The turn was interrupted.",
        resetsAtMs: null,
      };
    default:
      return null;
  }
}

function sessionStarted(
  source: string | null,
  session: { readonly sessionId: string | null; readonly recordPath: string | null },
): AgentEvent {
  if (source === "compact") return { kind: "progress" };
  return { kind: source === "clear" ? "cleared" : "ready", ...session };
}

/** What would be done, and the reason the agent gives for it. */
function questionOf(payload: Readonly<Record<string, unknown>>): string {
  const input = fields(payload["tool_input"]) ?? {};
  const tool = textField(payload, "tool_name", 100) ?? "a tool";
  const command = textField(input, "command", questionMaxChars);
  const reason = textField(input, "description", questionMaxChars);
  return [`May ${tool} be used?`, command, reason && `(${reason})`].filter((part) => part !== null).join(" ");
}
