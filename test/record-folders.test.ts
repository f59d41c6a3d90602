import { expect, test } from "vitest";
import { loadConfig, usualRecordFolders, type Environment } from "../src/config.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

async function foldersOf(env: Environment, text = "") {
  const folder = mkdtempSync(join(tmpdir(), "ctm-folders-"));
  try {
    const configFile = join(folder, "ctm.yaml");
    writeFileSync(configFile, text, { mode: 0o600 });
    const request = { overrides: { configFile }, env: { HOME: "/home/me", ...env }, cwd: folder };
    return (await loadConfig(request)).usage.folders;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("each agent keeps its records where it does by itself", async () => {
  expect(await foldersOf({})).toEqual({
    claude: ["/home/me/.config/claude", "/home/me/.claude"],
    codex: ["/home/me/.codex"],
    gemini: ["/home/me/.gemini/tmp"],
    opencode: ["/home/me/.local/share/opencode"],
  });
});

test("or where its variables say, several with commas between; a path that is not absolute is none", async () => {
  const env = {
    CLAUDE_CONFIG_DIR: "/a, /b/projects",
    CODEX_HOME: "/c,relative",
    GEMINI_CLI_HOME: "/g",
    XDG_DATA_HOME: "/data",
  };
  expect(await foldersOf(env)).toEqual({
    claude: ["/a", "/b/projects"],
    codex: ["/c"],
    gemini: ["/g/.gemini/tmp"],
    opencode: ["/data/opencode"],
  });
  expect((await foldersOf({ GEMINI_DATA_DIR: "/g/tmp" })).gemini).toEqual(["/g/tmp"]);
  expect((await foldersOf({ OPENCODE_DATA_DIR: "/o" })).opencode).toEqual(["/o"]);
});

test("without a configuration they are known before one is looked for", async () => {
  const named = { CLAUDE_CONFIG_DIR: "/a, /b/projects", CODEX_HOME: "/c,relative", XDG_DATA_HOME: "/data" };
  for (const env of [{}, named])
    expect(usualRecordFolders({ HOME: "/home/me", ...env })).toEqual(await foldersOf(env));
});

test("beside those, where the agent's settings and accounts let it keep them", async () => {
  const text = [
    'agents: { claude: { env: { CLAUDE_CONFIG_DIR: "/own" } } }',
    "accounts: { named: { work: { agent: codex, env: { CODEX_HOME: /work-codex } } } }",
  ].join("\n");
  const folders = await foldersOf({}, text);
  expect(folders.claude).toEqual(["/home/me/.config/claude", "/home/me/.claude", "/own"]);
  expect(folders.codex).toEqual(["/home/me/.codex", "/work-codex"]);
});

test("named folders replace all of these, and none may be named", async () => {
  const folders = await foldersOf(
    { CODEX_HOME: "/c" },
    "usage: { folders: { claude: [~/x, /y], codex: [] } }",
  );
  expect(folders.claude).toEqual(["/home/me/x", "/y"]);
  expect(folders.codex).toEqual([]);
});
