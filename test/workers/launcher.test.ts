import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { type LaunchFolder, writeLaunchFolder } from "../../src/workers/launcher.ts";
import { Spool, type SpooledSignal } from "../../src/workers/spool.ts";
import { TEST_ENV, testFolder, testServer } from "../support/tmux-server.ts";
import { isThere } from "../support/is-there.ts";
import { waitFor } from "../support/wait-for.ts";

interface Launch extends LaunchFolder {
  readonly spoolDir: string;
}

async function launchOf(argv: readonly string[], env: Record<string, string> = {}): Promise<Launch> {
  const folder = await testFolder();
  const dir = join(folder, "launch it's");
  const cwd = join(folder, `cwd #(touch never) 'q' "d" $HOME`);
  const spoolDir = join(folder, "spool");
  for (const path of [dir, cwd]) mkdirSync(path, { mode: 0o700 });
  Spool.open(spoolDir);
  return {
    dir,
    cwd,
    spoolDir,
    plan: { argv, files: [] },
    env: { CTM_LAUNCH: "w-1", CTM_SPOOL: spoolDir, ...env },
  };
}

/** Runs a launch outside of tmux. */
async function run(launch: Launch) {
  const [program = "", ...args] = writeLaunchFolder(launch);
  return execa(program, args, {
    reject: false,
    extendEnv: false,
    env: { PATH: TEST_ENV.PATH, TMUX: "the pane's", TERM: "tmux-256color" },
    stdin: "ignore",
  });
}

async function exitOf(launch: Launch): Promise<SpooledSignal> {
  const signals: SpooledSignal[] = [];
  const spool = Spool.open(launch.spoolDir);
  onTestFinished(() => spool.close());
  spool.onSignal((signal) => signals.push(signal));
  return waitFor("the exit", () => signals[0]);
}

const SHOW = ["sh", "-c", 'pwd; printf "[%s]" "$@"; env', "sh"];

