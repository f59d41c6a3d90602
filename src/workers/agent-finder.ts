/** Which agent CLIs this machine has, and what the agent "auto" therefore is. Finding one executes nothing. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { faultPoint } from "../faults/fault-point.ts";
import type { AgentKind } from "../agents/adapter.ts";

const ASK = faultPoint("agent.version");

/** Agents that "auto" looks for, first choice first. */
const AUTO_KINDS = ["claude", "codex"] as const satisfies readonly AgentKind[];
/** How long a program may take to tell its version. */
const answerWithinMs = 5_000;
const answerMaxBytes = 64 * 1024;

/**
 * Absolute path of the program `name`, or null. A name with a slash is taken from `cwd`; any other is looked for
 * in the folders of `path` (as in $PATH). Relative folders of it do not count: what stands in the folder we
 * happen to be in is not an installed program.
 */
export function findProgram(name: string, path: string, cwd: string): string | null {
  if (name === "" || name.includes("\0")) return null;
  if (name.includes("/")) return executable(resolve(cwd, name));
  for (const folder of path.split(delimiter)) {
    const found = isAbsolute(folder) ? executable(join(folder, name)) : null;
    if (found !== null) return found;
  }
  return null;
}

/** What "auto" is: the first agent whose program is there, else the rehearsal agent, with the reason to show. */
export function chooseAgent(programOf: (kind: AgentKind) => string | null): {
  readonly kind: AgentKind;
  readonly because: string;
} {
  for (const kind of AUTO_KINDS) {
    const program = programOf(kind);
    if (program !== null) return { kind, because: `${kind} is installed (${program})` };
  }
  return {
    kind: "rehearsal",
    because: `no agent CLI was found (${AUTO_KINDS.join(", ")}): rehearsal stands in, and spends nothing`,
  };
}

/**
 * The first line that a program prints when it is started with `args` (`--version` and the like), or the reason why
 * there is none. `env` is all the environment it gets; it has five seconds.
 */
export async function askProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly answer: string } | { readonly fault: string }> {
  const { execa } = await import("execa");
  const run = await ASK.passAsync(async () =>
    execa(program, args, {
      env,
      extendEnv: false,
      stdin: "ignore",
      timeout: answerWithinMs,
      forceKillAfterDelay: 1_000,
      maxBuffer: answerMaxBytes,
      reject: false,
    }),
  );
  if (run.timedOut) return { fault: `no answer within ${answerWithinMs / 1_000} s` };
  if (run.exitCode === undefined) return { fault: firstLine(run.originalMessage ?? "it cannot be started") };
  const said = firstLine(run.stdout) || firstLine(run.stderr);
  if (run.failed) return { fault: `exit code ${run.exitCode}${said === "" ? "" : `: ${said}`}` };
  return said === "" ? { fault: "it printed nothing" } : { answer: said };
}

function firstLine(text: string): string {
  const line = text.trimStart().split("\n", 1)[0] ?? "";
  return line
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, 200);
}

function executable(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return null;
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return null;
  }
}
