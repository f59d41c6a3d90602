/**
 * Claude Code, interactive in the pane. Its hooks are given for this session alone by `--settings <launch folder>`:
 * entries of all levels merge, so the person's own settings and hooks stay as they are and untouched.
 *
 * Left at the person's choice: `autoContinueAtUsageLimit`. Its default continues a limited turn by itself at the
 * reset; the manager sees the limit by StopFailure and the later end by Stop, and never types the prompt again.
 */
import { withClaudeBeyond } from "../metering/claude-beyond.ts";
import { OWN_CLAUDE_RECORD, parseOwnClaudeRecord } from "../metering/claude-record.ts";
import { claudeWindows } from "../metering/provider-limits.ts";
import { claudeCompacted, claudeLimit, claudeReportWaits, claudeTurnEnded } from "../metering/claude-turn.ts";
import type { AgentAdapter, AgentRecord, LaunchPlan, LaunchRequest, TurnFailure } from "./adapter.ts";
import { CLAUDE_HOOKS, interpretClaude } from "./claude-hooks.ts";
import { readClaudeScreen } from "./claude-screen.ts";
import { machineZone } from "./machine-zone.ts";
import { shellQuoted } from "./shell-quoting.ts";

/** Claude Code takes an Enter within 100 ms of a paste as part of the paste. */
const settleMs = 150;

export const claudeAdapter: AgentAdapter = {
  traits: {
    kind: "claude",
    spends: true,
    simulated: false,
    firstRequestTokens: 11_200,
    acceptWithinMs: 5_000,
    clearCommand: "/clear",
    compactLine: (retainedTokens) =>
      `/compact Sum up in at most ${retainedTokens} tokens: the task, what is decided, what was done and where, what is still open.`,
    interruptKey: "Escape",
    readyBy: "signal",
  },
  launch: launchClaude,
  interpret: interpretClaude,
  readStream: () => ({ events: [], rest: "" }),
  readScreen: readClaudeScreen,
  submission: (_attemptId, text) => ({ paste: text, bracketed: true, enterAfterMs: settleMs, file: null }),
  record: claudeRecord,
};

function launchClaude(request: LaunchRequest): LaunchPlan {
  const { settings, resumeSessionId, model } = request;
  const session =
    resumeSessionId === null ? ["--session-id", request.sessionId] : ["--resume", resumeSessionId];
  return {
    argv: [
      ...settings.command,
      ...session,
      ...(model === null ? [] : ["--model", model]),
      // Always named: the CLI's own default is a mode in which tools run without being asked for.
      ...["--permission-mode", settings.permissionMode ?? "default"],
      ...["--settings", `${request.dir}/settings.json`],
    ],
    env: settings.env,
    files: [claudeSettingsFile(request.hookScript)],
  };
}

/** The hooks and the status line, as a settings file of one launch. */
export function claudeSettingsFile(hookScript: string): { readonly name: string; readonly text: string } {
  const entry = (event: string) => {
    const command = `${shellQuoted(hookScript)} ${event}`;
    return [{ matcher: "", hooks: [{ type: "command", command, timeout: 10 }] }];
  };
  const hooks = Object.fromEntries(CLAUDE_HOOKS.map(({ hook, event }) => [hook, entry(event)]));
  // The one source of a subscription's own windows. It replaces the person's status line, in this pane alone.
  const statusLine = { type: "command", command: `${shellQuoted(hookScript)} StatusLine` };
  return { name: "settings.json", text: `${JSON.stringify({ hooks, statusLine }, null, 2)}\n` };
}

/** The transcript the hooks name, and the subagents' transcripts in the folder of the session's id beside it. */
function claudeRecord(sessionId: string, recordPath: string | null): AgentRecord | null {
  if (recordPath === null || !recordPath.endsWith(`/${sessionId}.jsonl`)) return null;
  const subagents = `${recordPath.slice(0, -".jsonl".length)}/subagents`;
  return {
    paths: [recordPath, subagents],
    parse: parseOwnClaudeRecord,
    format: OWN_CLAUDE_RECORD,
    holdsAnswer: claudeTurnEnded,
    turnFailure: claudeTurnFailure,
    windows: claudeWindows,
    compacted: claudeCompacted,
    goesOnByItself: claudeReportWaits,
    withBeyond: (text, records) => withClaudeBeyond(text, sessionId, records),
  };
}

/** A usage limit, with its reset to the second; of any other failure the hook has told all there is. */
function claudeTurnFailure(text: string): TurnFailure | null {
  const limit = claudeLimit(text, machineZone());
  return limit === null ? null : { kind: "turn-failed", failure: "quota-exhausted", ...limit };
}
