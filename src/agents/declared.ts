/**
 * Agents that the configuration alone declares: what they print, what their hooks are called and where their record
 * lies is data. The worked example stands in the README, and a test runs it.
 */
import { CtmError } from "../base/errors.ts";
import { CLAUDE_RECORD, parseClaudeRecord } from "../metering/claude-record.ts";
import { CODEX_PART, parseCodexRecord } from "../metering/codex-record.ts";
import { GEMINI_RECORD, parseGeminiRecord } from "../metering/gemini-record.ts";
import type { UsageRecord } from "../metering/usage.ts";
import type { RecordFormat } from "../metering/record-format.ts";
import { parseUsageLines, USAGE_LINE, usageLines } from "../metering/usage-lines.ts";
import type { AgentAdapter, AgentEvent, AgentRecord, LaunchPlan, LaunchRequest, Signal } from "./adapter.ts";
import type { DeclaredAgent, DeclaredConversation, DeclaredFormat, Mark } from "./declared-agent.ts";
import { declaredFailure } from "./declared-failure.ts";
import { readDeclaredScreen } from "./declared-screen.ts";
import { readDeclaredStream } from "./declared-stream.ts";
import { oneProcessAdapter } from "./one-process.ts";
import { fields, interpretExit, recordPathField, sessionIdField, textField } from "./payload.ts";
import { normalisePrompt } from "./prompt-text.ts";

/** A terminal in line mode takes 4,095 bytes. */
const plainLineMaxBytes = 4_000;
/** Hook of an agent that is one process a task: what it answered, before it ends. */
const SAID = "said";

/** The adapter of an agent that the configuration declares. */
export function declaredAdapter(name: string, agent: DeclaredAgent): AgentAdapter {
  const traits = { kind: name, simulated: false, firstRequestTokens: agent.firstRequestTokens };
  const launch = (request: LaunchRequest) => launchDeclared(request, agent);
  const record = (_session: string, path: string | null) => declaredRecord(agent, path);
  if (agent.kind === "process") {
    const hear = (signal: Signal) => heardOfProcess(signal, agent.failed);
    return oneProcessAdapter({ traits, launch, hear, record, interruptKey: agent.interrupt });
  }
  const { bracketed, afterMs, key } = agent.submit;
  return {
    traits: {
      ...traits,
      spends: true,
      acceptWithinMs: 5_000,
      clearCommand: agent.clear,
      interruptKey: agent.interrupt,
      readyBy: agent.ready === null ? "screen" : "signal",
    },
    launch,
    interpret: (signal) => heardOfConversation(signal, agent),
    readStream: (chunk) => readDeclaredStream(chunk, agent),
    readScreen: (lines) => readDeclaredScreen(lines, agent),
    submission: (_attemptId, text) => ({
      paste: bracketed ? text : oneLine(text, name),
      bracketed,
      enterAfterMs: afterMs,
      submitKey: key,
      file: null,
    }),
    record,
  };
}

/** Without bracketed paste every line end would submit, and a terminal that reads lines cuts a long one off. */
function oneLine(text: string, name: string): string {
  const line = text.replace(/[\r\n]+/g, " ").trim();
  const bytes = new TextEncoder().encode(line).length;
  if (bytes > plainLineMaxBytes)
    throw new CtmError(
      "refused",
      `the text is a line of ${bytes} bytes, and ${name} takes ${plainLineMaxBytes} (more with submit: { bracketed: true } or done: { exit: true })`,
    );
  return line;
}

/** An agent that some worker still runs and no configuration declares any more: nothing is ever typed into it. */
export function undeclaredAdapter(name: string): AgentAdapter {
  const never: Mark = { kind: "hook", name: "never" };
  const adapter = declaredAdapter(name, {
    kind: "conversation",
    composer: "",
    footerLines: 0,
    ready: never,
    accepted: never,
    done: never,
    asks: null,
    failed: null,
    submit: { bracketed: true, afterMs: 0, key: "Enter" },
    clear: null,
    interrupt: "C-c",
    record: null,
    firstRequestTokens: 0,
  });
  const because = `the configuration declares no agent ${name}`;
  return { ...adapter, readScreen: () => ({ state: "unknown", text: null, because }) };
}

