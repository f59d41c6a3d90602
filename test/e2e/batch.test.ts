/** Batches from argv, standard input and files: exit codes, summaries, and who runs them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { product } from "../support/product.ts";

describe("a batch from argv", () => {
  it("runs three tasks to their end, sums them up, says that it is a rehearsal and takes its workers away", async () => {
    const ctm = product();
    const ran = await ctm.run(["Fix the parser", "Write the docs [[delay:50]]", "Explain the cache"]);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/BATCH SUMMARY/);
    expect(ran.stdout).toMatch(/Completed:\s+3 of 3/);
    expect(ran.stdout).toMatch(/simulated/);
    expect(await ctm.panes()).toEqual([]);
    const tasks = await ctm.tasks();
    expect(tasks.map(({ state, attempts }) => [state.name, attempts])).toEqual(
      Array.from({ length: 3 }, () => ["completed", 1]),
    );
  });

  it("ends with 1 and the reason when a task fails, and leaves the workers where that was asked", async () => {
    const ctm = product({ workers: 2 });
    const ran = await ctm.run([
      "--keep-workers",
      "--",
      "[[delay:20]] good",
      "[[delay:20]] bad [[err:invalid]]",
    ]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/Completed:\s+1 of 2/);
    expect(ran.stdout).toMatch(/#2 failed: .*Rehearsed failure/);
    expect((await ctm.panes()).map(({ session }) => session)).toEqual([
      "concurrent_worker1",
      "concurrent_worker2",
    ]);
  });

  it.each([
    { args: ["--workers", "none", "Task one"], says: /--workers/ },
    { args: ["--nonsense", "Task one"], says: /--nonsense/ },
    { args: ["statsu"], says: /did you mean status\?/ },
    { args: ["add", "-p", "hihg", "x"], says: /did you mean high\?/ },
    { args: ["add", "--type", "coding!", "x"], says: /type/ },
    { args: ["--", "  "], says: /the task has no text/ },
    { args: ["", "Task two"], says: /the task has no text/ },
    { args: ["--agent", "clod", "Task one"], says: /clod/ },
  ])("ends with 2 and a sentence for $args", async ({ args, says }) => {
    const ctm = product();
    const ran = await ctm.run(args);
    expect(ran.exitCode, ran.stderr).toBe(2);
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(await ctm.tasks()).toEqual([]);
  });
});

describe("a batch beside a manager", () => {
  it("is refused with 75 and --own, else handed over; a second manager is refused", async () => {
    const ctm = product({ workers: 2 });
    const manager = await ctm.serve();
    const own = await ctm.run(["--own", "Fix one thing", "Fix another thing"]);
    expect(own).toMatchObject({ exitCode: 75, stdout: "" });
    expect(own.stderr).toMatch(/another manager runs/);
    const second = await ctm.run(["serve"]);
    expect(second.exitCode).toBe(75);
    expect(second.stderr).toMatch(/manager/);
    expect(await ctm.tasks()).toEqual([]);

    const handed = await ctm.run(["Fix one thing [[delay:20]]", "Fix another thing [[delay:20]]"]);
    expect(handed.exitCode, handed.stderr).toBe(0);
    expect(handed.stderr).toContain(`process ${manager.pid}`);
    expect(handed.stdout).toMatch(/Completed:\s+2 of 2/);
    expect(await ctm.panes()).toHaveLength(2);
    expect(await manager.stop()).toBe(0);
  });

  it("is not queued with a manager that sends nothing out", async () => {
    const ctm = product({ workers: 1 });
    await ctm.serve();
    await ctm.ok(["pause", "lunch"]);
    const ran = await ctm.run(["Fix one thing", "Fix another thing"]);
    expect(ran.exitCode).toBe(75);
    expect(ran.stderr).toMatch(/paused/);
    expect(await ctm.tasks()).toEqual([]);
  });
});

describe("a batch from a file or standard input", () => {
  it("takes plain lines from standard input", async () => {
    const ctm = product();
    const ran = await ctm.run(["batch", "-"], {
      input: "one thing [[delay:20]]\n\n  two things [[delay:20]]  \r\n",
    });
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect((await ctm.tasks()).map(({ draft }) => draft.text)).toEqual([
      "one thing [[delay:20]]",
      "two things [[delay:20]]",
    ]);
  });

  it("takes JSON Lines with all fields from a file", async () => {
    const ctm = product({ workers: 1 });
    const lines = [
      { text: "a low one\nof two lines [[delay:20]]", priority: "low", type: "ui", key: "k1" },
      { text: "a critical one [[delay:20]]", priority: "critical", model: "opus", cwd: ctm.work },
      { text: "the same as the first", key: "k1" },
    ];
    writeFileSync(join(ctm.work, "tasks.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"));
    const ran = await ctm.run(["batch", "tasks.jsonl"]);
    expect(ran.exitCode, ran.stderr).toBe(0);
    const tasks = await ctm.tasks();
    expect(tasks).toHaveLength(2);
    expect(tasks.map(({ draft }) => draft)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          text: "a low one\nof two lines [[delay:20]]",
          priority: "low",
          type: "ui",
        }),
        expect.objectContaining({ text: "a critical one [[delay:20]]", priority: "critical", model: "opus" }),
      ]),
    );
  });

  it("names every faulty line and queues nothing", async () => {
    const ctm = product();
    const lines = [
      '{"text":"a good one"}',
      '{"text":""}',
      '{"text":"x","priorty":"high"}',
      "not json",
      '{"text":"x","priority":"urgent"}',
      '{"text":"nul \\u0000 inside"}',
    ];
    const ran = await ctm.run(["batch", "-"], { input: lines.join("\n") });
    expect(ran.exitCode).toBe(2);
    for (const says of [
      /line 2: /,
      /line 3: .*did you mean priority\?/,
      /line 4: /,
      /line 5: /,
      /line 6: .*U\+0000/,
    ])
      expect(ran.stderr).toMatch(says);
    expect(ran.stderr).not.toMatch(/line 1:/);
    expect(await ctm.tasks()).toEqual([]);
    expect((await ctm.run(["batch", "no-such-file"])).exitCode).toBe(2);
    expect((await ctm.run(["batch", "-"], { input: Buffer.from([0x66, 0xff, 0x0a]) })).stderr).toMatch(
      /UTF-8/,
    );
  });
});
