/**
 * Codex CLI, interactive in the pane. What was tried on 0.169.0, and why it is done this way:
 *
 * - Hooks given by `-c hooks.…` for this session tell the prompt taken in, a question, the end and an interrupt, each
 *   with the thread's id and the rollout file. Untrusted hooks open a review dialog, so ours, and only ours, are
 *   named as trusted for this session (`-c hooks.state`, by their exact hash). The person's settings stay untouched,
 *   their own hooks still run, and hooks of a repository still have to be reviewed by them.
 * - No hook exists for a turn that failed at the API. Codex writes its state into the terminal stream (OSC 7501) in
 *   any case; from there only `error` is taken, and the rollout says which error it was.
 * - `notify` is not used: it would replace the person's own, and it also fires for the hidden thread that makes the
 *   title, before the turn has ended.
 * - `--no-daemon`: else a background server and a copy of the program outlive the session.
 *
 * SessionStart comes with the first prompt, not at the launch, and so does the one after /clear: readiness is read
 * from the screen. Should another release hash hooks differently, its review dialog is shown as a question.
 */
import { CODEX_PART, parseCodexRecord, codexStarter } from "../metering/codex-record.ts";
import { codexWindows } from "../metering/provider-limits.ts";
import { codexCompacted, codexTurnEnded } from "../metering/codex-turn.ts";
import type { AgentAdapter, AgentRecord, LaunchPlan, LaunchRequest } from "./adapter.ts";
import { codexHookOptions, interpretCodex } from "./codex-hooks.ts";
import { codexTurnFailure } from "./codex-failure.ts";
import { readCodexScreen } from "./codex-screen.ts";
import { readCodexStream } from "./codex-stream.ts";

/** Codex takes an Enter within 120 ms of a burst of keys as part of it. */
const settleMs = 150;

export const codexAdapter: AgentAdapter = {
  traits: {
    kind: "codex",
    spends: true,
    simulated: false,
    firstRequestTokens: 8_700,
    acceptWithinMs: 5_000,
    clearCommand: "/clear",
    // It takes no words with it: what follows the command would be a prompt.
    compactLine: () => "/compact",
    interruptKey: "Escape",
    readyBy: "screen",
  },
  launch: launchCodex,
  interpret: interpretCodex,
  readStream: readCodexStream,
  readScreen: readCodexScreen,
  submission: (_attemptId, text) => ({ paste: text, bracketed: true, enterAfterMs: settleMs, file: null }),
  record: codexRecord,
};

function launchCodex(request: LaunchRequest): LaunchPlan {
  const { settings, model, resumeSessionId } = request;
  const options = codexHookOptions(request.hookScript).flatMap((option) => ["-c", option]);
  return {
    argv: [
      ...settings.command,
      ...["--no-daemon", ...options],
      ...(model === null ? [] : ["--model", model]),
      ...(settings.permissionMode === null ? [] : ["--ask-for-approval", settings.permissionMode]),
      ...(resumeSessionId === null ? [] : ["resume", resumeSessionId]),
    ],
    env: settings.env,
    files: [],
  };
}

/** The rollout the hooks name, its name ends in the thread's id; and those of the agents that the thread started. */
function codexRecord(sessionId: string, recordPath: string | null): AgentRecord | null {
  if (recordPath === null || !recordPath.endsWith(`-${sessionId}.jsonl`)) return null;
  const [, root, from] = /^(.*)\/(\d{4}\/\d{2}\/\d{2}\/[^/]+)$/.exec(recordPath) ?? [];
  const startedAgents = { root: root ?? "", from: from ?? "", sessionId, starterOf: codexStarter };
  return {
    ...(root === undefined ? {} : { startedAgents }),
    paths: [recordPath],
    parse: parseCodexRecord,
    format: CODEX_PART,
    holdsAnswer: codexTurnEnded,
    turnFailure: codexTurnFailure,
    windows: codexWindows,
    compacted: codexCompacted,
  };
}