/** Words in braces are filled in: {dir} the folder of this launch, {session} a fresh UUID, {model}, {hook}. */
function launchDeclared(request: LaunchRequest, agent: DeclaredAgent): LaunchPlan {
  const { dir, hookScript, model, settings } = request;
  const session = request.resumeSessionId ?? request.sessionId;
  const words: Readonly<Record<string, string>> = { dir, session, model: model ?? "", hook: hookScript };
  const filled = (text: string) =>
    text.replace(/\{(dir|session|model|hook)\}/g, (_all, word: string) => words[word] ?? "");
  return {
    argv: settings.command.map(filled),
    env: { ...settings.env, CTM_HOOK: hookScript, CTM_DIR: dir, CTM_SESSION: session },
    files: [],
    recordPath: agent.record === null ? null : filled(agent.record.path),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function session(payload: Fields) {
  return {
    sessionId: sessionIdField(payload, "session_id"),
    recordPath: recordPathField(payload, "transcript_path"),
  };
}

function heardOfConversation(signal: Signal, agent: DeclaredConversation): AgentEvent | null {
  if (signal.event === "progress") return { kind: "progress" };
  if (signal.event === "exited") return interpretExit(signal);
  const payload = fields(signal.payload) ?? {};
  const told = (mark: Mark | null) => mark?.kind === "hook" && mark.name === signal.event;
  if (told(agent.failed)) return declaredFailure(wordsOf(payload));
  if (told(agent.done))
    return { kind: "turn-ended", answer: textField(payload, "last_assistant_message"), ...session(payload) };
  if (told(agent.asks)) return { kind: "asks", question: wordsOf(payload) };
  if (told(agent.accepted)) {
    const prompt = textField(payload, "prompt");
    return {
      kind: "accepted",
      prompt: prompt === null ? null : normalisePrompt(prompt),
      ...session(payload),
    };
  }
  return told(agent.ready) ? { kind: "ready", ...session(payload) } : null;
}

function heardOfProcess(signal: Signal, failed: Mark | null): AgentEvent | null {
  const payload = fields(signal.payload) ?? {};
  const failure = failed?.kind === "hook" && failed.name === signal.event;
  if (!failure && signal.event !== SAID) return null;
  return {
    kind: "said",
    answer: textField(payload, "last_assistant_message"),
    failure: failure ? declaredFailure(wordsOf(payload)) : null,
    ...session(payload),
  };
}

function wordsOf(payload: Fields): string {
  const said = ["message", "question", "error", "last_assistant_message"].flatMap(
    (name) => textField(payload, name, 2_000) ?? [],
  );
  return said[0] ?? "it gave no reason";
}

const PARSERS: Readonly<Record<DeclaredFormat, (text: string) => readonly UsageRecord[]>> = {
  lines: (text) => parseUsageLines(text, USAGE_LINE),
  claude: parseClaudeRecord,
  codex: parseCodexRecord,
  gemini: parseGeminiRecord,
};

const FORMATS: Readonly<Record<DeclaredFormat, RecordFormat>> = {
  lines: usageLines(USAGE_LINE),
  claude: CLAUDE_RECORD,
  codex: CODEX_PART,
  gemini: GEMINI_RECORD,
};

/** What it says after its last response is not known: any usage since the task began is taken for its end. */
function declaredRecord({ record }: DeclaredAgent, path: string | null): AgentRecord | null {
  if (record === null || path === null) return null;
  const parse = PARSERS[record.format];
  return {
    paths: [path],
    parse,
    format: FORMATS[record.format],
    holdsAnswer: (text) => parse(text).length > 0,
    turnFailure: () => null,
  };
}
