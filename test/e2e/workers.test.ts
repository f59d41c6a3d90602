/** The workers: what they ask, how they die and come back, and what a person does with them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

describe("rehearsal workers", () => {
  it("show their questions loudly and go on when they are answered", async () => {
    const ctm = product({ workers: 1 });
    const manager = await ctm.serve();
    await ctm.tell("Fix it [[ask:May I delete build/?]] [[delay:20]]");
    expect((await ctm.until(1, "needs-input")).state).toMatchObject({ question: "May I delete build/?" });
    expect(await ctm.worker("concurrent_worker1", "needs-input")).toMatchObject({
      question: "May I delete build/?",
    });
    expect(await ctm.ok(["status"])).toMatch(/May I delete build\/\?/);
    expect(manager.printed()).toMatch(/May I delete build\/\?/);
    expect((await ctm.run(["send", "w1", "hello"])).stderr).toMatch(/needs-input/);
    await ctm.ok(["answer", "w1", "1"]);
    await ctm.until(1, "completed");
    expect((await ctm.run(["answer", "w1", "1"])).stderr).toMatch(/asks nothing now/);
  });

  it("fail their task with the code when they die under it, and start again after a pause", async () => {
    const ctm = product({ workers: 1, recorded: true });
    await ctm.serve();
    await ctm.tell("Fix it [[die:3]] [[delay:20]]");
    expect(await ctm.until(1)).toMatchObject({ state: { name: "failed", exitCode: 3 }, attempts: 1 });
    expect(await ctm.worker("concurrent_worker1", "idle", "dead", "starting")).toBeDefined();
    await ctm.tell("Fix the next [[delay:20]]");
    await ctm.until(2, "completed");
    expect(ctm.typedPrompts().filter((text) => text.includes("[[die:3]]"))).toHaveLength(1);
  });

  it("are started again only so often when they die at once, until a person restarts them", async () => {
    const ctm = product({ workers: 1 });
    const starts = join(ctm.work, "starts");
    ctm.configure(`agents: { rehearsal: { command: ["sh", "-c", "echo x >> '${starts}'; exit 7"] } }`);
    const manager = await ctm.serve();
    const started = (): number => (existsSync(starts) ? readFileSync(starts, "utf8").length / 2 : 0);
    await waitFor("the first start and four more", () => started() >= 5);
    await waitFor("that to be told", () =>
      manager.printed().includes("concurrent_worker1 died 5 times in a row"),
    );
    expect((await ctm.worker("concurrent_worker1", "dead")).because).toMatch(/code 7/);
    await ctm.ok(["restart", "w1"]);
    await waitFor("five more", () => started() >= 10);
    expect((await ctm.worker("concurrent_worker1", "dead")).because).toMatch(/code 7/);
    expect(started()).toBe(10);
  });

  it("start anew although the folder of the start before cannot be removed", async () => {
    const ctm = product({ workers: 1, agent: "shell" });
    await ctm.serve([], true, "launch.forget:throw-before:1");
    await ctm.worker("concurrent_worker1", "idle");
    await ctm.ok(["restart", "w1"]);
    await ctm.tell("true", { agent: "shell" });
    await ctm.until(1, "completed");
  });

  it("start again by themselves when their start for a task failed, and the task goes then", async () => {
    const ctm = product({ workers: 1 });
    const manager = await ctm.serve([], true, "launch.script:throw-before:2");
    await ctm.worker("concurrent_worker1", "idle");
    await ctm.ok(["add", "--cwd", "/usr", "Fix it [[delay:20]]"]);
    await ctm.until(1, "completed");
    expect(manager.printed()).toMatch(/concurrent_worker1.* could not be started/);
  });

  it("that all stay dead end a batch, with the reason, and its tasks stay queued", async () => {
    const ctm = product({ workers: 2 });
    ctm.configure('agents: { rehearsal: { command: ["sh", "-c", "exit 7"] } }');
    const ran = await ctm.run(["Fix one", "Fix two"]);
    expect(ran.exitCode).toBe(69);
    expect(ran.stderr).toMatch(/every worker is dead and not started again: 2 tasks stay queued/);
    expect(ran.stderr).toMatch(/exited with code 7/);
    expect((await ctm.tasks()).map(({ state }) => state.name)).toEqual(["queued", "queued"]);
  });

  it("F13 lose their task when the window is closed from outside; only --retry-lost brings it back", async () => {
    const ctm = product({ workers: 1, recorded: true });
    await ctm.serve();
    await ctm.tell("Fix one [[delay:600000]]");
    await ctm.until(1, "running");
    await ctm.tmux("kill-session", "-t", "=concurrent_worker1");
    expect((await ctm.until(1)).state).toMatchObject({ name: "lost" });
    const limits = await ctm.ask<{ limitId: string; used: number; held: number }[]>("limits", {}, []);
    const hour = limits.find(({ limitId }) => limitId === "global tokens/hour");
    // What it used nobody knows: what was held for it is booked in the moment the hold ends.
    expect(hour).toMatchObject({ used: expect.any(Number), held: 0 });
    expect(hour?.used).toBeGreaterThan(0);
    await ctm.tell("Fix two [[delay:3000]]", { retryLost: true });
    await ctm.until(2, "running");
    await ctm.tmux("kill-session", "-t", "=concurrent_worker1");
    expect(await ctm.until(2, "completed")).toMatchObject({ attempts: 2 });
    expect(await ctm.task(1)).toMatchObject({ state: { name: "lost" }, attempts: 1 });
    expect(ctm.typedPrompts().filter((text) => text.startsWith("Fix one"))).toHaveLength(1);
    expect(ctm.typedPrompts().filter((text) => text.startsWith("Fix two"))).toHaveLength(2);
  });

  it("are drained, killed, restarted and spawned", async () => {
    const ctm = product({ workers: 2 });
    await ctm.serve();
    await ctm.worker("concurrent_worker2", "idle");
    await ctm.ok(["drain", "w1"]);
    for (const n of [1, 2, 3]) await ctm.tell(`Fix ${n} [[delay:0]]`);
    await ctm.ok(["wait", "1", "2", "3"]);
    for (const id of [1, 2, 3])
      expect((await ctm.attempts(id)).map(({ worker }) => worker)).toEqual(["concurrent_worker2"]);
    const before = await ctm.panes();
    await ctm.ok(["restart", "w1"]);
    await ctm.worker("concurrent_worker1", "idle");
    const after = await ctm.panes();
    expect(after[0]?.pid).not.toBe(before[0]?.pid);
    expect(after[1]).toEqual(before[1]);
    await ctm.tell("Fix 4 [[delay:0]]", { worker: "w1" });
    await ctm.until(4, "completed");
    await ctm.ok(["kill", "w2"]);
    expect((await ctm.panes()).map(({ session }) => session)).toEqual(["concurrent_worker1"]);
    await ctm.ok(["spawn", "--agent", "shell", "--n", "2"]);
    expect((await ctm.workers()).map(({ name, agent }) => `${name} ${agent}`).sort()).toEqual([
      "concurrent_worker1 rehearsal",
      "concurrent_worker2 shell",
      "concurrent_worker3 shell",
    ]);
    await ctm.tell(`echo from-shell > out`, { agent: "shell" });
    await ctm.until(5, "completed");
    expect(readFileSync(join(ctm.work, "out"), "utf8")).toBe("from-shell\n");
  });

  it("are cancelled in the middle of a turn and take the next one", async () => {
    const ctm = product({ workers: 1 });
    await ctm.serve();
    await ctm.tell("Fix it [[delay:600000]]");
    await ctm.until(1, "running");
    await ctm.ok(["cancel", "1"]);
    await ctm.until(1, "cancelled");
    await ctm.tell("Fix the next [[delay:0]] [[say:a plain answer]]");
    await ctm.until(2, "completed");
    expect(await ctm.ok(["output", "w1"])).toMatch(/a plain answer/);
  });

  it("F15 outlive the tmux server as lost tasks and new panes", async () => {
    const ctm = product({ workers: 2, recorded: true });
    await ctm.serve();
    await ctm.tell("Fix one [[delay:600000]]");
    await ctm.until(1, "running");
    await ctm.tmux("kill-server");
    expect((await ctm.until(1)).state).toMatchObject({ name: "lost" });
    await ctm.tell("Fix two [[delay:0]]");
    await ctm.until(2, "completed");
    expect(ctm.typedPrompts().filter((text) => text.startsWith("Fix"))).toHaveLength(2);
  });
});

describe("shell workers", () => {
  it("run each task as a command with its true exit code and no tokens", async () => {
    const ctm = product({ agent: "shell", workers: 2 });
    const ran = await ctm.run([
      "exit 0",
      "echo bad; exit 3",
      "kill -9 $$",
      "echo out; echo err >&2; test -t 0",
    ]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/Completed:\s+2 of 4/);
    const states = (await ctm.tasks())
      .sort((a, b) => a.id - b.id)
      .map(({ state }) => [state.name, state.exitCode]);
    expect(states).toEqual([
      ["completed", 0],
      ["failed", 3],
      ["failed", 137],
      ["completed", 0],
    ]);
    expect((await ctm.attempts(1))[0]?.tokens).toMatchObject({ value: 0 });
  });

  it("are interrupted by cancel, as by Ctrl+C, and take the next command", async () => {
    const ctm = product({ agent: "shell", workers: 1 });
    await ctm.serve();
    await ctm.ok([
      "add",
      "trap 'echo interrupted > trace; exit 1' INT; touch begun; while :; do sleep 0.05; done",
    ]);
    await waitFor("the command to run", () => existsSync(join(ctm.work, "begun")));
    await ctm.until(1, "running");
    await ctm.ok(["cancel", "1"]);
    await ctm.until(1, "cancelled");
    expect(readFileSync(join(ctm.work, "trace"), "utf8")).toBe("interrupted\n");
    await ctm.tell("echo fine > next");
    await ctm.until(2, "completed");
  });

  it("work in the folder of the task and show what it printed", async () => {
    const ctm = product({ agent: "shell", workers: 1 });
    await ctm.serve();
    await ctm.ok(["add", "--cwd", "/usr", "pwd; read -r line; echo got-$line"]);
    await ctm.until(1, "running");
    await waitFor("its output", async () => (await ctm.ok(["output", "w1"])).includes("/usr"));
    await ctm.tmux("send-keys", "-t", "=concurrent_worker1:", "typed-by-a-person", "Enter");
    await ctm.until(1, "completed");
    expect(await ctm.ok(["output", "w1"])).toMatch(/got-typed-by-a-person/);
  });
});

describe("sessions a person started by hand", () => {
  it("are offered, adopted, given work and never ended by us", async () => {
    const ctm = product({ workers: 1 });
    const agent = [
      process.execPath,
      join(productFolder(), "rehearsal-agent.js"),
      "--session",
      "s",
      "--model",
      "m",
    ];
    const hook = ["--dir", ctm.folder, "--hook", "/bin/true"];
    await ctm.defaultTmux(
      "new-session",
      "-d",
      "-s",
      "concurrent_worker7",
      "-x",
      "120",
      "-y",
      "30",
      "-c",
      ctm.work,
      ...agent,
      ...hook,
    );
    await ctm.serve();
    expect(await ctm.json(["adopt"])).toEqual({ adoptable: ["concurrent_worker7"] });
    await ctm.ok(["adopt", "concurrent_worker7"]);
    expect(await ctm.worker("concurrent_worker7", "idle")).toMatchObject({
      adopted: true,
      agent: "rehearsal",
    });
    await ctm.tell("Fix it by hand [[delay:300]] [[say:by hand]]", { worker: "concurrent_worker7" });
    await ctm.until(1, "completed");
    expect(await ctm.defaultTmux("capture-pane", "-p", "-t", "=concurrent_worker7:")).toMatch(/by hand/);
    await ctm.ok(["kill", "concurrent_worker7"]);
    expect(await ctm.defaultTmux("list-sessions", "-F", "#{session_name}")).toBe("concurrent_worker7");
  });

  it("one without an agent keeps none from being taken over, and one that is gone keeps no manager from starting", async () => {
    const ctm = product({ workers: 1 });
    const agent = [
      process.execPath,
      join(productFolder(), "rehearsal-agent.js"),
      "--session",
      "s",
      "--model",
      "m",
    ];
    const hook = ["--dir", ctm.folder, "--hook", "/bin/true"];
    await ctm.defaultTmux("new-session", "-d", "-s", "concurrent_worker6", "-c", ctm.work, "sh");
    await ctm.defaultTmux(
      "new-session",
      "-d",
      "-s",
      "concurrent_worker7",
      "-x",
      "120",
      "-y",
      "30",
      "-c",
      ctm.work,
      ...agent,
      ...hook,
    );
    const first = await ctm.serve(["--adopt"]);
    await ctm.worker("concurrent_worker7", "idle");
    await first.stop();
    await ctm.defaultTmux("kill-server");
    await ctm.serve();
    await ctm.worker("concurrent_worker1", "idle");
    expect((await ctm.workers()).map(({ name }) => name)).toEqual(["concurrent_worker1"]);
  });
});
