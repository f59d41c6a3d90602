import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { startPane, type Pane } from "../support/pane.ts";
import { product, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

/** The prompt of the built bin in a terminal of its own; OVER and the exit code stand there when it has ended. */
async function prompt(
  ctm: Product,
  args: readonly string[] = [],
): Promise<Pane & { sees(what: string | RegExp): Promise<string>; enter(line: string): Promise<void> }> {
  const [file, argv] = ctm.argv(args);
  const words = [file, ...argv].map((word) => `'${word}'`).join(" ");
  const pane = await startPane({
    argv: ["sh", "-c", `${words}; echo "OVER $?"; exec cat`],
    cwd: ctm.work,
    env: ctm.env,
  });
  const sees = (what: string | RegExp): Promise<string> =>
    waitFor(`the screen to show ${String(what)}`, async () => {
      const shown = (await pane.capture()).join("\n");
      return (typeof what === "string" ? shown.includes(what) : what.test(shown)) ? shown : null;
    });
  const enter = async (line: string): Promise<void> => {
    await pane.paste(line, false);
    await pane.key("Enter");
  };
  await sees(/^>$/m);
  return { ...pane, sees, enter };
}

describe("ctm in a terminal", () => {
  it("adds, runs in auto mode, shows and leaves; the workers stay and are taken up again", async () => {
    const ctm = product({ workers: 2 });
    const first = await prompt(ctm);
    await first.sees(/ctm \d+\.\d+\.\d+ {3}2 workers \(rehearsal\) {3}auto: off/);
    await first.enter("add -p high Write a haiku [[delay:20]]");
    await first.sees("Queued #1 (high,");
    await first.enter("auto");
    await first.sees("Auto mode is on");
    await first.sees("#1 running → completed");
    await first.key("C-c");
    await first.sees("Auto mode has ended");
    await first.enter("tasks");
    await first.sees(/1 +completed +high/);
    await first.key("C-d");
    await first.sees("2 workers stay in tmux");
    await first.sees("OVER 0");
    const left = await ctm.panes();
    expect(left.filter(({ session }) => session.startsWith("concurrent_worker"))).toHaveLength(2);

    const second = await prompt(ctm);
    await second.sees("2 workers (rehearsal)");
    expect((await ctm.panes()).map(({ pid }) => pid)).toEqual(
      expect.arrayContaining(left.map(({ pid }) => pid)),
    );
    await second.enter("exit --kill");
    await second.sees("OVER 0");
    expect((await ctm.panes()).filter(({ session }) => session.startsWith("concurrent_worker"))).toEqual([]);
  });

  it("tells the morning after above its first line, and sends nothing until `resume`", async () => {
    const ctm = product({ workers: 1 });
    const manager = await ctm.serve();
    await ctm.tell("Fix one [[delay:600000]]");
    await ctm.until(1, "running");
    await ctm.tell("Fix two [[delay:0]]");
    await manager.kill9();
    await ctm.tmux("kill-server");
    const first = await prompt(ctm);
    const shown = await first.sees(/Lost: look at what it did/);
    expect(shown).toMatch(/RECAP[^]*Dispatch is paused: 1 task lost[^]*#1 lost[^]*\n>/);
    await first.enter("auto");
    await first.sees(/dispatch is paused/);
    await first.enter("resume");
    await first.sees("#2 running → completed");
    await first.enter("recap");
    await first.sees(/#1 lost/);
    await first.enter("exit --kill");
    await first.sees("OVER 0");
  });

  it("puts the person into a worker's terminal, and back at a detach", async () => {
    const ctm = product({ workers: 1 });
    const person = await prompt(ctm);
    await ctm.worker("concurrent_worker1", "idle");
    await person.enter("attach w1");
    await person.sees("rehearsal · idle");
    await person.key("C-b");
    await person.key("d");
    await person.sees("Back from concurrent_worker1");
    await person.enter("tasks");
    await person.sees(/^TASKS/m);
    expect(await ctm.panes()).not.toEqual([]);
  });

  it("is a client beside a manager, hears of what happens there, and goes when it goes", async () => {
    const ctm = product({ workers: 1 });
    const manager = await ctm.serve(["--no-auto"]);
    const client = await prompt(ctm);
    await client.sees("client of the manager that runs");
    await ctm.ok(["add", "Sing a song [[delay:20]]"]);
    await client.enter("distribute");
    await client.sees("1 task went to a worker.");
    await client.sees("#1 running → completed");
    await client.key("C-c");
    await client.sees("Ctrl+C again leaves");
    expect(await manager.stop()).toBe(0);
    await client.sees("The manager has ended");
    await client.sees("OVER 0");
    expect(await ctm.panes()).not.toEqual([]);
  });

  it("leaves cleanly at SIGHUP, as when the terminal is closed", async () => {
    const ctm = product({ workers: 1 });
    const person = await prompt(ctm);
    await ctm.worker("concurrent_worker1", "idle");
    await person.enter("doctor");
    await person.sees("DOCTOR");
    const before = await ctm.panes();
    process.kill(await processOn(ctm.state), "SIGHUP");
    await person.sees("OVER 0");
    expect(await ctm.panes()).toEqual(before);
    expect(await ctm.ok(["tasks"])).toContain("TASKS");
  });
});

/** The process of the prompt on this state folder. */
async function processOn(stateDir: string): Promise<number> {
  const { stdout } = await execa("ps", ["-eo", "pid,args"]);
  const isPrompt = (row: string): boolean =>
    row.includes(`ctm.cjs --state-dir ${stateDir}`) && !row.includes("sh -c");
  return Number(stdout.split("\n").find(isPrompt)?.trim().split(/\s+/)[0]);
}

describe("a view that is kept up to date", () => {
  it("is drawn in place until a key is pressed, and leaves the screen as it was", async () => {
    const ctm = product({ workers: 1 });
    await ctm.ok(["add", "Something to see"]);
    const [file, argv] = ctm.argv(["status", "--watch"]);
    const words = [file, ...argv].map((word) => `'${word}'`).join(" ");
    const script = `echo BEFORE; ${words}; echo "OVER $?"; exec cat`;
    const pane = await startPane({ argv: ["sh", "-c", script], cwd: ctm.work, env: ctm.env });
    const shown = async (what: RegExp): Promise<string> =>
      waitFor(`the screen to show ${what}`, async () => {
        const screen = (await pane.capture()).join("\n");
        return what.test(screen) ? screen : null;
      });
    expect(await shown(/Tasks in queue: 1/)).not.toContain("BEFORE");
    await ctm.ok(["add", "Something more"]);
    await shown(/Tasks in queue: 2/);
    await pane.key("q");
    expect(await shown(/OVER 0/)).toMatch(/BEFORE\nOVER 0/);
  });
});

describe("a batch in a terminal", () => {
  it("asks at the first Ctrl+C, leaves at the second, and loses nothing", async () => {
    const ctm = product({ workers: 1 });
    const [file, argv] = ctm.argv(["Take your time [[delay:3600000]]", "Come after it"]);
    const words = [file, ...argv].map((word) => `'${word}'`).join(" ");
    const pane = await startPane({
      // The shell gets Ctrl+C as well, and is to outlive it.
      argv: ["sh", "-c", `trap : INT; ${words}; echo "OVER $?"; exec cat`],
      cwd: ctm.work,
      env: ctm.env,
    });
    const sees = (what: RegExp): Promise<boolean> =>
      waitFor(`the screen to show ${what}`, async () => what.test((await pane.capture()).join("\n")));
    await sees(/0\/2 ended +1 running +1 waiting/);
    await pane.key("C-c");
    await sees(/Ctrl\+C again leaves now/);
    await pane.key("C-c");
    await sees(/Not ended: +2[^]*OVER 1/);
    expect((await ctm.tasks()).map(({ state }) => state.name).sort()).toEqual(["queued", "running"]);
    expect((await ctm.panes()).some(({ session }) => session === "concurrent_worker1")).toBe(true);
  });
});

describe("ctm without a terminal", () => {
  it("carries out lines from a pipe and tells the last fault by its exit code", async () => {
    const ctm = product({ workers: 1 });
    const ran = await ctm.run([], { input: "add From a pipe\n\ntasks\nshow 9\nhelp add\nexit\nadd never\n" });
    expect(ran.stdout).toContain("Queued #1");
    expect(ran.stdout).toMatch(/1 +queued +normal/);
    expect(ran.stdout).toContain("Usage: add");
    expect(ran.stderr).toContain("there is no task 9");
    expect(ran.exitCode).toBe(2);
    expect(await ctm.tasks()).toHaveLength(1);
  });

  it("answers --version, --help and faults without touching anything", async () => {
    const ctm = product();
    expect((await ctm.run(["--version"])).stdout).toMatch(/^ctm \d+\.\d+\.\d+$/);
    expect((await ctm.run(["--help"])).stdout).toContain("Exit codes:");
    const fault = await ctm.run(["show", "seven", "--json"]);
    expect(fault).toMatchObject({ exitCode: 2, stdout: "" });
    expect(JSON.parse(fault.stderr)).toMatchObject({
      error: { code: "usage", message: expect.stringContaining("seven") },
    });
    expect((await ctm.run(["workers", "--no-color", "--columns", "many"])).stderr).toContain(
      "--columns is a whole number",
    );
    expect((await ctm.run(["spawn"])).exitCode).toBe(69);
  });

  it("examines a house whose ledger cannot be opened", async () => {
    const ctm = product();
    mkdirSync(ctm.state, { mode: 0o700 });
    writeFileSync(join(ctm.state, "ledger.sqlite"), "no database");
    const ran = await ctm.run(["doctor"]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/\[fail\] database/);
    expect(ran.stdout).toMatch(/\[ok\] +tmux/);
    expect((await ctm.run(["tasks"])).exitCode).toBe(74);
  });

  it("ends quietly when its reader goes away", async () => {
    const ctm = product();
    const [file, argv] = ctm.argv(["tasks", "--json", "--limit", "100000"]);
    await ctm.ok(["add", "x"]);
    const words = [file, ...argv].map((word) => `'${word}'`).join(" ");
    const script = `{ ${words}; echo "rc $?" >&2; } | head -c 0`;
    const { stderr } = await execa("sh", ["-c", script], { env: ctm.env, extendEnv: false, cwd: ctm.work });
    expect(stderr.trim()).toBe("rc 0");
  });

  it("writes a configuration that explains itself, once", async () => {
    const ctm = product();
    const folder = join(ctm.folder, "elsewhere");
    mkdirSync(folder);
    const [file, argv] = ctm.argv(["init"]);
    const options = { env: ctm.env, extendEnv: false, cwd: folder, reject: false } as const;
    expect((await execa(file, argv, options)).stdout).toContain(join(folder, "ctm.yaml"));
    const again = await execa(file, argv, options);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain("is there already");
  });
});
