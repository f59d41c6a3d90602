/**
 * What an agent is started with: a script and a file of its environment in the folder of this launch. Secrets reach
 * the agent through that file only, which is gone before the agent begins: not through arguments, which anybody can
 * list, and not through tmux, which would keep them.
 */
import { rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { LaunchPlan } from "../agents/adapter.ts";
import { shellQuoted } from "../agents/shell-quoting.ts";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { createPrivateFile } from "../ledger/state-folder.ts";

const ENVIRONMENT = faultPoint("launch.environment");
const SCRIPT = faultPoint("launch.script");
const UNUSED = faultPoint("launch.forget-environment");

export interface LaunchFolder {
  /** A 0700 folder of this launch alone, there already. */
  readonly dir: string;
  readonly plan: Pick<LaunchPlan, "argv" | "files">;
  readonly cwd: string;
  /** All of the agent's environment beside the terminal's own; CTM_LAUNCH and CTM_SPOOL are in it. */
  readonly env: Readonly<Record<string, string>>;
}

// The pane's own: an agent must know which terminal it is really in. (Claude Code's title tells nothing inside tmux
// and is not read; hiding TMUX from it would only break what a person does in that pane.)
const OF_THE_PANE = new Set(["TMUX", "TMUX_PANE", "TERM", "COLUMNS", "LINES", "PWD", "OLDPWD", "SHLVL", "_"]);

/**
 * Writes the launch folder and returns the command that starts the agent in a pane. Throws CtmError `refused` for a
 * plan that cannot be written down safely, `io` when the disk does not let us.
 */
export function writeLaunchFolder(launch: LaunchFolder): string[] {
  const { dir, plan, cwd, env } = launch;
  requireAbsolute(dir);
  requireAbsolute(cwd);
  if (plan.argv.length === 0) throw new CtmError("refused", "The agent has no command to start it.");
  for (const file of plan.files) {
    if (
      !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(file.name) ||
      file.name === LAUNCH_FILE ||
      file.name === ENV_FILE
    ) {
      throw new CtmError(
        "refused",
        `A launch cannot have a file of this name: ${JSON.stringify(file.name)}.`,
      );
    }
    createPrivateFile(join(dir, file.name), file.text);
  }
  ENVIRONMENT.pass(() => createPrivateFile(join(dir, ENV_FILE), environmentText(env)));
  SCRIPT.pass(() => createPrivateFile(join(dir, LAUNCH_FILE), launchScript(dir, cwd, plan.argv)));
  return ["/bin/sh", join(dir, LAUNCH_FILE)];
}

/** Removes the file of the environment, where the agent's own start did not. */
export function forgetEnvironment(dir: string): void {
  UNUSED.pass(() => rmSync(join(dir, ENV_FILE), { force: true }));
}

const LAUNCH_FILE = "launch.sh";
const ENV_FILE = "env";

/** Names a shell cannot export (functions of another shell, for instance) are left out. */
function environmentText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !OF_THE_PANE.has(name))
    .map(([name, value]) => `export ${name}=${word(value)}\n`)
    .join("");
}

// - The agent runs in the foreground of the script, which has no input of its own to read: when the agent is gone
//   there is no shell left that would take typed text for commands.
// - Ctrl+C is the agent's: `trap :` (not an ignored signal, which the agent would inherit) lets the script live on to
//   report the exit. A hang-up is not trapped: the script must end with its pane, so that the kernel ends the agent.
// - The order of the last signal has nanoseconds, or comes last in its second.
function launchScript(dir: string, cwd: string, argv: readonly string[]): string {
  const env = word(join(dir, ENV_FILE));
  return `. ${env}
rm -f ${env}
trap : INT QUIT
if cd -- ${word(cwd)}; then
  ${argv.map(word).join(" ")}
  code=$?
else
  code=1
fi
umask 077
at=$(date +%s%N 2>/dev/null)
case "$at" in
  '' | *[!0-9]*) at=$(date +%s)999999999 ;;
esac
printf '{"exitCode":%d}\\n' "$code" >"$CTM_SPOOL/$CTM_LAUNCH.$at-$$.exited.json"
exit "$code"
`;
}

function word(text: string): string {
  if (text.includes("\0")) throw new CtmError("refused", "A launch cannot hold a NUL character.");
  return shellQuoted(text);
}

function requireAbsolute(path: string): void {
  if (!isAbsolute(path))
    throw new CtmError("refused", `A launch needs an absolute folder, not ${JSON.stringify(path)}.`);
}
