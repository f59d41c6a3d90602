/** The product in this process, on a folder and a tmux server of its own, with shell or rehearsal workers. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openApp, type App } from "../../src/app.ts";
import { loadConfig, type Config } from "../../src/config.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { waitFor } from "../support/wait-for.ts";

const run = promisify(execFile);

export interface BenchApp {
  readonly app: App;
  readonly config: Config;
  readonly folder: string;
  end(): Promise<void>;
}

/** Where the state lies: on the disk, as always, or in memory, where an fsync costs nothing. */
export type Home = "disk" | "memory";

export function homeFolder(home: Home): string {
  return mkdtempSync(join(home === "memory" ? "/dev/shm" : tmpdir(), "ctm-bench-"));
}

/** A manager whose workers are all idle. */
export async function startApp(workers: number, home: Home = "disk"): Promise<BenchApp> {
  const folder = homeFolder(home);
  const work = join(folder, "work");
  mkdirSync(work);
  const config = await loadConfig({
    overrides: { stateDir: join(folder, "state"), workers, agent: "shell" },
    env: { PATH: process.env["PATH"], HOME: folder },
    cwd: work,
  });
  const app = await openApp(config, "manager");
  await waitFor(
    "all workers to be idle",
    () => app.fleet.rows().every(({ state }) => state === "idle"),
    120_000,
  );
  return {
    app,
    config,
    folder,
    async end() {
      await app.close({ workers: "kill" });
      await run("tmux", ["-S", config.paths.tmuxSocket, "kill-server"]).catch(() => undefined);
      await removeFolder(folder);
    },
  };
}
