/**
 * A home folder for a real agent CLI in a test: its first-run questions answered beforehand, its API on loopback,
 * its key a dummy. The environment is complete: nothing of the machine's own leaks in.
 */
import { mkdir, mkdtemp, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { removeFolder } from "./remove-folder.ts";

const DUMMY_KEY = "sk-ant-dummy-0000-for-tests-only";

export interface AgentHome {
  readonly home: string;
  /** The agent's working folder, trusted. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Path of a pinned agent's program, or the reason why it cannot be had (then the test skips, saying so). */
export async function agentBin(
  name: "claude" | "codex" | "gemini" | "opencode" | "ccusage",
): Promise<{ bin: string | null; reason: string | null }> {
  const script = new URL("../../scripts/agents-install.mjs", import.meta.url).pathname;
  const { stdout } = await execa(process.execPath, [script, name], { timeout: 400_000 });
  const { agents } = JSON.parse(stdout) as { agents: { bin: string | null; reason: string | null }[] };
  return agents[0] ?? { bin: null, reason: "the install script knows no such agent" };
}

/** `atEnd`: when the folder is removed, if not at the end of the test. */
interface HomeOptions {
  readonly atEnd?: (end: () => Promise<void>) => void;
}

/** The home of a real agent by its name. */
export function homeOf(
  agent: "claude" | "codex",
  apiUrl: string,
  options: HomeOptions & { readonly oauth?: boolean } = {},
): Promise<AgentHome> {
  return agent === "claude" ? claudeHome(apiUrl, options) : codexHome(apiUrl, options);
}

/** `oauth`: as a subscriber is logged in, not by a key of the API. */
export async function claudeHome(
  apiUrl: string,
  options: HomeOptions & { readonly oauth?: boolean } = {},
): Promise<AgentHome> {
  const { home, cwd } = await emptyHome(options);
  await mkdir(join(home, ".claude"));
  const settled = {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [DUMMY_KEY.slice(-20)], rejected: [] },
    projects: {
      [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] },
    },
  };
  await writeFile(join(home, ".claude.json"), JSON.stringify(settled));
  const login: Record<string, string> = options.oauth
    ? { CLAUDE_CODE_OAUTH_TOKEN: "dummy-token" }
    : { ANTHROPIC_API_KEY: DUMMY_KEY };
  return {
    home,
    cwd,
    env: {
      ...baseEnv(home),
      ...login,
      ANTHROPIC_BASE_URL: apiUrl,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
      CLAUDE_CODE_TMPDIR: join(home, "tmp"),
    },
  };
}

export async function codexHome(apiUrl: string, options: HomeOptions = {}): Promise<AgentHome> {
  const { home, cwd } = await emptyHome(options);
  await mkdir(join(home, ".codex"));
  await writeFile(join(home, ".codex", "config.toml"), codexConfig(apiUrl, cwd));
  return { home, cwd, env: { ...baseEnv(home), STAND_IN_KEY: "dummy" } };
}

export async function geminiHome(apiUrl: string): Promise<AgentHome> {
  const { home, cwd } = await emptyHome();
  await mkdir(join(home, ".gemini"));
  const settings = {
    security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: true } },
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
  };
  await writeFile(join(home, ".gemini", "settings.json"), JSON.stringify(settings));
  await writeFile(join(home, ".gemini", "trustedFolders.json"), JSON.stringify({ [cwd]: "TRUST_FOLDER" }));
  const api = { GEMINI_API_KEY: "dummy", GOOGLE_GEMINI_BASE_URL: apiUrl, GEMINI_CLI_NO_RELAUNCH: "true" };
  return { home, cwd, env: { ...baseEnv(home), ...api } };
}

async function emptyHome({
  atEnd = onTestFinished,
}: HomeOptions = {}): Promise<{ home: string; cwd: string }> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "ctm-home-")));
  atEnd(() => removeFolder(home));
  const cwd = join(home, "project");
  await mkdir(cwd);
  await mkdir(join(home, "tmp"));
  return { home, cwd };
}

function baseEnv(home: string): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    LANG: "C.UTF-8",
    TMPDIR: join(home, "tmp"),
    TZ: "UTC",
  };
}

function codexConfig(apiUrl: string, cwd: string): string {
  return `model = "gpt-5.1-codex"
model_provider = "stand-in"
check_for_update_on_startup = false
[analytics]
enabled = false
[feedback]
enabled = false
[notice]
hide_rate_limit_model_nudge = true
[model_providers.stand-in]
name = "stand-in"
base_url = "${apiUrl}/v1"
env_key = "STAND_IN_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
supports_websockets = false
[projects."${cwd}"]
trust_level = "trusted"
`;
}
