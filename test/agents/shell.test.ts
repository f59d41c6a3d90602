import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { shellAdapter } from "../../src/agents/shell.ts";
import { shellRunner } from "../../src/agents/shell-runner.ts";
import { shellQuoted } from "../../src/agents/shell-quoting.ts";
import { startPane } from "../support/pane.ts";
import { signalFolder, TEST_LAUNCH_ID } from "../support/signal-folder.ts";
import { waitFor } from "../support/wait-for.ts";

async function startShellWorker() {
  const dir = await mkdtemp(join(tmpdir(), "ctm-shell 'worker-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const signals = await signalFolder();
  const plan = shellAdapter.launch({
    launchId: TEST_LAUNCH_ID,
    model: null,
    cwd: dir,
    dir,
    hookScript: signals.hookScript,
    sessionId: "unused",
    resumeSessionId: null,
    settings: { command: ["sh"], permissionMode: null, env: {} },
  });
  for (const file of plan.files) await writeFile(join(dir, file.name), file.text, { mode: 0o600 });
  const pane = await startPane({ argv: plan.argv, cwd: dir, env: { ...plan.env, ...signals.env } });
  await signals.waitForEvent(shellAdapter.interpret, "ready");
  const submit = async (attemptId: string, text: string, cwd = dir) => {
    const submission = shellAdapter.submission(attemptId, text, cwd);
    if (submission.file)
      await writeFile(join(dir, submission.file.name), submission.file.text, { mode: 0o600 });
    await waitFor(
      "the idle line",
      async () => shellAdapter.readScreen(await pane.capture()).state === "idle",
    );
    const skip = (await signals.all()).length;
    await pane.paste(submission.paste, submission.bracketed);
    return skip;
  };
  const run = async (attemptId: string, text: string, cwd = dir) => {
    const skip = await submit(attemptId, text, cwd);
    return signals.waitForEvent(shellAdapter.interpret, "command-ended", skip);
  };
  return { dir, pane, signals, submit, run };
}

describe("a shell worker in a real pane", () => {
  test.each([
    ["true", 0],
    ["exit 7", 7],
    ["kill -9 $$", 137],
    ["kill -TERM $$", 143],
    ["no-such-command-here", 127],
    ['echo "unfinished', 2],
    ["/bin/false", 1],
    ["/no/such/program here", 127],
    ["/dev/null", 126],
  ])("reports the true exit code of %s", async (text, exitCode) => {
    const { run } = await startShellWorker();
    expect(await run("t1-a1", text)).toEqual({ kind: "command-ended", attemptId: "t1-a1", exitCode });
  });

  test("runs one task after another in the folder each names, multi-line text and all", async () => {
    const { dir, run, signals } = await startShellWorker();
    const elsewhere = await realpath(await mkdtemp(join(tmpdir(), "ctm it's $(here) ")));
    onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
    await run("t1-a1", `text='two lines'\nprintf '%s' "$text" >out`, elsewhere);
    await run("t2-a1", "printf second >out");
    expect(await readFile(join(elsewhere, "out"), "utf8")).toBe("two lines");
    expect(await readFile(join(dir, "out"), "utf8")).toBe("second");
    expect((await signals.all()).map((signal) => signal.event)).toEqual([
      "ready",
      "command-started",
      "command-ended",
      "command-started",
      "command-ended",
    ]);
  });

  test("a folder that is gone fails the task and not the worker", async () => {
    const { run } = await startShellWorker();
    expect((await run("t1-a1", "true", "/no/such/folder")).exitCode).toBe(1);
    expect((await run("t2-a1", "true")).exitCode).toBe(0);
  });

  test("Ctrl+C ends the task with 130 and the worker takes the next", async () => {
    const { dir, pane, run, submit, signals } = await startShellWorker();
    const skip = await submit("t1-a1", ": >begun; exec sleep 1000");
    await waitFor("the task to run", () =>
      readFile(join(dir, "begun")).then(
        () => true,
        () => false,
      ),
    );
    expect(shellAdapter.readScreen(await pane.capture()).state).toBe("busy");
    await pane.key("C-c");
    expect((await signals.waitForEvent(shellAdapter.interpret, "command-ended", skip)).exitCode).toBe(130);
    expect((await run("t2-a1", "true")).exitCode).toBe(0);
  });

  test("Ctrl+C and Ctrl+D at the idle line do no harm", async () => {
    const { pane, run } = await startShellWorker();
    for (const key of ["C-c", "C-d", "C-\\"]) await pane.key(key);
    expect((await run("t1-a1", "exit 3")).exitCode).toBe(3);
    expect(await pane.alive()).toBe(true);
  });

  test("a task that leaves the terminal raw and keys typed ahead cannot spoil the next id", async () => {
    const { dir, pane, run, submit, signals } = await startShellWorker();
    const skip = await submit("t1-a1", "stty raw -echo; : >begun; while [ ! -e go ]; do sleep 0.05; done");
    await waitFor("the task to run", () =>
      readFile(join(dir, "begun")).then(
        () => true,
        () => false,
      ),
    );
    await pane.paste("half a line", false);
    await writeFile(join(dir, "go"), "");
    await signals.waitForEvent(shellAdapter.interpret, "command-ended", skip);
    expect((await run("t2-a1", "exit 5")).exitCode).toBe(5);
  });

  test("the same id never runs twice", async () => {
    const { dir, pane, run } = await startShellWorker();
    await run("t1-a1", "echo once >>log");
    await pane.paste("t1-a1\r", false);
    await run("t2-a1", "echo other >>log");
    await pane.paste("t1-a1\r", false);
    await run("t3-a1", "echo third >>log");
    expect(await readFile(join(dir, "log"), "utf8")).toBe("once\nother\nthird\n");
  });

  test("makes no file for a task but the one that stays", async () => {
    const { dir, run, signals } = await startShellWorker();
    await run("t1-a1", "true");
    const before = [await readdir(dir), await readdir(signals.dir)];
    await run("t2-a1", "true");
    expect([await readdir(dir), await readdir(signals.dir)]).toEqual(before);
  });

  test("begins the log of its signals anew when it grows long, and only with a task", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ctm-runner-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await writeFile(join(dir, "runner.sh"), shellRunner());
    const tasks = 250;
    // Each task writes the next one in its place.
    const next = `printf ': t%s; n=%s; . ${dir}/next\\n' "$((n + 1))" "$((n + 1))" >"${dir}/task.sh"\n`;
    await writeFile(join(dir, "next"), next);
    await writeFile(join(dir, "task.sh"), `: t0; n=0; . ${dir}/next\n`);
    const env = { CTM_SPOOL: dir, CTM_LAUNCH: "l" };
    const input = Array.from({ length: tasks }, (_, n) => `t${n}\n`).join("");
    await execa("sh", [join(dir, "runner.sh"), dir], { input, env });
    const said = (await readFile(join(dir, "l.log"), "utf8")).trim().split("\n");
    expect(said.length).toBeLessThan(200);
    expect(said[0]).toContain("command-started");
    expect(said.at(-1)).toBe(`{"event":"command-ended","attemptId":"t${tasks - 1}","exitCode":0}`);
  });

  test.each([
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "../t1-a1",
    "t1-a1 extra",
    "T1-A1",
    "*",
    "é",
  ])("the line %s is not run", async (line) => {
    const { dir, pane, run } = await startShellWorker();
    await pane.paste(`${line}\r`, false);
    await run("t9-a1", "ls >listing");
    expect(await readFile(join(dir, "listing"), "utf8")).not.toContain("pwned");
  });
});

describe("the shell adapter", () => {
  const line = "ctm shell worker — idle";
  test.each([
    [[line], "idle", null],
    [["old output", line, "", ""], "idle", null],
    [[line, "half a comma"], "draft", "half a comma"],
    [[line, "t1-a1", "ctm shell worker — running t1-a1", "output"], "busy", null],
    [["$ "], "unknown", null],
    [[], "unknown", null],
  ] as const)("reads the screen %j as %s", (lines, state, text) => {
    expect(shellAdapter.readScreen(lines)).toMatchObject({ state, text });
  });

  const signal = (event: string, payload: unknown) => ({ launchId: "l", event, atMs: 0, payload });
  test.each([
    [
      signal("command-ended", { attemptId: "a1", exitCode: 0 }),
      { kind: "command-ended", attemptId: "a1", exitCode: 0 },
    ],
    [signal("command-ended", { attemptId: "a1", exitCode: 1.5 }), null],
    [signal("command-ended", { attemptId: "a1", exitCode: "0" }), null],
    [signal("command-ended", null), null],
    [signal("command-started", { attemptId: "" }), null],
    [signal("exited", { exitCode: 9 }), { kind: "exited", exitCode: 9 }],
    [signal("exited", "broken"), { kind: "exited", exitCode: 255 }],
    [signal("nonsense", {}), null],
  ])("interprets %j", (given, event) => {
    expect(shellAdapter.interpret(given)).toEqual(event);
  });

  test.each([
    ["/bin/true", true],
    ["./gradlew build --x=1 a/b,c:d", true],
    ["true", false],
    ["A=/bin/true", false],
    ["A=1 /bin/true", false],
    ["/bin/ls *", false],
    ["/bin/ls ~", false],
    ["/bin/ls $HOME", false],
    ["/bin/true; echo x", false],
    ["/bin/true\n", false],
    ["/bin/true &", false],
    ["/bin/true ", false],
    ["-/x", false],
  ])("the program takes the shell's place where nothing can come after it: %j %s", (text, plain) => {
    const script = shellAdapter.submission("a1", text, "/").file?.text ?? "";
    expect(script.split("\n")[1]).toBe(plain ? `exec ${text}` : text.split("\n")[0]);
  });

  test("refuses an attempt id that the runner would not take", () => {
    for (const id of ["", "A1", "a b", "a;b", "é", "a".repeat(81)]) {
      expect(() => shellAdapter.submission(id, "true", "/")).toThrow(/attempt id/);
    }
  });

  test("quotes any text as one word", async () => {
    for (const text of ["", "a b", "it's", "$(x)`y`\\", "line\nline", "'''"]) {
      expect(
        (await execa("sh", ["-c", `printf %s ${shellQuoted(text)}`], { stripFinalNewline: false })).stdout,
      ).toBe(text);
    }
  });
});
