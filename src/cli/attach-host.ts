/**
 * A process of its own that puts the person into a tmux session and ends when they detach: `attach-host SOCKET
 * SESSION`. node-pty lives only here, because every later child of its process inherits its open terminals.
 * Without node-pty tmux gets our own terminal directly.
 */
import { spawn } from "node:child_process";
import { processEnvironment } from "../config.ts";

/** Alternate screen off, cursor on, bracketed paste, mouse and focus reports off. */
const RESET_MODES =
  "\u001b[?1049l\u001b[?25h\u001b[?2004l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?1004l\u001b[0m";

type Pty = typeof import("node-pty");

const [socket, session] = process.argv.slice(2);
if (socket === undefined || session === undefined) {
  console.error("attach-host: a tmux socket and a session are needed");
  process.exit(2);
}
// tmux refuses to be attached from inside another tmux; this server is a different one.
const { TMUX: _outer, TMUX_PANE: _pane, ...environment } = processEnvironment();
const args = ["-S", socket, "attach-session", "-t", `=${session}`];
const pty = process.stdin.isTTY ? await loadPty() : null;
process.exit(await (pty === null ? inherit() : proxy(pty)));

async function loadPty(): Promise<Pty | null> {
  try {
    return await import("node-pty");
  } catch {
    return null;
  }
}

function inherit(): Promise<number> {
  return new Promise((resolve) => {
    process.on("SIGINT", () => undefined);
    const child = spawn("tmux", args, { stdio: "inherit", env: environment });
    child.once("error", () => resolve(69));
    child.once("exit", (code) => resolve(code ?? 0));
  });
}

/** Bytes both ways, the size kept, and the terminal as it was at the end. */
function proxy({ spawn: spawnPty }: Pty): Promise<number> {
  const { stdin, stdout } = process;
  return new Promise((resolve) => {
    const inner = spawnPty("tmux", args, {
      name: environment["TERM"] ?? "xterm-256color",
      cols: stdout.columns,
      rows: stdout.rows,
      env: environment,
      encoding: null,
    });
    stdin.setRawMode(true);
    stdin.on("data", (bytes) => inner.write(bytes));
    stdout.on("resize", () => inner.resize(stdout.columns, stdout.rows));
    inner.onData((bytes) => stdout.write(bytes));
    inner.onExit(({ exitCode }) => {
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(RESET_MODES, () => resolve(exitCode));
    });
  });
}
