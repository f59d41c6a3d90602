/** `usage` over a gigabyte of made transcripts, against ccusage on the same files, in turns. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { agentBin } from "../support/agent-home.ts";
import { productFolder } from "../support/built-product.ts";
import { writeTranscripts } from "../support/transcripts.ts";
import { median, ms, times, type Figure } from "./figures.ts";

const bytes = Number(process.env["CTM_BENCH_BYTES"] ?? 1_000_000_000);
const rounds = 15;
const memoryGoalMiB = 300;
const warmGoal = 20;

interface Run {
  readonly ms: number;
  readonly peakMiB: number;
  readonly totals: Totals;
}

interface Totals {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationTokens: number;
  readonly cacheReadTokens: number;
  readonly totalCost: number;
}

type Runs = Readonly<Record<"theirs" | "cold" | "warm", Run[]>>;

export async function counting(): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), "ctm-bench-usage-"));
  try {
    const { files, bytes: written } = writeTranscripts(home, bytes, 1);
    const { bin, reason } = await agentBin("ccusage");
    const state = join(home, "state");
    const ctm = [join(productFolder(), "ctm.cjs"), "--state-dir", state, "usage", "daily", "--json"];
    const runs: Runs = { theirs: [], cold: [], warm: [] };
    const nodeMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      if (bin !== null)
        runs.theirs.push(
          await run(nativeOf(bin), ["daily", "--json", "--offline", "--timezone", "UTC"], home),
        );
      rmSync(state, { recursive: true, force: true });
      runs.cold.push(await run(process.execPath, ctm, home));
      for (let again = 0; again < 3; again += 1) runs.warm.push(await run(process.execPath, ctm, home));
      nodeMs.push((await run(process.execPath, ["-p", "'{\"totals\":null}'"], home)).ms);
    }
    const start = median(nodeMs);
    return figuresOf(`${files} files, ${(written / 1e9).toFixed(2)} GB`, runs, start, reason);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function figuresOf(what: string, runs: Runs, start: number, reason: string | null): Figure[] {
  const { theirs, cold, warm } = runs;
  const [peer, first, again] = [theirs, cold, warm].map((all) => median(all.map((each) => each.ms))) as [
    number,
    number,
    number,
  ];
  const peak = Math.max(...[...cold, ...warm].map(({ peakMiB }) => peakMiB));
  const plain = { ratio: "", goal: "", met: null };
  const held = reason === null;
  return [
    { ...plain, what: `ccusage 20.0.24 (its native program), ${what}`, measured: reason ?? ms(peer) },
    {
      what: "usage, cold",
      measured: ms(first),
      ratio: held ? times(first / peer) : "",
      goal: "<= 1x ccusage",
      met: held ? first <= peer : null,
    },
    {
      what: "usage, warm, against ccusage",
      measured: ms(again),
      ratio: held ? times(peer / again) : "",
      goal: `>= ${warmGoal}x faster`,
      met: held ? peer / again >= warmGoal : null,
    },
    { ...plain, what: "usage, warm, against cold", measured: ms(again), ratio: times(first / again) },
    { ...plain, what: "of it: starting Node alone (node -p)", measured: ms(start) },
    { ...plain, what: "totals", measured: agreement(runs) },
    {
      what: "peak memory",
      measured: `${Math.round(peak)} MiB`,
      ratio: "",
      goal: `< ${memoryGoalMiB} MiB`,
      met: peak < memoryGoalMiB,
    },
  ];
}

/** Throws when they differ: what counts something else has no speed to compare. */
function agreement({ theirs, cold, warm }: Runs): string {
  const [ours, ...others] = [...cold, ...warm, ...theirs].map(({ totals }) => totals);
  if (ours === undefined) return "none";
  for (const totals of others) {
    const isSame =
      totals.inputTokens === ours.inputTokens &&
      totals.outputTokens === ours.outputTokens &&
      totals.cacheCreationTokens === ours.cacheCreationTokens &&
      totals.cacheReadTokens === ours.cacheReadTokens &&
      Math.abs(totals.totalCost - ours.totalCost) < 1e-6;
    if (!isSame) throw new Error(`totals differ: ${JSON.stringify(ours)} and ${JSON.stringify(totals)}`);
  }
  return theirs.length === 0 ? "all ours agree" : `all agree, $${ours.totalCost.toFixed(6)}`;
}

/** The program itself, without the script that finds and starts it. */
function nativeOf(bin: string): string {
  const name = `ccusage-${process.platform}-${process.arch}`;
  const native = join(dirname(realpathSync(bin)), "..", "..", "@ccusage", name, "bin", "ccusage");
  return existsSync(native) ? native : bin;
}

/** Runs a program with a home of its own. */
function run(program: string, words: readonly string[], home: string): Promise<Run> {
  const env = { HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC" };
  const startedMs = performance.now();
  const child = spawn(program, words, { env, cwd: home, stdio: ["ignore", "pipe", "ignore"] });
  let peakMiB = 0;
  let text = "";
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child.pid ?? 0))), 25);
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const tookMs = performance.now() - startedMs;
      clearInterval(watch);
      if (code !== 0) return reject(new Error(`${program} ended with ${code}`));
      const { totals } = JSON.parse(text) as { totals: Totals };
      resolve({ ms: tookMs, peakMiB, totals });
    });
  });
}

/** The most memory a process has held so far, as the kernel kept it; 0 when it has ended. */
function peakOf(pid: number): number {
  try {
    const kiB = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kiB ?? 0) / 1024;
  } catch {
    return 0;
  }
}
