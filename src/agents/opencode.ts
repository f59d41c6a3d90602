/**
 * OpenCode, one `opencode run --format json` a task. Tried on 1.18.33. What it prints is kept in the launch folder and
 * is its record: its database is one file for everything it ever did, and says the same. In its terminal it is driven by
 * `opencode-terminal.ts`.
 *
 * A limit is tried again by it without end, and told by nothing: such a task runs until somebody cancels it.
 */
import { nameAt, objectAt, objectsAt, textAt, type JsonObject } from "../metering/json-lines.ts";
import { OPENCODE_STREAM, parseOpencodeStream } from "../metering/opencode-stream.ts";
import type { AgentAdapter, AgentEvent, AgentRecord, LaunchPlan, LaunchRequest, Signal } from "./adapter.ts";
import { declaredFailure } from "./declared-failure.ts";
import { oneProcessAdapter } from "./one-process.ts";
import { fields, recordPathField, sessionIdField } from "./payload.ts";
import { shellQuoted } from "./shell-quoting.ts";

export const opencodeAdapter: AgentAdapter = oneProcessAdapter({
  traits: { kind: "opencode", simulated: false, firstRequestTokens: 6_900 },
  launch: launchOpencode,
  script: scriptOf,
  hear: heard,
  record: opencodeStreamRecord,
});

/** Lines of its output that are told of: the answer stands at the end. */
const linesTold = 50;

function launchOpencode({ settings, model }: LaunchRequest): LaunchPlan {
  return {
    argv: [
      ...settings.command,
      ...["run", "--format", "json"],
      ...(model === null ? [] : ["--model", model]),
      ...(settings.permissionMode === "auto" ? ["--auto"] : []),
    ],
    env: settings.env,
    files: [],
  };
}

// Each line is JSON of its own; a path that JSON would have to escape is not told.
function scriptOf(command: string, { hookScript }: LaunchRequest): string {
  const hook = shellQuoted(hookScript);
  return `out=$1.jsonl
${command} <"$1" >"$out"
code=$?
cat "$out"
{
  printf '{"lines":['
  grep -E '^\\{"type":"(text|error)"' "$out" | tail -n ${linesTold} | sed '$!s/$/,/'
  printf ']'
  case "$out" in
    *[\\"\\\\]*) ;;
    *) printf ',"transcript_path":"%s"' "$out" ;;
  esac
  printf '}'
} | ${hook} said
exit "$code"
`;
}

function heard({ event, payload }: Signal): AgentEvent | null {
  const told = fields(payload);
  if (told === null || event !== "said") return null;
  const lines = objectsAt(told, "lines");
  const error = lines.findLast((line) => line["type"] === "error");
  const last = lines.at(-1);
  return {
    kind: "said",
    answer: answerOf(lines),
    failure: error === undefined ? null : declaredFailure(sentenceOf(objectAt(error, "error"))),
    sessionId: last === undefined ? null : sessionIdField(last, "sessionID"),
    recordPath: recordPathField(told, "transcript_path"),
  };
}

/** The texts of its last message, without those that it gave itself. */
function answerOf(lines: readonly JsonObject[]): string | null {
  const parts = lines.map((line) => (line["type"] === "text" ? objectAt(line, "part") : null));
  const said = parts.filter((part) => part !== null && part["synthetic"] !== true);
  const message = nameAt(said.at(-1) ?? null, "messageID");
  const texts = said.flatMap((part) =>
    nameAt(part, "messageID") === message ? (textAt(part, "text") ?? []) : [],
  );
  return texts.length === 0 ? null : texts.join("\n");
}

function sentenceOf(error: JsonObject | null): string {
  return textAt(objectAt(error, "data"), "message") ?? nameAt(error, "name") ?? "it gave no reason";
}

function opencodeStreamRecord(_sessionId: string, recordPath: string | null): AgentRecord | null {
  if (recordPath === null) return null;
  return {
    paths: [recordPath],
    parse: parseOpencodeStream,
    format: OPENCODE_STREAM,
    // It is whole once the process has ended, and only then is it asked for.
    holdsAnswer: () => true,
    turnFailure: () => null,
  };
}
