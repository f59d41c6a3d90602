/** Other programs that run a list of commands a few at a time. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Peer {
  readonly name: string;
  /** The Debian package it comes with. */
  readonly package: string;
  readonly program: string;
  /** Part of the tasks it is given: the slow ones need not keep everybody waiting. */
  readonly share: number;
  /** Milliseconds for so many runs of `command`, `slots` at a time. */
  run(tasks: number, slots: number, command: string): Promise<number>;
}

const parallel = (name: string, flags: readonly string[], share: number): Peer => ({
  name,
  package: "parallel",
  program: "parallel",
  share,
  run: (tasks, slots, command) =>
    shellMs(`seq ${tasks} | parallel ${flags.join(" ")} -j${slots} '${command}; : {}'`, {}),
});

export const PEERS = {
  tsp: {
    name: "tsp (task-spooler)",
    package: "task-spooler",
    program: "tsp",
    share: 1,
    async run(tasks, slots, command) {
      const folder = mkdtempSync(join(tmpdir(), "ctm-tsp-"));
      const env = { TS_SOCKET: join(folder, "socket"), TMPDIR: folder };
      // It starts tasks in order: when the last ones have ended, all have.
      const queue = `i=0; while [ $i -lt ${tasks - slots} ]; do tsp -n sh -c '${command}'; i=$((i + 1)); done`;
      const last = `i=0; while [ $i -lt ${slots} ]; do tsp -nf sh -c '${command}' & i=$((i + 1)); done; wait`;
      try {
        execFileSync("tsp", ["-S", String(slots)], { env: { ...process.env, ...env } });
        return await shellMs(`${queue}; ${last}`, env);
      } finally {
        execFileSync("tsp", ["-K"], { env: { ...process.env, ...env } });
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  parallel: parallel("parallel", [], 1),
  parallelTmux: parallel("parallel --tmux", ["--tmux"], 0.2),
} as const satisfies Record<string, Peer>;

export function isInstalled(program: string): boolean {
  const found = (process.env["PATH"] ?? "").split(":").some((folder) => {
    try {
      execFileSync("test", ["-x", join(folder, program)]);
      return true;
    } catch {
      return false;
    }
  });
  return found;
}

function shellMs(script: string, env: Readonly<Record<string, string>>): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "ctm-peer-"));
  const startedMs = performance.now();
  // Without a notice of its own on how to cite it, and with its tmux server in a folder of ours.
  const own = { ...env, PARALLEL_HOME: home, TMUX_TMPDIR: home, TMPDIR: env["TMPDIR"] ?? home };
  const child = spawn("sh", ["-c", script], { stdio: "ignore", env: { ...process.env, ...own } });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => {
      const tookMs = performance.now() - startedMs;
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      if (code === 0) resolve(tookMs);
      else reject(new Error(`${script} ended with ${code}`));
    });
  });
}
