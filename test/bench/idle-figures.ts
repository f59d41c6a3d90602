/** What the product costs while nothing happens: the built manager in a process of its own, as a person runs it. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { productFolder } from "../support/built-product.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { waitFor } from "../support/wait-for.ts";
import { homeFolder } from "./bench-app.ts";
import type { Figure } from "./figures.ts";
import { cpuMs } from "./process-figures.ts";

const idleMs = 60_000;

/** Triggers of every kind that wait for something, and what they wait at: the dashboard's server, the inbox. */
const TRIGGERS = `
dashboard: { enabled: true, port: 0 }
events:
  secret: "${"s".repeat(40)}"
  hooks: { code: { provider: github, secret: "${"s".repeat(40)}" } }
triggers:
  pushed: { on: git.*, debounce: { period: 30s, max: 5m }, trust: held }
  review: { on: git.review_requested, cooldown: 10m, trust: held }
  failed: { on: ci.failed, batch: { max: 20, timeout: 2m }, trust: held }
  staged: { on: deploy.stage, rateLimit: { count: 6, per: 1h }, trust: held }
  done: { on: [task.completed, task.failed, budget.level], budget: { tokens: 200K } }
  yearly: { schedule: { cron: "0 3 29 2 *", timeZone: Europe/Berlin } }
  messages: { on: message.sent, wake: target }
`;

/** CPU of the manager and of tmux with nothing to do, after what starting costs is over. */
export async function idling(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [workers, yaml] of [
    [3, ""],
    [3, TRIGGERS],
    [50, ""],
  ] as const) {
    const [ownShare, tmuxShare] = await idleShares(workers, yaml);
    figures.push({
      what: `${workers} idle workers${yaml === "" ? "" : ", seven triggers, the dashboard"}, a minute`,
      measured: `${percent(ownShare)} manager, ${percent(tmuxShare)} tmux`,
      ratio: "",
      goal: "below 0.1 % of a core together",
      met: ownShare + tmuxShare < 0.001,
    });
  }
  return figures;
}

async function idleShares(workers: number, yaml: string): Promise<[own: number, tmux: number]> {
  const folder = homeFolder("disk");
  const stateDir = join(folder, "state");
  mkdirSync(stateDir, { mode: 0o700 });
  const configFile = join(folder, "ctm.yaml");
  writeFileSync(configFile, `${yaml}\n`, { mode: 0o600 });
  const program = [join(productFolder(), "ctm.cjs"), "--state-dir", stateDir, "--config", configFile];
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMUX_TMPDIR: folder, LANG: "C.UTF-8" };
  const options = { cwd: folder, env };
  const argv = [...program, "--workers", String(workers), "--agent", "shell", "serve"];
  const manager = spawn(process.execPath, argv, { ...options, stdio: "ignore" });
  const ask = (words: readonly string[]): string =>
    execFileSync(process.execPath, [...program, ...words], { ...options, encoding: "utf8" });
  const socket = join(stateDir, "tmux.sock");
  try {
    await waitFor(
      "all workers to be idle",
      () => {
        try {
          return (ask(["workers", "--json"]).match(/"state":"idle"/g) ?? []).length >= workers;
        } catch {
          return false; // It has not opened its socket yet.
        }
      },
      120_000,
    );
    const tmux = Number(
      execFileSync("tmux", ["-S", socket, "display-message", "-p", "#{pid}"], { encoding: "utf8" }),
    );
    const used = (): readonly [number, number] => [cpuMs(manager.pid ?? 0), cpuMs(tmux)];
    await startIsOver(() => used()[0] + used()[1]);
    const before = used();
    await pause(idleMs);
    const after = used();
    return [(after[0] - before[0]) / idleMs, (after[1] - before[1]) / idleMs];
  } finally {
    manager.kill("SIGKILL");
    execFileSync("tmux", ["-S", socket, "kill-server"], { stdio: "ignore" });
    await removeFolder(folder);
  }
}

/**
 * Fifty shells that have just begun still draw and are still looked at, and the engine tidies its memory up some
 * seconds after so much work: that is the start, and not idle yet. It is over when ten seconds brought nothing.
 */
async function startIsOver(used: () => number): Promise<void> {
  for (let n = 0, still = 0, before = used(); n < 40 && still < 5; n += 1) {
    await pause(2_000);
    const now = used();
    still = now - before < 10 ? still + 1 : 0;
    before = now;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
