/**
 * The scripted stand-in: it behaves like an agent in a terminal, spends nothing and says so on every screen. For
 * trying limits, and for machines without an agent CLI. Its process is `dist/rehearsal-agent.js`.
 */
import { REHEARSAL_RECORD, parseRehearsalRecord } from "../metering/rehearsal-record.ts";
import type {
  AgentAdapter,
  AgentEvent,
  AgentRecord,
  FailureClass,
  LaunchPlan,
  LaunchRequest,
  Signal,
} from "./adapter.ts";
import {
  fields,
  integerField,
  interpretExit,
  recordPathField,
  sessionIdField,
  textField,
} from "./payload.ts";
import { normalisePrompt } from "./prompt-text.ts";
import { readRehearsalScreen } from "./rehearsal-screen.ts";

export const rehearsalAdapter: AgentAdapter = {
  traits: {
    kind: "rehearsal",
    spends: true,
    simulated: true,
    firstRequestTokens: 0,
    acceptWithinMs: 5_000,
    clearCommand: "/clear",
    compactLine: () => "/compact",
    interruptKey: "Escape",
    readyBy: "signal",
  },
  launch: launchRehearsal,
  interpret: interpretRehearsal,
  readStream: () => ({ events: [], rest: "" }),
  readScreen: readRehearsalScreen,
  submission: (_attemptId, text) => ({ paste: text, bracketed: true, enterAfterMs: 50, file: null }),
  record: rehearsalRecord,
};

/** The name of the file, in the launch folder, that holds the record of one session. */
export function rehearsalRecordName(sessionId: string): string {
  return `rehearsal-${sessionId}.jsonl`;
}

function launchRehearsal(request: LaunchRequest): LaunchPlan {
  const session = request.resumeSessionId ?? request.sessionId;
  const model = request.model ?? "rehearsal";
  return {
    argv: [
      ...request.settings.command,
      "--session",
      session,
      "--model",
      model,
      "--dir",
      request.dir,
      "--hook",
      request.hookScript,
    ],
    env: request.settings.env,
    files: [],
  };
}

function interpretRehearsal(signal: Signal): AgentEvent | null {
  const payload = fields(signal.payload);
  if (payload === null || signal.event === "exited") return interpretExit(signal);
  const session = {
    sessionId: sessionIdField(payload, "session_id"),
    recordPath: recordPathField(payload, "transcript_path"),
  };
  switch (signal.event) {
    case "SessionStart":
      return { kind: textField(payload, "source") === "clear" ? "cleared" : "ready", ...session };
    case "UserPromptSubmit":
      return { kind: "accepted", prompt: normalisePrompt(textField(payload, "prompt") ?? ""), ...session };
    case "PermissionRequest":
      return { kind: "asks", question: textField(payload, "question", 2_000) ?? "It asks something." };
    case "PermissionAnswered":
      return { kind: "progress" };
    case "Stop":
      return { kind: "turn-ended", answer: textField(payload, "last_assistant_message"), ...session };
    case "StopFailure":
      return {
        kind: "turn-failed",
        failure: FAILURES.find((name) => name === payload["error"]) ?? "unknown",
        message: textField(payload, "last_assistant_message", 2_000) ?? "The rehearsed turn failed.",
        resetsAtMs: integerField(payload, "resets_at_ms", 0, Number.MAX_SAFE_INTEGER),
      };
    default:
      return null;
  }
}

const FAILURES: readonly FailureClass[] = [
  "rate-limited",
  "quota-exhausted",
  "overloaded",
  "out-of-credit",
  "not-logged-in",
  "invalid-request",
];

function rehearsalRecord(_sessionId: string, recordPath: string | null): AgentRecord | null {
  if (recordPath === null) return null;
  return {
    paths: [recordPath],
    parse: parseRehearsalRecord,
    format: REHEARSAL_RECORD,
    holdsAnswer: holdsRehearsedAnswer,
    turnFailure: () => null,
    compacted: (text) => text.includes('{"type":"rehearsal-compacted"'),
  };
}

/** Its turns are written as {"type":"rehearsal-turn","answer":…} beside the usage. */
function holdsRehearsedAnswer(text: string, answer: string | null): boolean {
  return text.split("\n").some((line) => {
    if (!line.includes('"rehearsal-turn"')) return false;
    try {
      const turn = fields(JSON.parse(line));
      return turn?.["type"] === "rehearsal-turn" && (answer === null || turn["answer"] === answer);
    } catch {
      return false;
    }
  });
}
