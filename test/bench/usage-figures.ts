/** `usage` over a gigabyte of made transcripts, against ccusage on the same files, in turns. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentBin } from "../support/agent-home.ts";
import { productFolder } from "../support/built-product.ts";
import { writeTranscripts } from "../support/transcripts.ts";
import { median, ms, times, type Figure } from "./figures.ts";

const bytes = Number(process.env["CTM_BENCH_BYTES"] ?? 1_000_000_000);
const rounds = 3;
const memoryGoalMiB = 300;
const warmGoal = 20;

interface Run {
  readonly ms: number;
  readonly peakMiB: number;
}

export async function counting(): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), "ctm-bench-usage-"));
  try {
    const { files, bytes: written } = writeTranscripts(home, bytes, 1);
    const { bin, reason } = await agentBin("ccusage");
    const state = join(home, "state");
    const ctm = [join(productFolder(), "ctm.js"), "--state-dir", state, "usage", "--json"];
    const runs = { theirs: [] as Run[], cold: [] as Run[], warm: [] as Run[] };
    for (let round = 0; round < rounds; round += 1) {
      if (bin !== null) runs.theirs.push(await run(bin, ["daily", "--json", "--offline"], home));
      rmSync(state, { recursive: true, force: true });
      runs.cold.push(await run(process.execPath, ctm, home));
      runs.warm.push(await run(process.execPath, ctm, home));
    }
    const start = median([await startMs(home), await startMs(home), await startMs(home)]);
    return figuresOf(`${files} files, ${(written / 1e9).toFixed(2)} GB`, runs, start, reason);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function figuresOf(
  what: string,
  { theirs, cold, warm }: Readonly<Record<"theirs" | "cold" | "warm", readonly Run[]>>,
  start: number,
  reason: string | null,
): Figure[] {
  const [peer, first, again] = [theirs, cold, warm].map((all) => median(all.map((each) => each.ms))) as [
    number,
    number,
    number,
  ];
  const peak = Math.max(...cold.map(({ peakMiB }) => peakMiB));
  return [
    {
      what: `ccusage 20.0.24, ${what}`,
      measured: reason === null ? ms(peer) : reason,
      ratio: "",
      goal: "",
      met: null,
    },
    {
      what: "usage, cold",
      measured: ms(first),
      ratio: reason === null ? times(first / peer) : "",
      goal: "<= 1x ccusage",
      met: reason === null ? first <= peer : null,
    },
    {
      what: "usage, warm",
      measured: ms(again),
      ratio: times(first / again),
      goal: `>= ${warmGoal}x of cold`,
      met: first / again >= warmGoal,
    },
    { what: "of it: starting the program (--version)", measured: ms(start), ratio: "", goal: "", met: null },
    {
      what: "peak memory, cold",
      measured: `${Math.round(peak)} MiB`,
      ratio: "",
      goal: `< ${memoryGoalMiB} MiB`,
      met: peak < memoryGoalMiB,
    },
  ];
}

async function startMs(home: string): Promise<number> {
  return (await run(process.execPath, [join(productFolder(), "ctm.js"), "--version"], home)).ms;
}

/** Runs a program with a home of its own; its output goes nowhere. */
function run(program: string, words: readonly string[], home: string): Promise<Run> {
  const env = { HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC" };
  const startedMs = performance.now();
  const child = spawn(program, words, { env, cwd: home, stdio: "ignore" });
  let peakMiB = 0;
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child.pid ?? 0))), 25);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ ms: performance.now() - startedMs, peakMiB });
      else reject(new Error(`${program} ended with ${code}`));
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
