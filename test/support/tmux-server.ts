/** A tmux server of a test's own, driven by the product's terminal, ended with the test. */
import { mkdirSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import type { PaneIdentity } from "../../src/workers/tmux/pane-identity.ts";
import { Terminal } from "../../src/workers/tmux/terminal.ts";
import { TEST_ENV } from "./test-env.ts";
import { endServer } from "./end-server.ts";
import { waitFor } from "./wait-for.ts";
import { removeFolder } from "./remove-folder.ts";

export { TEST_ENV };
const RECORDER = new URL("recorder.mjs", import.meta.url).pathname;

/** A folder of the test's own. */
export async function testFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "ctm-tmux-"));
  onTestFinished(() => removeFolder(dir));
  return dir;
}

export interface TestServer {
  readonly dir: string;
  readonly socket: string;
  readonly pasteDir: string;
  readonly terminal: Terminal;
  /** The tmux program itself on this server; never fails. */
  tmux(...args: string[]): Promise<string>;
}

/** Times and sizes as in `TerminalOptions`. */
export async function testServer(
  limits: { commandTimeoutMs?: number; logMaxBytes?: number } = {},
): Promise<TestServer> {
  const dir = await testFolder();
  const socket = join(dir, "s");
  const pasteDir = join(dir, "paste");
  mkdirSync(pasteDir, { mode: 0o700 });
  const tmux = async (...args: string[]) => {
    const options = { extendEnv: false, env: { ...TEST_ENV, TERM: "xterm" }, reject: false, timeout: 20_000 };
    return (await execa("tmux", ["-S", socket, "-f", "/dev/null", "-u", ...args], options)).stdout;
  };
  const terminal = await Terminal.open({
    address: { kind: "own", socket },
    session: null,
    env: TEST_ENV,
    pasteDir,
    ...limits,
  });
  onTestFinished(async () => {
    await terminal.close();
    await endServer(tmux);
  });
  return { dir, socket, pasteDir, terminal, tmux };
}

export interface Recorder {
  readonly pane: PaneIdentity;
  /** Every byte the program was given so far. */
  bytes(): Promise<Buffer>;
  text(): Promise<string>;
}

/** Starts the recording program in a session and waits until it is in raw mode. */
export async function startRecorder(server: TestServer, name = "rec", bracketed = true): Promise<Recorder> {
  const file = join(server.dir, `${name}.bytes`);
  const logPath = join(server.dir, `${name}.log`);
  const argv = [process.execPath, RECORDER, file, ...(bracketed ? ["bracketed"] : [])];
  const pane = await server.terminal.startSession({ name, argv, cols: 100, rows: 30, logPath });
  await waitFor("the recorder", async () => (await readFile(logPath, "utf8")).includes("READY"));
  const bytes = () => readFile(file).catch(() => Buffer.alloc(0));
  return { pane, bytes, text: async () => (await bytes()).toString("utf8") };
}
