/** Which agent CLIs this machine has, and what the agent "auto" therefore is. Finding one executes nothing. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { AgentKind } from "../agents/adapter.ts";

/** Agents that "auto" looks for, first choice first. */
const AUTO_KINDS = ["claude", "codex"] as const satisfies readonly AgentKind[];
/** How long a CLI may take to tell its version. */
const versionTimeoutMs = 5_000;
const versionMaxBytes = 64 * 1024;

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

/** The first line of `<program> --version`, or the reason why there is none. `env` is all that the program gets. */
export async function programVersion(
  program: string,
  env: Readonly<Record<string, string>>,
  versionFlag = "--version",
): Promise<{ readonly version: string } | { readonly fault: string }> {
  const { execa } = await import("execa");
  const run = await execa(program, [versionFlag], {
    env,
    extendEnv: false,
    stdin: "ignore",
    timeout: versionTimeoutMs,
    forceKillAfterDelay: 1_000,
    maxBuffer: versionMaxBytes,
    reject: false,
  });
  if (run.timedOut) return { fault: `no answer within ${versionTimeoutMs / 1_000} s` };
  if (run.failed)
    return {
      fault:
        run.exitCode === undefined
          ? (run.originalMessage ?? "it cannot be started")
          : `exit code ${run.exitCode}`,
    };
  const line =
    run.stdout
      .split("\n", 1)[0]
      ?.replace(/\p{Cc}/gu, "")
      .trim() ?? "";
  return line === "" ? { fault: "it printed nothing" } : { version: line.slice(0, 100) };
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