describe("a launch", () => {
  test("arguments, folder and environment arrive as they are", async () => {
    const words = ["a b", "'", '"', "$HOME", "`id`", "\\", "-x", "line\nbreak", "é", ""];
    const launch = await launchOf([...SHOW, ...words], { ODD: `it's "$(id)" \\ \n two`, EMPTY: "" });
    const { stdout, exitCode } = await run(launch);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${launch.cwd}\n${words.map((word) => `[${word}]`).join("")}`);
    expect(stdout).toContain(`ODD=it's "$(id)" \\ \n two\n`);
    expect(stdout).toMatch(/^EMPTY=$/m);
    expect(stdout).toContain("CTM_LAUNCH=w-1");
    expect(readdirSync(launch.cwd)).toEqual([]);
  });

  test("the pane's own variables stay the pane's, and names no shell can export are left out", async () => {
    const env = {
      TMUX: "ours",
      TMUX_PANE: "%0",
      TERM: "dumb",
      PWD: "/x",
      "BASH_FUNC_f%%": "() { :; }",
      "1X": "y",
      "a-b": "z",
    };
    const { stdout } = await run(await launchOf(SHOW, env));
    expect(stdout).toContain("TMUX=the pane's");
    expect(stdout).toContain("TERM=tmux-256color");
    expect(stdout).not.toMatch(/TMUX_PANE|BASH_FUNC|1X|a-b/);
  });

  test.each([
    [["sh", "-c", "exit 0"], 0],
    [["sh", "-c", "exit 7"], 7],
    [["sh", "-c", "kill -9 $$"], 137],
    [["no-such-program-here"], 127],
  ])("%j ends with %i, and says so", async (argv, exitCode) => {
    const launch = await launchOf(argv);
    expect((await run(launch)).exitCode).toBe(exitCode);
    expect(await exitOf(launch)).toMatchObject({
      launchId: "w-1",
      event: "exited",
      payload: { exitCode },
      fault: null,
    });
    for (const name of readdirSync(launch.spoolDir))
      expect(statSync(join(launch.spoolDir, name)).mode & 0o777).toBe(0o600);
  });

  test("a folder that is gone ends the launch, and the agent is not started somewhere else", async () => {
    const launch = { ...(await launchOf(SHOW)), cwd: "/nonexistent/folder" };
    expect((await run(launch)).stdout).not.toContain("[");
    expect(await exitOf(launch)).toMatchObject({ payload: { exitCode: 1 } });
  });

  test("A-24 a secret is in no argument, not in tmux, and not on the disk once the agent runs", async () => {
    const server = await testServer();
    const secret = "canary-sk-0123456789abcdef";
    const launch = await launchOf(["sh", "-c", "echo up; exec sleep 1000"], { API_KEY: secret });
    const argv = writeLaunchFolder(launch);
    const logPath = join(launch.dir, "output.log");
    const pane = await server.terminal.startSession({ name: "w", argv, cols: 80, rows: 24, logPath });
    await waitFor("the agent", async () => (await readFile(logPath, "utf8")).includes("up"));
    const { stdout: everything } = await execa("ps", ["-eo", "args"]);
    expect(everything).toContain(launch.dir);
    expect(everything).not.toContain(secret);
    expect(await server.tmux("show-environment", "-g")).not.toContain(secret);
    expect(await server.tmux("show-environment", "-t", "=w")).not.toContain(secret);
    expect(existsSync(join(launch.dir, "env"))).toBe(false);
    const { stdout: left } = await execa("grep", ["-rl", secret, launch.dir], { reject: false });
    expect(left).toBe("");
    // It did reach the agent: the child of the pane's process.
    const { stdout: agent } = await execa("ps", ["-o", "pid=", "--ppid", String(pane.panePid)]);
    expect(await readFile(`/proc/${agent.trim()}/environ`, "utf8")).toContain(`API_KEY=${secret}`);
  });

  test("Ctrl+C is the agent's, and the launch lives on to report its end", async () => {
    const server = await testServer();
    const launch = await launchOf([
      "sh",
      "-c",
      'trap "echo stopped; exit 9" INT; echo up; while :; do sleep 0.05; done',
    ]);
    const logPath = join(launch.dir, "output.log");
    const pane = await server.terminal.startSession({
      name: "w",
      argv: writeLaunchFolder(launch),
      cols: 80,
      rows: 24,
      logPath,
    });
    await waitFor("the agent", async () => (await readFile(logPath, "utf8")).includes("up"));
    expect(await server.terminal.sendKey(pane, "C-c")).toBe(true);
    expect(await exitOf(launch)).toMatchObject({ event: "exited", payload: { exitCode: 9 } });
  });

  test("a pane that is closed ends the agent too", async () => {
    const server = await testServer();
    const launch = await launchOf(["sh", "-c", "echo $$; exec sleep 1000"]);
    const logPath = join(launch.dir, "output.log");
    const pane = await server.terminal.startSession({
      name: "w",
      argv: writeLaunchFolder(launch),
      cols: 80,
      rows: 24,
      logPath,
    });
    const agent = await waitFor("the agent", async () =>
      Number(/^(\d+)\r\n/.exec(await readFile(logPath, "utf8"))?.[1]),
    );
    expect(await server.terminal.killSession("w", pane)).toBe(true);
    await waitFor("its end", () => !isThere(agent));
  });

  test("its files are private, and refused under names that are not plain", async () => {
    const launch = await launchOf(SHOW);
    writeLaunchFolder({ ...launch, plan: { argv: SHOW, files: [{ name: "settings.json", text: "{}" }] } });
    expect(readdirSync(launch.dir).sort()).toEqual(["env", "launch.sh", "settings.json"]);
    for (const name of readdirSync(launch.dir))
      expect(statSync(join(launch.dir, name)).mode & 0o777).toBe(0o600);
    for (const name of ["../x", "a/b", ".hidden", "", "env", "launch.sh", "a b"]) {
      const fresh = await launchOf(SHOW);
      expect(() =>
        writeLaunchFolder({ ...fresh, plan: { argv: SHOW, files: [{ name, text: "" }] } }),
      ).toThrow(expect.objectContaining({ code: "refused" }));
    }
  });

  test("what cannot be written down safely is refused", async () => {
    const launch = await launchOf(SHOW);
    const wrong: Partial<LaunchFolder>[] = [
      { cwd: "relative" },
      { cwd: "/a\0b" },
      { dir: "relative" },
      { plan: { argv: [], files: [] } },
      { plan: { argv: ["a\0b"], files: [] } },
      { env: { X: "a\0b" } },
    ];
    for (const change of wrong)
      expect(() => writeLaunchFolder({ ...launch, ...change })).toThrow(
        expect.objectContaining({ code: "refused" }),
      );
    // A launch folder is used once.
    const second = await launchOf(SHOW);
    writeFileSync(join(second.dir, "launch.sh"), "planted");
    expect(() => writeLaunchFolder(second)).toThrow(expect.objectContaining({ code: "refused" }));
  });
});
