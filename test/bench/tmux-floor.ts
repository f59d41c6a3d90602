/**
 * The least a driver of tmux can do for a task: one persistent control client types a line into one of some panes with
 * a bare shell, and hears of its end through a FIFO. Nothing is checked, nothing is written down.
 */
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, createReadStream, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Milliseconds for `tasks` runs of `command` in `panes` panes, without the start of the panes. */
export async function floorMs(tasks: number, panes: number, command: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "ctm-floor-"));
  const fifo = join(folder, "done");
  const socket = join(folder, "tmux.sock");
  execFileSync("mkfifo", [fifo]);
  // Opened for both, so that it never ends while shells come and go.
  const ends = createReadStream("", { fd: openSync(fifo, "r+") });
  const done = createInterface({ input: ends });
  const argv = [
    "-S",
    socket,
    "-f",
    "/dev/null",
    "-C",
    "new-session",
    "-s",
    "hub",
    "-x",
    "80",
    "-y",
    "24",
    "cat",
  ];
  const client = spawn("tmux", argv, {
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: process.env["PATH"] },
  });
  const say = (line: string): boolean => client.stdin.write(`${line}\n`);
  try {
    return await new Promise<number>((resolve) => {
      let [ready, begun, ended, startedMs] = [0, 0, 0, 0];
      const next = (pane: number): void => {
        if (begun >= tasks) return;
        begun += 1;
        say(`send-keys -t w${pane}: -l "${command}; echo ${pane} >&9\n"`.replace("\n", "\\n"));
      };
      done.on("line", (line) => {
        if (line === "ready") {
          if ((ready += 1) < panes) return;
          startedMs = performance.now();
          for (let pane = 0; pane < panes; pane += 1) next(pane);
        } else if ((ended += 1) === tasks) resolve(performance.now() - startedMs);
        else next(Number(line));
      });
      say("refresh-client -f no-output");
      for (let pane = 0; pane < panes; pane += 1)
        say(
          `new-session -d -s w${pane} -x 80 -y 24 "exec 9>${fifo}; stty -echo; echo ready >&9; PS1= exec sh"`,
        );
    });
  } finally {
    done.close();
    // A read of the FIFO is under way: one more line lets it end.
    appendFileSync(fifo, "\n");
    ends.destroy();
    execFileSync("tmux", ["-S", socket, "kill-server"], { stdio: "ignore" });
    client.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
