/**
 * Gemini CLI, one `gemini -o json` a task. Tried on 0.61.0. It is not driven in its terminal: hooks for one session
 * alone cannot be given to it (they belong into settings files of the person or the project, which are not ours, or
 * into a system file that must be root's), and nothing else tells the end of a turn for sure.
 *
 * Its output is one JSON object with the session's id, the answer or the error; on an error it stands behind log
 * lines on the other stream. The chat log of that session, named after the first eight characters of the id, is the
 * record: it counts each response once, where the object only has sums.
 */
import { jsonLines } from "../metering/json-lines.ts";
import { GEMINI_RECORD, parseGeminiRecord } from "../metering/gemini-record.ts";
import type { AgentAdapter, AgentEvent, AgentRecord, LaunchPlan, LaunchRequest, Signal } from "./adapter.ts";
import { declaredFailure } from "./declared-failure.ts";
import { oneProcessAdapter } from "./one-process.ts";
import { fields, recordPathField, sessionIdField, textField } from "./payload.ts";
import { shellQuoted } from "./shell-quoting.ts";

export const geminiAdapter: AgentAdapter = oneProcessAdapter({
  traits: { kind: "gemini", simulated: false, firstRequestTokens: 10_000 },
  launch: launchGemini,
  script: scriptOf,
  hear: heard,
  record: geminiRecord,
});

function launchGemini({ settings, model }: LaunchRequest): LaunchPlan {
  return {
    argv: [
      ...settings.command,
      ...["-o", "json"],
      ...(model === null ? [] : ["-m", model]),
      ...(settings.permissionMode === null ? [] : ["--approval-mode", settings.permissionMode]),
    ],
    env: settings.env,
    files: [],
  };
}

// The session's id is plain, as the pattern says; a path that JSON would have to escape is not told.
function scriptOf(command: string, { hookScript }: LaunchRequest): string {
  const hook = shellQuoted(hookScript);
  return `out=$1.out
${command} <"$1" >"$out" 2>"$1.err"
code=$?
cat "$1.err" "$out"
[ -s "$out" ] || sed -n '/^{$/,$p' "$1.err" >"$out"
${hook} said <"$out"
id=$(sed -n 's/^ *"session_id": *"\\([0-9a-f]\\{8\\}-[0-9a-f-]*\\)".*/\\1/p' "$out" | head -n 1)
path=$(find "\${GEMINI_CLI_HOME:-$HOME}/.gemini/tmp" -name "session-*-\${id%%-*}.jsonl" 2>/dev/null | head -n 1)
case "$id:$path" in
  : | :* | *: | *[\\"\\\\]*) ;;
  *) printf '{"session_id":"%s","transcript_path":"%s"}' "$id" "$path" | ${hook} record ;;
esac
exit "$code"
`;
}

function heard({ event, payload }: Signal): AgentEvent | null {
  const told = fields(payload);
  if (told === null || (event !== "said" && event !== "record")) return null;
  const error = fields(told["error"]);
  return {
    kind: "said",
    answer: textField(told, "response"),
    failure:
      error === null ? null : declaredFailure(sentenceOf(textField(error, "message") ?? "it gave no reason")),
    sessionId: sessionIdField(told, "session_id"),
    recordPath: recordPathField(told, "transcript_path"),
  };
}

/** What the provider answered is often JSON in the place of a sentence. */
function sentenceOf(message: string): string {
  try {
    const inner = fields(fields(JSON.parse(message))?.["error"]);
    return (inner && textField(inner, "message")) ?? message;
  } catch {
    return message;
  }
}

function geminiRecord(sessionId: string, recordPath: string | null): AgentRecord | null {
  if (recordPath === null || !recordPath.endsWith(`-${sessionId.slice(0, 8)}.jsonl`)) return null;
  return {
    paths: [recordPath],
    parse: parseGeminiRecord,
    format: GEMINI_RECORD,
    holdsAnswer: (text, answer) =>
      [...jsonLines(text, ['"gemini"'])].some(
        (line) => line["type"] === "gemini" && (answer === null || line["content"] === answer),
      ),
    turnFailure: () => null,
  };
}
