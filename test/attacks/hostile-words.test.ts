/**
 * The corpus of hostile words through every door: kept byte for byte, or refused with a sentence. Never altered in
 * silence, never a stack trace, never carried out.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { draftInput } from "../../src/commands/add.ts";
import { connectManager } from "../../src/server/remote-host.ts";
import { taskText } from "../../src/tasks/task-text.ts";
import { BROKEN_BYTES, HOSTILE_TEXTS, isTask, withLineFeeds } from "../support/hostile-texts.ts";
import { product, type Product, type TaskSeen } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const ALL = HOSTILE_TEXTS.map(({ text }) => text);
const TASKS = ALL.filter(isTask);
const NO_TASKS = ALL.filter((text) => !isTask(text));
/** Longest single word the kernel takes in an argv, with room to spare. */
const wordMaxBytes = 120_000;

/** A manager that queues and has nobody to do the work. */
async function queueAlone(): Promise<Product> {
  const ctm = product({ workers: 0 });
  await ctm.serve();
  return ctm;
}

/** Starts the bin with a batch nobody will work on, and ends it when its tasks are in the queue. */
async function queuedBy(ctm: Product, args: readonly string[], count: number, input = ""): Promise<string[]> {
  const [file, argv] = ctm.argv(args);
  const child = spawn(file, argv, { cwd: ctm.work, env: ctm.env, stdio: ["pipe", "ignore", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.end(input);
  const said = collected(child);
  const texts = await waitFor(`${count} tasks in the queue`, async () => {
    // 69: it saw that nobody is there to do the work, and left the tasks in the queue.
    if (child.exitCode !== null && child.exitCode !== 69)
      throw new Error(`ctm ended with ${child.exitCode}: ${said()}`);
    const tasks = await ctm.tasks();
    return tasks.length === count ? textsOf(tasks) : null;
  });
  child.kill("SIGKILL");
  return texts;
}

function collected(child: ChildProcess): () => string {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  return () => said;
}

/** In the order they were queued. */
function textsOf(tasks: readonly TaskSeen[]): string[] {
  return [...tasks].sort((a, b) => a.id - b.id).map(({ draft }) => draft.text);
}

function expectSentence(error: unknown): void {
  expect(error).toBeInstanceOf(CtmError);
  if (!(error instanceof CtmError)) return;
  expect(error.code).toBe("usage");
  // oxlint-disable-next-line no-control-regex
  expect(error.message).toMatch(/^[^\u0000-\u001f\u007f-\u009f\p{Cs}\u202a-\u202e]{10,300}$/u);
}

describe("the corpus", () => {
  it("is large, and holds both what is a task and what is none", () => {
    expect(new Set(ALL).size + BROKEN_BYTES.length).toBeGreaterThanOrEqual(300);
    expect(TASKS.length).toBeGreaterThan(200);
    expect(NO_TASKS.length).toBeGreaterThan(50);
  });

  it("is kept as it is by the rule of a task's text, line ends aside, or refused with a sentence", () => {
    for (const text of TASKS) expect(taskText(text) === withLineFeeds(text)).toBe(true);
    for (const text of NO_TASKS) {
      try {
        taskText(text);
        expect.unreachable(`kept: ${JSON.stringify(text.slice(0, 40))}`);
      } catch (error) {
        expectSentence(error);
      }
    }
  });
});

describe("hostile words as tasks", () => {
  it("at the socket: each is answered and kept byte for byte, or refused with a sentence", async () => {
    const ctm = await queueAlone();
    const manager = await connectManager(join(ctm.state, "manager.sock"));
    if (manager === null) throw new Error("no manager listens");
    onTestFinished(() => manager.close());
    for (const text of ALL) {
      const asked = manager.run("add", { text, cwd: ctm.work, origin: "test" });
      if (isTask(text)) {
        const { task } = (await asked) as { task: TaskSeen };
        expect(task.draft.text === withLineFeeds(text)).toBe(true);
      } else expectSentence(await asked.catch((error: unknown) => error));
    }
    expect(textsOf(await ctm.tasks())).toEqual(TASKS.map(withLineFeeds));
    expect(existsSync(join(ctm.work, "PWNED"))).toBe(false);
  });

  it("from standard input and from a file, as JSON Lines: all of them, or nothing and which lines are not right", async () => {
    const jsonLines = (texts: readonly string[]) => texts.map((text) => JSON.stringify({ text })).join("\n");
    const ctm = await queueAlone();
    const kept = await queuedBy(ctm, ["batch", "-"], TASKS.length, jsonLines(TASKS));
    expect(kept).toEqual(TASKS.map(withLineFeeds));

    const file = join(ctm.work, "tasks.jsonl");
    writeFileSync(file, jsonLines([...TASKS, ...NO_TASKS]));
    const refused = await ctm.run(["batch", file]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain(`nothing was queued: ${NO_TASKS.length} lines are not right`);
    // oxlint-disable-next-line no-control-regex
    expect(refused.stderr).not.toMatch(/\n\s+at |[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    writeFileSync(file, jsonLines(TASKS));
    const both = await queuedBy(ctm, ["batch", file], 2 * TASKS.length);
    expect(both.slice(TASKS.length)).toEqual(TASKS.map(withLineFeeds));
  });

  it("from a plain file: a line is a task, but for blanks and tabs around it", async () => {
    const lines = TASKS.filter(
      (text) => !/[\r\n]/.test(text) && !/^[ \t]*\{/.test(text) && !text.startsWith("\ufeff"),
    );
    const ctm = await queueAlone();
    const file = join(ctm.work, "tasks.txt");
    writeFileSync(file, lines.join("\r\n"));
    const kept = await queuedBy(ctm, ["batch", file], lines.length);
    expect(kept).toEqual(lines.map((line) => line.replace(/^[ \t]+|[ \t]+$/g, "")));
  });

  it("from argv: byte for byte, all in one call", async () => {
    const words = TASKS.filter((text) => Buffer.byteLength(text) <= wordMaxBytes);
    const ctm = await queueAlone();
    const kept = await queuedBy(ctm, ["--", ...words], words.length);
    expect(kept).toEqual(words.map(withLineFeeds));
    expect(existsSync(join(ctm.work, "PWNED"))).toBe(false);
  });

  it("through the prompt, one line each: byte for byte after the blanks behind `add --`", async () => {
    const lines = ALL.filter(
      (text) => !/[\n\0]/.test(text) && !/\p{Surrogate}/u.test(text) && text.trim() !== "",
    );
    const ctm = await queueAlone();
    const ran = await ctm.run([], { input: lines.map((line) => `add -- ${line}`).join("\n") });
    const kept = lines
      .filter(isTask)
      .map((line) => withLineFeeds(line.replace(/^[ \t\r]+/, "").replace(/\r$/, "")));
    expect(textsOf(await ctm.tasks())).toEqual(kept);
    const refused = ran.stderr.match(/^ctm: /gm) ?? [];
    expect(refused).toHaveLength(lines.length - kept.length);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    // oxlint-disable-next-line no-control-regex
    expect(ran.stdout + ran.stderr).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u200b]/,
    );
  });

  it("bytes that are no text: refused in argv, in files, on standard input and at the prompt", async () => {
    const ctm = await queueAlone();
    const file = join(ctm.work, "tasks");
    for (const bytes of BROKEN_BYTES.slice(0, 3)) {
      const words = Buffer.concat([Buffer.from("add task "), bytes, Buffer.from("\n")]);
      writeFileSync(file, words);
      expect(await ctm.run(["batch", file])).toMatchObject({ exitCode: 2, stdout: "" });
    }
    const [first = Buffer.of(0xff)] = BROKEN_BYTES;
    const piped = await ctm.run(["batch", "-"], { input: Buffer.concat([Buffer.from("a task "), first]) });
    expect(piped.stderr).toContain("not UTF-8");
    const typed = await ctm.run([], {
      input: Buffer.concat(BROKEN_BYTES.flatMap((bytes) => [Buffer.from("add x"), bytes, Buffer.from("\n")])),
    });
    expect(typed.stderr.match(/not UTF-8/g)).toHaveLength(BROKEN_BYTES.length);
    expect(await ctm.tasks()).toEqual([]);
  });

  it.runIf(existsSync("/proc/self/cmdline"))(
    "bytes that are no text in argv: told from a true U+FFFD",
    async () => {
      const ctm = product({ workers: 0 });
      const [file, argv] = ctm.argv(["add", "--"]);
      const shell = (octal: string) =>
        new Promise<string>((resolve) => {
          const script = `word=$(printf 'a${octal}b'); exec "$@" "$word"`;
          const child = spawn("/bin/sh", ["-c", script, "sh", file, ...argv], {
            cwd: ctm.work,
            env: ctm.env,
          });
          const said = collected(child);
          child.once("close", () => resolve(said()));
        });
      expect(await shell("\\377")).toMatch(/^ctm: a word of this call is not UTF-8 text/);
      expect(await shell("\\357\\277\\275")).toBe("");
      expect(textsOf(await ctm.tasks())).toEqual(["a\ufffdb"]);
    },
  );
});

describe("hostile words as labels", () => {
  it("a key, a reason, a model: kept as it is or refused, and two keys are never taken for one", () => {
    for (const text of ALL) {
      const checked = draftInput.safeParse({
        text: "x",
        cwd: "/",
        origin: "test",
        key: text,
        hold: text,
        model: text,
      });
      if (!checked.success) {
        for (const { message } of checked.error.issues)
          expect(message).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]{5,300}$/u);
        continue;
      }
      expect(checked.data).toMatchObject({ key: text, hold: text, model: text });
      expect(text).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
    }
  });

  it("a folder: used under exactly its name, or refused", async () => {
    const ctm = await queueAlone();
    const names = ALL.filter(
      (text) => /^[^\0/\p{Surrogate}]+$/u.test(text) && Buffer.byteLength(text) <= 255,
    );
    const folders = names.filter((name) => name !== "." && name !== "..").map((name) => join(ctm.work, name));
    for (const folder of folders) {
      mkdirSync(folder, { recursive: true });
      await ctm.tell("x", { cwd: folder });
    }
    const tasks = (await ctm.tasks()) as (TaskSeen & { draft: { cwd: string } })[];
    expect(tasks.sort((a, b) => a.id - b.id).map(({ draft }) => draft.cwd)).toEqual(folders);
    for (const cwd of ["relative", "/a\0b", "/a\ud800", `/${"x".repeat(5_000)}`, 7])
      expectSentence(await ctm.tell("x", { cwd }).catch((error: unknown) => error));
  });
});
