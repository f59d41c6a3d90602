/**
 * Agents that are one process a task: a runner is the root of the pane, as for the shell, and starts the agent with
 * the prompt as its standard input. The prompt is never an argument. The end of the process is the end of the task,
 * with its true exit code; the agent's own hooks only add what it said and where its record lies.
 */
import type { AgentAdapter, AgentEvent, LaunchPlan, LaunchRequest, Signal, Submission } from "./adapter.ts";
import { interpretShell, readShellScreen, shellSubmission } from "./shell.ts";
import { shellQuoted } from "./shell-quoting.ts";
import { shellRunner } from "./shell-runner.ts";

/** What the parts that differ from agent to agent are. */
export interface OneProcess {
  readonly traits: Pick<AgentAdapter["traits"], "kind" | "simulated" | "firstRequestTokens">;
  /** Command line of one task; the prompt comes by its standard input. */
  launch: AgentAdapter["launch"];
  /** How that command line is run on the prompt's file "$1", as POSIX sh; absent: in place of the shell. */
  script?(command: string, request: LaunchRequest): string;
  /** What a hook told while the process ran; null for what tells nothing. */
  hear(signal: Signal): AgentEvent | null;
  record: AgentAdapter["record"];
  readonly interruptKey?: string;
  /** Does its script go on with the conversation that the file "$1.session" names? */
  readonly goesOn?: boolean;
}

/** Id under which a further process of the same attempt runs. */
export function furtherRun(attemptId: string, mark: string): string {
  return `${attemptId}${FURTHER}${mark}`;
}

/** Is this the attempt, or a further process of it? */
export function isRunOf(runId: string, attemptId: string): boolean {
  return runId === attemptId || runId.startsWith(`${attemptId}${FURTHER}`);
}

const FURTHER = "-r";

/** The adapter of such an agent. */
export function oneProcessAdapter(agent: OneProcess): AgentAdapter {
  return {
    traits: {
      ...agent.traits,
      spends: true,
      acceptWithinMs: 5_000,
      clearCommand: null,
      interruptKey: agent.interruptKey ?? "C-c",
      readyBy: "signal",
      goesOnBy: agent.goesOn === true ? "process" : "nothing",
    },
    launch: (request) => runnerFor(agent, request),
    interpret: (signal) => interpretShell(signal) ?? agent.hear(signal),
    readStream: () => ({ events: [], rest: "" }),
    readScreen: readShellScreen,
    submission: promptOf,
    record: agent.record,
  };
}

const AGENT_FILE = "agent.sh";

function runnerFor(agent: OneProcess, request: LaunchRequest): LaunchPlan {
  const { dir } = request;
  const plan = agent.launch(request);
  const command = plan.argv.map(shellQuoted).join(" ");
  const script = agent.script?.(command, request) ?? `exec ${command} <"$1"\n`;
  return {
    ...plan,
    argv: ["/bin/sh", `${dir}/runner.sh`, dir, "/bin/sh", `${dir}/${AGENT_FILE}`],
    files: [
      ...plan.files,
      { name: "runner.sh", text: shellRunner({ runs: "prompts" }) },
      { name: AGENT_FILE, text: script },
    ],
  };
}

/** The prompt as it is; the folder is that of the launch. */
function promptOf(attemptId: string, text: string, cwd: string): Submission {
  return { ...shellSubmission(attemptId, text, cwd), file: { name: `${attemptId}.prompt`, text } };
}
