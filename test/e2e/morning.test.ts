/** The morning after: what a start says of the night, what it keeps back, and what a person does about it. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { product, type Product } from "../support/product.ts";
import { isThere } from "../support/is-there.ts";
import { waitFor } from "../support/wait-for.ts";

interface Recap {
  readonly before: string;
  readonly rebooted: boolean;
  readonly paused: string | null;
  readonly pausedHere: boolean;
  readonly tasks: readonly { readonly id: number; readonly found: string; readonly state: string }[];
  readonly survivors: readonly { readonly pid: number; readonly taskId: number | null }[];
}

const recapOf = (ctm: Product): Promise<Recap> => ctm.ask<Recap>("recap", {}, []);
const foundIn = ({ tasks }: Recap): string[] => tasks.map(({ id, found }) => `${id} ${found}`);
const serverPid = async (ctm: Product): Promise<number> =>
  Number(await ctm.tmux("display-message", "-p", "#{pid}"));
const fixes = (ctm: Product): string[] => ctm.typedPrompts().filter((text) => text.startsWith("Fix"));

describe("F15 a start after the tmux server was killed with SIGKILL", () => {
  it("tells what was lost and what survived, keeps everything back until `resume`, and ends survivors when asked", async () => {
    const ctm = product({ agent: "shell", workers: 1 });
    const manager = await ctm.serve();
    await ctm.tell("trap '' HUP; setsid sh -c 'echo $$ > survivor; sleep 600' & sleep 600");
    await waitFor("the survivor to be", () => existsSync(join(ctm.work, "survivor")));
    await ctm.until(1, "running");
    await ctm.tell("touch second");
    const [before] = await ctm.panes();
    await manager.kill9();
    process.kill(await serverPid(ctm), "SIGKILL");
    const survivor = Number(readFileSync(join(ctm.work, "survivor"), "utf8"));

    const next = await ctm.serve();
    const recap = await recapOf(ctm);
    expect(recap).toMatchObject({ before: "killed", pausedHere: true });
    expect(foundIn(recap)).toEqual(["1 lost"]);
    expect(recap.paused).toMatch(/^1 task lost/);
    expect(recap.survivors).toContainEqual(expect.objectContaining({ pid: survivor, taskId: 1 }));
    expect(next.printed()).toMatch(/Dispatch is paused: 1 task lost/);
    expect(await ctm.ok(["doctor"])).toMatch(/outlived their worker/);
    expect(isThere(survivor)).toBe(true);

    // A new pane may have the id of the old one: it is told apart by more than that.
    const [after] = await ctm.panes();
    expect(after?.pid).not.toBe(before?.pid);
    expect(await ctm.task(2)).toMatchObject({ state: { name: "queued" } });
    await ctm.ok(["survivors", "--end"]);
    expect(isThere(survivor)).toBe(false);
    expect((await recapOf(ctm)).survivors).toEqual([]);
    await ctm.ok(["resume"]);
    await ctm.until(2, "completed");
    expect(await ctm.task(1)).toMatchObject({ state: { name: "lost" }, attempts: 1 });
  });
});

describe("F16 a start after manager and tmux server died between the typing and its record", () => {
  it("finds the task lost, and does not queue it again", async () => {
    const ctm = product({ workers: 1, recorded: true });
    await ctm.ok(["add", "Fix 1 [[delay:600000]]"]);
    const struck = await ctm.run(["serve"], { env: { CTM_FAULT: "type.attempt:exit-after:1" } });
    expect(struck.exitCode).not.toBe(0);
    await waitFor("the text to arrive", () => fixes(ctm).length === 1);
    expect(await ctm.task(1)).toMatchObject({ state: { name: "dispatching" } });
    process.kill(await serverPid(ctm), "SIGKILL");
    await ctm.serve();
    expect(await ctm.task(1)).toMatchObject({ state: { name: "lost" }, attempts: 1 });
    expect(foundIn(await recapOf(ctm))).toEqual(["1 lost"]);
    expect(fixes(ctm)).toHaveLength(1);
  });
});

describe("F17 a start after the machine was started anew", () => {
  it("tells so, types nothing twice, and after `resume` sends what waited in its order", async () => {
    const ctm = product({ workers: 1, recorded: true });
    const manager = await ctm.serve();
    await ctm.tell("Fix 1 [[delay:600000]]");
    await ctm.until(1, "running");
    await ctm.tell("Fix 2 [[delay:0]]", { priority: "low" });
    for (const n of [3, 4]) await ctm.tell(`Fix ${n} [[delay:0]]`);
    // While the manager has it open: the last one to close a database puts its files in order.
    const ledger = new Database(join(ctm.state, "ledger.sqlite"));
    const note = JSON.stringify({ bootId: "the boot before", leftAtMs: null });
    ledger.prepare("UPDATE setting SET value = ? WHERE name = 'manager'").run(note);
    ledger.close();
    await manager.kill9();
    await ctm.tmux("kill-server");

    await ctm.serve();
    const recap = await recapOf(ctm);
    expect(recap).toMatchObject({ before: "killed", rebooted: process.platform === "linux" });
    expect(foundIn(recap)).toEqual(["1 lost"]);
    const [attempt] = await ctm.attempts(1);
    expect(attempt?.tokens).toMatchObject({ value: null, source: "unknown" });
    expect((await ctm.tasks()).map(({ state }) => state.name)).toEqual([
      "lost",
      "queued",
      "queued",
      "queued",
    ]);
    await ctm.ok(["resume"]);
    for (const id of [2, 3, 4]) await ctm.until(id, "completed");
    // The prompts of one agent are in order; which agent's come first in the recording is by chance.
    const typed = fixes(ctm).map((text) => text.slice(0, 5));
    expect(typed.filter((text) => text !== "Fix 1")).toEqual(["Fix 3", "Fix 4", "Fix 2"]);
    expect(typed.filter((text) => text === "Fix 1")).toHaveLength(1);
    expect(await ctm.task(1)).toMatchObject({ state: { name: "lost" }, attempts: 1 });
  });

  it("a batch begins nothing, says why, and leaves no worker behind; after `resume` it runs", async () => {
    const ctm = product({ workers: 1 });
    const manager = await ctm.serve();
    await ctm.tell("Fix 1 [[delay:600000]]");
    await ctm.until(1, "running");
    await manager.kill9();
    await ctm.tmux("kill-server");
    const refused = await ctm.run(["Fix 2 [[delay:0]]"]);
    expect(refused.exitCode).toBe(75);
    expect(refused.stderr).toMatch(/RECAP[^]*Lost:[^]*#1 lost/);
    expect(refused.stderr).toMatch(/dispatch is paused: 1 task lost.*nothing was queued/);
    expect(await ctm.tasks()).toHaveLength(1);
    expect(await ctm.panes()).toEqual([]);
    expect(await recapOf(ctm)).toMatchObject({ pausedHere: true });
    await ctm.ok(["resume"]);
    expect((await ctm.run(["Fix 2 [[delay:0]]"])).exitCode).toBe(0);
  });
});

describe("a start after the manager left, or was killed alone", () => {
  it("pauses nothing, and tells what ended and what goes on", async () => {
    const ctm = product({ workers: 2, recorded: true });
    const manager = await ctm.serve();
    await ctm.tell("Fix 1 [[delay:1500]]");
    await ctm.tell("Fix 2 [[delay:600000]]");
    for (const id of [1, 2]) await ctm.until(id, "running");
    expect(await manager.stop()).toBe(0);
    await waitFor("the end of one", async () =>
      (await Promise.all([1, 2].map((n) => ctm.screen(`concurrent_worker${n}`)))).join("").includes("● "),
    );
    const next = await ctm.serve();
    const recap = await recapOf(ctm);
    expect(recap).toMatchObject({ before: "left", rebooted: false, paused: null });
    expect(foundIn(recap)).toEqual(["1 ended", "2 goes-on"]);
    expect(next.printed()).toMatch(/Ended while no manager ran:\s+#1 completed/);
    expect(await ctm.ok(["recap"])).toMatch(/Goes on:\s+#2 running/);
    await next.kill9();
    await ctm.serve();
    expect(await recapOf(ctm)).toMatchObject({ before: "killed", paused: null });
    await ctm.tell("Fix 3 [[delay:0]]");
    await ctm.until(3, "completed");
    expect(fixes(ctm)).toHaveLength(3);
  });
});

describe("F33 a socket that was removed", () => {
  it.each(["while no manager runs", "with the folder it lay in"])(
    "%s: the same agents are found",
    async (how) => {
      // A state folder too deep for a socket keeps its sockets in a folder below TMPDIR.
      const ctm = product({ workers: 1, recorded: true, ...(how.includes("folder") ? { deep: true } : {}) });
      const manager = await ctm.serve();
      await ctm.tell("Fix 1 [[delay:3000]]");
      await ctm.until(1, "running");
      const panes = await ctm.panes();
      await manager.kill9();
      if (how.includes("folder")) rmSync(ctm.socketFolder, { recursive: true });
      else rmSync(join(ctm.socketFolder, "tmux.sock"));
      await ctm.serve();
      expect(await ctm.panes()).toEqual(panes);
      await ctm.until(1, "completed");
      expect(fixes(ctm)).toHaveLength(1);
    },
  );
});

describe("F33 a manager that is started inside of somebody's tmux", () => {
  it("uses its own server, whatever TMUX says", async () => {
    const ctm = product({ workers: 1 });
    await ctm.defaultTmux("new-session", "-d", "-s", "mine", "sh");
    const pid = await ctm.defaultTmux("display-message", "-p", "#{pid}");
    const env = { TMUX: `${ctm.defaultSocket},${pid},0`, TMUX_PANE: "%0" };
    const ran = await ctm.run(["Fix it [[delay:0]]"], { env });
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(await ctm.defaultTmux("list-sessions", "-F", "#{session_name}")).toBe("mine");
  });
});
