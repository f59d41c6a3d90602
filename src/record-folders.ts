/** Where the agents keep what they record: folders the person names, else where each agent puts them by itself. */
import { isAbsolute, join } from "node:path";
import { RECORDED_AGENTS, type RecordedAgent, type RecordFolders } from "./transcripts/formats.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A variable may name several folders with commas between, as usage reports have long allowed. Settings and
 * accounts may tell an agent (`told`) to keep its records elsewhere, beside those of the person's own sessions.
 */
export function recordFolders(
  named: Readonly<Record<RecordedAgent, readonly string[] | null>>,
  env: Environment,
  told: (agent: RecordedAgent) => readonly Environment[],
  absolute: (path: string) => string,
): RecordFolders {
  const foldersOf = (agent: RecordedAgent): readonly string[] => {
    const own = told(agent).map((more) => ({ ...env, ...more }));
    const usual = [env, ...own].flatMap((each) => usualFolders(agent, each));
    return named[agent]?.map(absolute) ?? [...new Set(usual)];
  };
  return {
    claude: foldersOf("claude"),
    codex: foldersOf("codex"),
    gemini: foldersOf("gemini"),
    opencode: foldersOf("opencode"),
  };
}

/** An account that keeps its agent's records in folders of its own. */
export interface AccountFolders {
  readonly account: string;
  readonly agent: RecordedAgent;
  readonly folders: readonly string[];
}

/**
 * Folders that belong to a named account's credentials, because its environment leads the agent there and nowhere
 * else. What lies in a folder that accounts share is the agent's own.
 */
export function accountFolders(
  named: Readonly<Record<string, { readonly agent: string; readonly env: Environment }>>,
  env: Environment,
  told: (agent: RecordedAgent) => Environment,
): AccountFolders[] {
  return Object.entries(named).flatMap(([account, { agent: kind, env: own }]) => {
    const agent = RECORDED_AGENTS.find((recorded) => recorded === kind);
    if (agent === undefined) return [];
    const shared = new Set(usualFolders(agent, { ...env, ...told(agent) }));
    const folders = usualFolders(agent, { ...env, ...told(agent), ...own }).filter(
      (folder) => !shared.has(folder),
    );
    return folders.length === 0 ? [] : [{ account, agent, folders }];
  });
}

function usualFolders(agent: RecordedAgent, env: Environment): readonly string[] {
  const home = env["HOME"] ?? "";
  const below = (variable: string, usual: string): string => env[variable] || join(home, usual);
  const named = (variable: string): readonly string[] | null =>
    env[variable] === undefined || env[variable] === ""
      ? null
      : env[variable].split(",").map((part) => part.trim());
  const folders = (): readonly string[] => {
    switch (agent) {
      case "claude":
        return (
          named("CLAUDE_CONFIG_DIR") ?? [
            join(below("XDG_CONFIG_HOME", ".config"), "claude"),
            join(home, ".claude"),
          ]
        );
      case "codex":
        return named("CODEX_HOME") ?? [join(home, ".codex")];
      case "gemini":
        return named("GEMINI_DATA_DIR") ?? [join(below("GEMINI_CLI_HOME", ""), ".gemini", "tmp")];
      case "opencode":
        return named("OPENCODE_DATA_DIR") ?? [join(below("XDG_DATA_HOME", ".local/share"), "opencode")];
      default:
        return agent satisfies never;
    }
  };
  return folders().filter(isAbsolute);
}
