/**
 * OpenCode, interactive in the pane. Tried on 1.18.33. Its plugin is named in a configuration that OpenCode takes from
 * the environment of one process (OPENCODE_CONFIG_CONTENT) and lays over the person's and the project's: these stay as
 * they are, and so do their plugins. Ready is when its composer is on the screen; before the first prompt nothing else
 * tells.
 */
import { pathToFileURL } from "node:url";
import { CtmError } from "../base/errors.ts";
import { parseOpencodeMessages } from "../metering/opencode-messages.ts";
import { jsonLines } from "../metering/json-lines.ts";
import type { AgentAdapter, AgentEvent, AgentRecord, LaunchPlan, LaunchRequest, Signal } from "./adapter.ts";
import { declaredFailure } from "./declared-failure.ts";
import { OPENCODE_RECORD_NAME, opencodePlugin } from "./opencode-plugin.ts";
import { readOpencodeScreen } from "./opencode-screen.ts";
import { fields, interpretExit, recordPathField, sessionIdField, textField } from "./payload.ts";
import { normalisePrompt } from "./prompt-text.ts";

const PLUGIN_FILE = "opencode-plugin.js";
const CONFIG = "OPENCODE_CONFIG_CONTENT";

export const interactiveOpencode: AgentAdapter = {
  traits: {
    kind: "opencode",
    spends: true,
    simulated: false,
    firstRequestTokens: 6_900,
    acceptWithinMs: 10_000,
    clearCommand: "/new",
    interruptKey: "Escape",
    interruptPresses: 2,
    readyBy: "screen",
  },
  launch: launchOpencode,
  interpret: interpretOpencode,
  readStream: () => ({ events: [], rest: "" }),
  readScreen: readOpencodeScreen,
  submission: (_attemptId, text) => ({ paste: text, bracketed: true, enterAfterMs: 150, file: null }),
  record: opencodeRecord,
};

function launchOpencode(request: LaunchRequest): LaunchPlan {
  const { settings, model, dir, hookScript, resumeSessionId } = request;
  const recordPath = `${dir}/${OPENCODE_RECORD_NAME}`;
  return {
    argv: [
      ...settings.command,
      ...(model === null ? [] : ["--model", model]),
      ...(settings.permissionMode === "auto" ? ["--auto"] : []),
      ...(resumeSessionId === null ? [] : ["--session", resumeSessionId]),
    ],
    env: { ...settings.env, [CONFIG]: configWith(`${dir}/${PLUGIN_FILE}`, settings.env[CONFIG]) },
    files: [{ name: PLUGIN_FILE, text: opencodePlugin(hookScript, recordPath) }],
    recordPath,
  };
}

/** What the person gives OpenCode in the same way is kept, with our plugin beside theirs. */
function configWith(plugin: string, theirs: string | undefined): string {
  const config = theirs === undefined ? {} : configOf(theirs);
  const plugins = Array.isArray(config["plugin"]) ? (config["plugin"] as readonly unknown[]) : [];
  return JSON.stringify({ ...config, plugin: [...plugins, pathToFileURL(plugin).href] });
}

function configOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const config = fields(JSON.parse(text));
    if (config !== null) return config;
  } catch {
    // Said below: what we cannot read we cannot add to.
  }
  throw new CtmError("refused", `agents.opencode.env.${CONFIG} is no JSON object`);
}

/** The event a signal of its plugin stands for, or null when it tells nothing new. */
export function interpretOpencode(signal: Signal): AgentEvent | null {
  const told = fields(signal.payload);
  if (told === null || signal.event === "exited") return interpretExit(signal);
  const session = {
    sessionId: sessionIdField(told, "session_id"),
    recordPath: recordPathField(told, "transcript_path"),
  };
  switch (signal.event) {
    case "UserPromptSubmit":
      return { kind: "accepted", prompt: normalisePrompt(textField(told, "prompt") ?? ""), ...session };
    case "PermissionRequest":
      return { kind: "asks", question: questionOf(told) };
    case "Question":
      return { kind: "asks", question: textField(told, "question", 2_000) ?? "OpenCode asks something." };
    case "Answered":
      return { kind: "progress" };
    case "Stop":
      return { kind: "turn-ended", answer: textField(told, "last_assistant_message"), ...session };
    case "StopFailure":
      return failureOf(told);
    default:
      return null;
  }
}

function questionOf(told: Readonly<Record<string, unknown>>): string {
  const subject = textField(told, "subject", 2_000);
  const asked = `May ${textField(told, "tool_name", 100) ?? "a tool"} be used?`;
  return subject === null ? asked : `${asked} ${subject}`;
}

function failureOf(told: Readonly<Record<string, unknown>>): AgentEvent {
  const failure = declaredFailure(textField(told, "message") ?? "it gave no reason");
  return textField(told, "error", 100) === "MessageAbortedError"
    ? { ...failure, failure: "interrupted", message: "The turn was interrupted." }
    : failure;
}

function opencodeRecord(_sessionId: string, recordPath: string | null): AgentRecord | null {
  if (recordPath === null) return null;
  return {
    paths: [recordPath],
    parse: parseOpencodeMessages,
    holdsAnswer: (text, answer) =>
      [...jsonLines(text, ['"opencode-turn"'])].some(
        (line) => line["type"] === "opencode-turn" && (answer === null || line["answer"] === answer),
      ),
    turnFailure: () => null,
  };
}
