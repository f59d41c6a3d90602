/**
 * The agent that is no agent: the task's text is a command, run by the pane's own process with its true exit code.
 * It costs no tokens. Its signals come from the runner, never from the screen.
 */
import { CtmError } from "../base/errors.ts";
import type {
  AgentAdapter,
  AgentEvent,
  LaunchPlan,
  LaunchRequest,
  ScreenReading,
  Signal,
  Submission,
} from "./adapter.ts";
import { fields, integerField, interpretExit, textField } from "./payload.ts";
import { lastTextLines, screenLines } from "./screen-lines.ts";
import { shellQuoted } from "./shell-quoting.ts";
import { SCRIPT_FILE, scriptHead, SHELL_IDLE_LINE, SHELL_RUNNING_LINE, shellRunner } from "./shell-runner.ts";

/** Attempt ids as the runner accepts them. */
const ATTEMPT_ID = /^[a-z0-9-]{1,80}$/;

export const shellAdapter: AgentAdapter = {
  traits: {
    kind: "shell",
    takesTypedAhead: true,
    spends: false,
    simulated: false,
    firstRequestTokens: 0,
    acceptWithinMs: 5_000,
    clearCommand: null,
    interruptKey: "C-c",
    readyBy: "signal",
  },
  launch: launchShell,
  interpret: interpretShell,
  readStream: () => ({ events: [], rest: "" }),
  readScreen: readShellScreen,
  submission: shellSubmission,
  record: () => null,
};

function launchShell(request: LaunchRequest): LaunchPlan {
  return {
    argv: ["/bin/sh", `${request.dir}/runner.sh`, request.dir, ...request.settings.command],
    env: request.settings.env,
    files: [{ name: "runner.sh", text: shellRunner() }],
  };
}

/** What the runner tells. */
export function interpretShell(signal: Signal): AgentEvent | null {
  const payload = fields(signal.payload);
  const attemptId = payload && textField(payload, "attemptId", 80);
  switch (signal.event) {
    case "ready":
      return { kind: "ready", sessionId: null, recordPath: null };
    case "command-started":
      return attemptId === null
        ? null
        : { kind: "accepted", prompt: null, attemptId, sessionId: null, recordPath: null };
    case "command-ended": {
      const exitCode = payload && integerField(payload, "exitCode", 0, 255);
      return attemptId === null || exitCode === null ? null : { kind: "command-ended", attemptId, exitCode };
    }
    default:
      return interpretExit(signal);
  }
}

/** What the runner's screen shows. */
export function readShellScreen(captured: readonly string[]): ScreenReading {
  const lines = screenLines(captured).filter((line) => line.trim() !== "");
  const idleAt = lines.findLastIndex((line) => line.trim() === SHELL_IDLE_LINE);
  const runningAt = lines.findLastIndex((line) => line.startsWith(SHELL_RUNNING_LINE));
  if (runningAt > idleAt) return { state: "busy", text: null, because: SHELL_RUNNING_LINE };
  if (idleAt < 0)
    return { state: "unknown", text: null, because: lastTextLines(lines, 1)[0] ?? "an empty screen" };
  const draft = lines.slice(idleAt + 1).join("\n");
  if (draft !== "") return { state: "draft", text: draft, because: "text after the idle line" };
  return { state: "idle", text: null, because: SHELL_IDLE_LINE };
}

/** One program by its path, with words that mean themselves: nothing comes after it, so it takes the shell's place. */
const PLAIN = /^(?!-)[\w.+-]*(?:\/[\w.+-]+)+(?: [\w./:+,@%-][\w./:+,=@%-]*)*$/;

/** The line that starts a task, and its script. */
export function shellSubmission(attemptId: string, text: string, cwd: string): Submission {
  if (!ATTEMPT_ID.test(attemptId))
    throw new CtmError("refused", "The attempt id is not one a shell worker accepts.");
  // A carriage return is what the Enter key sends: the terminal turns it into the end of the line. The first two end
  // what was typed ahead, even if that ended with the key that quotes the next one.
  return {
    paste: `\r\r${attemptId}\r`,
    bracketed: false,
    enterAfterMs: null,
    file: {
      name: SCRIPT_FILE,
      text: `${scriptHead(attemptId)} cd -- ${shellQuoted(cwd)} || exit 1\n${PLAIN.test(text) ? "exec " : ""}${text}\n`,
      inPlace: true,
    },
  };
}
