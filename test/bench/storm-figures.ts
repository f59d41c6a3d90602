/** Ten thousand signed events by HTTP, at the built manager in a process of its own, as a person runs it. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readDashboardFile } from "../../src/dashboard-file.ts";
import { productFolder } from "../support/built-product.ts";
import { sendStorm, type StormSent } from "../support/storm-sender.ts";
import { waitFor } from "../support/wait-for.ts";
import { homeFolder } from "./bench-app.ts";
import { median, ms, percentile, type Figure } from "./figures.ts";
import { cpuMs } from "./process-figures.ts";

const count = 10_000;
const withinMs = 10_000;
const connections = 64;
const secret = randomBytes(32).toString("hex");
const rules = `
dashboard: { enabled: true, port: 0 }
events: { secret: "${secret}" }
triggers:
  storm: { on: storm.*, trust: held, debounce: { period: 1s, max: 1h } }
`;

interface Storm extends StormSent {
  readonly cpuMs: number;
  /** How many events of each outcome the ledger holds. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export async function storming(): Promise<Figure[]> {
  const paced = await storm(withinMs);
  const fast = await storm(0);
  return [
    figure("spread over 10 s", paced, paced.tookMs <= withinMs + 1_000),
    figure("as fast as they are taken", fast, fast.tookMs <= withinMs),
  ];
}

function figure(
  how: string,
  { tookMs, waitsMs, cpuMs: used, outcomes, statuses }: Storm,
  met: boolean,
): Figure {
  const each = Object.entries(outcomes)
    .filter(([, n]) => n > 0)
    .map(([outcome, n]) => `${n} ${outcome}`);
  const sum = Object.values(outcomes).reduce((all, n) => all + n, 0);
  return {
    what: `${count.toLocaleString("en")} signed events, ${connections} connections, ${how}`,
    measured: `${ms(tookMs)}; each ${ms(median(waitsMs))} p50, ${ms(percentile(waitsMs, 0.99))} p99, ${(used / count).toFixed(2)} ms of CPU`,
    ratio: `${each.join(", ")}; answers ${[...statuses].map(([status, n]) => `${status}: ${n}`).join(", ")}`,
    goal: "taken within 10 s, each in one outcome",
    met: met && sum === count && statuses.get(202) === count,
  };
}

async function storm(spreadMs: number): Promise<Storm> {
  const folder = homeFolder("disk");
  const stateDir = join(folder, "state");
  mkdirSync(stateDir, { mode: 0o700 });
  writeFileSync(join(folder, "ctm.yaml"), rules, { mode: 0o600 });
  const program = [
    join(productFolder(), "ctm.cjs"),
    "--state-dir",
    stateDir,
    "--config",
    join(folder, "ctm.yaml"),
  ];
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMUX_TMPDIR: folder, LANG: "C.UTF-8" };
  const options = { cwd: folder, env };
  const argv = [...program, "--workers", "1", "--agent", "shell", "serve"];
  const manager = spawn(process.execPath, argv, { ...options, stdio: "ignore" });
  try {
    const url = await waitFor(
      "the manager to serve",
      () => readDashboardFile(join(stateDir, "dashboard.json"))?.url ?? null,
    );
    const before = cpuMs(manager.pid ?? 0);
    const events = Array.from({ length: count }, (_, n) => ({
      ...{ specversion: "1.0", id: `storm-${n}`, source: "bench", type: "storm.rain" },
      data: { n, repository: `me/app-${n % 50}`, branch: "main" },
    }));
    const sent = await sendStorm({
      ...{ port: Number(new URL(url).port), secret, events, connections, withinMs: spreadMs },
    });
    const used = cpuMs(manager.pid ?? 0) - before;
    const told = execFileSync(process.execPath, [...program, "events", "metrics", "--json"], {
      ...options,
      encoding: "utf8",
    });
    const { outcomes } = JSON.parse(told) as { outcomes: Record<string, number> };
    return { ...sent, cpuMs: used, outcomes };
  } finally {
    manager.kill("SIGTERM");
    await new Promise((ended) => manager.once("exit", ended));
    const socket = join(stateDir, "tmux.sock");
    try {
      execFileSync("tmux", ["-S", socket, "kill-server"], { stdio: "ignore" });
    } catch {
      // It has left already.
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
