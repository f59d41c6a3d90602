/**
 * Claude Code and Codex without their screens: one `claude -p` or `codex exec` a task. Tried on 2.1.330 and 0.169.0:
 * both call the same hooks as in a terminal, so that answer, failure and record are known as they are there. Codex
 * has no hook for a turn that failed at the API; its exit code and its rollout tell.
 *
 * A question cannot be asked: what is not allowed beforehand (permission mode, the agent's own settings) is denied.
 */
import type { AgentAdapter, AgentEvent, LaunchPlan, LaunchRequest, Signal } from "./adapter.ts";
import { claudeAdapter, claudeSettingsFile } from "./claude.ts";
import { codexAdapter } from "./codex.ts";
import { codexHookOptions } from "./codex-hooks.ts";
import { oneProcessAdapter } from "./one-process.ts";

/** Claude Code, one process a task. */
export const headlessClaude: AgentAdapter = headless(claudeAdapter, launchClaude, {
  afresh: "",
  goOn: "--resume",
});

/** Codex, one process a task. */
export const headlessCodex: AgentAdapter = headless(codexAdapter, launchCodex, {
  afresh: "-",
  goOn: "resume",
});

/** What stands at the end of the command line; to go on, the session's id stands between `goOn` and `afresh`. */
interface Tail {
  readonly afresh: string;
  readonly goOn: string;
}

function headless(
  adapter: AgentAdapter,
  launch: (request: LaunchRequest) => LaunchPlan,
  { afresh, goOn }: Tail,
): AgentAdapter {
  const hear = (signal: Signal) => heard(adapter.interpret(signal));
  const script = (command: string) => `if [ -f "$1.session" ]; then
  exec ${command} ${goOn} "$(cat "$1.session")" ${afresh} <"$1"
fi
exec ${command} ${afresh} <"$1"
`;
  return oneProcessAdapter({
    traits: adapter.traits,
    launch,
    script,
    hear,
    record: adapter.record,
    goesOn: true,
  });
}

function launchClaude({ settings, model, dir, hookScript }: LaunchRequest): LaunchPlan {
  return {
    argv: [
      ...settings.command,
      "-p",
      ...(model === null ? [] : ["--model", model]),
      ...["--permission-mode", settings.permissionMode ?? "default"],
      ...["--settings", `${dir}/settings.json`],
    ],
    env: settings.env,
    files: [claudeSettingsFile(hookScript)],
  };
}

function launchCodex({ settings, model, hookScript }: LaunchRequest): LaunchPlan {
  const { permissionMode } = settings;
  const approval = permissionMode === null ? [] : [`approval_policy=${JSON.stringify(permissionMode)}`];
  return {
    argv: [
      ...settings.command,
      ...["exec", "--skip-git-repo-check"],
      ...[...codexHookOptions(hookScript), ...approval].flatMap((option) => ["-c", option]),
      ...(model === null ? [] : ["--model", model]),
    ],
    env: settings.env,
    files: [],
  };
}

/** Nothing a hook says is the end here: that is the process's own. A question is denied before anybody could answer. */
function heard(event: AgentEvent | null): AgentEvent | null {
  switch (event?.kind) {
    case "ready":
    case "cleared":
    case "accepted":
      return {
        kind: "said",
        answer: null,
        failure: null,
        sessionId: event.sessionId,
        recordPath: event.recordPath,
      };
    case "turn-ended":
      return { ...event, kind: "said", failure: null };
    case "turn-failed":
      return { kind: "said", answer: null, failure: event, sessionId: null, recordPath: null };
    default:
      return null;
  }
}
