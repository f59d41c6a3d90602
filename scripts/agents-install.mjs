// Fetches the agent CLIs that the end-to-end tests drive into .agents/<name>-<version>/, each pinned exactly.
// Nothing is added to package.json: a person who only uses the product never downloads them.
// Prints one JSON line: {"agents":[{name, version, bin|null, reason|null}]}. Always exits 0: what cannot be had is
// reported with its reason, and the tests that need it skip and say so.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const cache = join(root, ".agents");

// On an older Node npm would quietly resolve an older release: hence exact versions, and the check below.
export const PINNED_AGENTS = [
  { name: "claude", version: "2.1.330", package: "@anthropic-ai/claude-code", bin: "claude" },
  { name: "codex", version: "0.169.0", package: "@openai/codex", bin: "codex" },
  { name: "gemini", version: "0.61.0", package: "@google/gemini-cli", bin: "gemini" },
  { name: "opencode", version: "1.18.33", package: "opencode-ai", bin: "opencode" },
  // No agent, but fetched like one: what `usage` counts is held against it. Later versions lack their Linux program.
  { name: "ccusage", version: "20.0.24", package: "ccusage", bin: "ccusage" },
];

/** Where a pinned agent's program stands once it is installed. */
export function installedBin(agent) {
  return join(cache, `${agent.name}-${agent.version}`, "node_modules", ".bin", agent.bin);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wanted = new Set(process.argv.slice(2));
  const agents = PINNED_AGENTS.filter((agent) => wanted.size === 0 || wanted.has(agent.name)).map(install);
  console.log(JSON.stringify({ agents }));
}

function install(agent) {
  const folder = join(cache, `${agent.name}-${agent.version}`);
  const found = (bin, reason) => ({ name: agent.name, version: agent.version, bin, reason });
  if (existsSync(join(folder, "complete"))) return found(installedBin(agent), null);

  // Installed aside and renamed: a run that was cut off never looks like an installed agent.
  const aside = join(cache, `.${agent.name}-${process.pid}`);
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  writeFileSync(join(aside, "package.json"), '{"private":true}\n');
  // npm gets this process's environment, for it may need the machine's proxy and certificates; no agent ever does.
  const npm = spawnSync(
    "npm",
    ["install", "--no-audit", "--no-fund", "--loglevel=error", `${agent.package}@${agent.version}`],
    { cwd: aside, encoding: "utf8", timeout: 300_000 },
  );
  try {
    const reason = whyUnusable(agent, aside, npm);
    if (reason !== null) return found(null, reason);
    writeFileSync(join(aside, "complete"), "");
    // Another run may have been faster, and its agent may be at work already.
    if (existsSync(join(folder, "complete"))) return found(installedBin(agent), null);
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
    return found(installedBin(agent), null);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function whyUnusable(agent, folder, npm) {
  if (npm.error) return `npm could not be run: ${npm.error.message}`;
  if (npm.status !== 0) return `npm install failed: ${lastLine(npm.stderr) || `exit ${npm.status}`}`;
  const manifest = join(folder, "node_modules", agent.package, "package.json");
  const got = JSON.parse(readFileSync(manifest, "utf8")).version;
  if (got !== agent.version) return `npm gave version ${got}, not ${agent.version}`;
  const probe = spawnSync(join(folder, "node_modules", ".bin", agent.bin), ["--version"], {
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: folder, LANG: "C.UTF-8" },
  });
  if (probe.error) return `it does not run: ${probe.error.message}`;
  if (probe.status !== 0) return `it does not run: ${lastLine(probe.stderr) || `exit ${probe.status}`}`;
  return null;
}

function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? "";
}
