/** How long the built product takes to say something. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { mkdirSync, rmSync } from "node:fs";
import { spawn } from "node-pty";
import { productFolder } from "../support/built-product.ts";
import { homeFolder } from "./bench-app.ts";
import { median, ms, repeated, timed, times, type Figure } from "./figures.ts";

const rounds = 15;

export async function starting(): Promise<Figure[]> {
  const folder = homeFolder("disk");
  const program = join(productFolder(), "ctm.cjs");
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    TMUX_TMPDIR: folder,
    TERM: "xterm",
    LANG: "C.UTF-8",
  };
  const run = (argv: readonly string[]): Promise<number> =>
    timed(() => execFileSync(process.execPath, argv, { env, cwd: folder, stdio: "ignore" }));
  const [bare, version, prompt]: [number[], number[], number[]] = [[], [], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await run(["-e", "0"]));
      version.push(await run([program, "--version"]));
    }
    prompt.push(...(await repeated(3, (round) => promptMs(program, join(folder, String(round)), env))));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  const ratio = median(version) / median(bare);
  return [
    { what: "node -e 0", measured: ms(median(bare)), ratio: "", goal: "", met: null },
    {
      what: "ctm --version",
      measured: ms(median(version)),
      ratio: times(ratio),
      goal: "at most 2x node -e 0",
      met: ratio <= 2,
    },
    {
      what: "to the prompt, first start",
      measured: ms(median(prompt)),
      ratio: times(median(prompt) / median(bare)),
      goal: "",
      met: null,
    },
  ];
}

/** From the start of the program to its prompt, in a terminal, with a new state folder and 3 rehearsal workers. */
function promptMs(program: string, stateDir: string, env: Record<string, string>): Promise<number> {
  mkdirSync(stateDir, { mode: 0o700 });
  const startedMs = performance.now();
  const argv = [program, "--state-dir", stateDir, "--agent", "rehearsal"];
  const terminal = spawn(process.execPath, argv, { cols: 100, rows: 30, cwd: stateDir, env });
  return new Promise((resolve) => {
    let shown = "";
    let tookMs = Number.NaN;
    terminal.onData((text) => {
      shown += text;
      if (!Number.isNaN(tookMs) || !shown.includes("> ")) return;
      tookMs = performance.now() - startedMs;
      terminal.write("exit --kill\r");
    });
    terminal.onExit(() => resolve(tookMs));
  });
}
