/** The queue: durable without a manager, fed from other terminals, in order, and in a person's hands. */
import { describe, expect, it } from "vitest";
import { product, type Product, type TaskSeen } from "../support/product.ts";

interface Added {
  readonly task: TaskSeen;
  readonly created: boolean;
}

const add = (ctm: Product, ...words: readonly string[]): Promise<Added> => ctm.json(["add", ...words]);

/** When the last attempt of a task was begun. */
async function begunAtMs(ctm: Product, id: number): Promise<number> {
  return (await ctm.attempts(id)).at(-1)?.reservedAtMs ?? Number.NaN;
}

describe("the queue", () => {
  it("keeps what is added while no manager runs, and sends it out when one comes", async () => {
    const ctm = product({ workers: 1 });
    const { task, created } = await add(ctm, "Fix the clock [[delay:20]] [[say:fixed]]");
    expect(created).toBe(true);
    expect(task).toMatchObject({ id: 1, state: { name: "queued" } });
    await ctm.serve();
    expect(await ctm.until(1)).toMatchObject({ state: { name: "completed" }, attempts: 1 });
    expect(await ctm.attempts(1)).toEqual([
      expect.objectContaining({ answer: "fixed", outcome: "completed", worker: "concurrent_worker1" }),
    ]);
  });

  it("takes tasks from other terminals while the manager runs, and waits for them by event", async () => {
    const ctm = product({ workers: 2, recorded: true });
    await ctm.serve();
    const [first, second] = await Promise.all([
      add(ctm, "Write one [[delay:300]]"),
      add(ctm, "Write two [[delay:20]]"),
    ]);
    expect(new Set([first.task.id, second.task.id])).toEqual(new Set([1, 2]));
    await ctm.ok(["wait", "1", "2"]);
    expect(ctm.typedPrompts().filter((text) => text.startsWith("Write"))).toHaveLength(2);
    const failing = await add(ctm, "Write three [[err:unknown]] [[delay:0]]");
    expect((await ctm.run(["wait", String(failing.task.id)])).exitCode).toBe(1);
  });

  it("takes the same key for the same task, over restarts and after it was cleared away", async () => {
    const ctm = product({ workers: 1 });
    expect((await add(ctm, "--key", "k", "Fix it [[delay:0]]")).created).toBe(true);
    expect(await add(ctm, "--key", "k", "other words")).toMatchObject({ created: false, task: { id: 1 } });
    const manager = await ctm.serve();
    await ctm.until(1, "completed");
    await manager.kill9();
    expect(await add(ctm, "--key", "k", "Fix it")).toMatchObject({ created: false, task: { id: 1 } });
    await ctm.serve();
    expect(await add(ctm, "--key", "k", "Fix it")).toMatchObject({ created: false, task: { id: 1 } });
    expect(await ctm.json(["clear"])).toEqual({ cleared: 1 });
    expect(await ctm.tasks()).toEqual([]);
    expect(await add(ctm, "--key", "k", "Fix it")).toMatchObject({ created: false, task: { id: 1 } });
  });

  it("goes by priority, then by arrival, on one worker", async () => {
    const ctm = product({ workers: 1 });
    const levels = ["low", "normal", "high", "normal", "critical", "low", "high"];
    for (const level of levels)
      await add(ctm, "-p", level, "--type", "coding", `Fix a ${level} one [[delay:0]]`);
    await ctm.serve();
    await ctm.ok(["wait", ...levels.map((_, at) => String(at + 1))]);
    const begun = await Promise.all(
      levels.map(async (_, at) => ({ id: at + 1, at: await begunAtMs(ctm, at + 1) })),
    );
    expect(begun.sort((a, b) => a.at - b.at).map(({ id }) => id)).toEqual([5, 3, 7, 2, 4, 1, 6]);
  });

  it("lets a person hold, release, edit, raise, cancel, retry, pause and clear", async () => {
    const ctm = product({ workers: 1, recorded: true });
    await ctm.serve(["--no-auto"]);
    for (const text of ["Fix A [[delay:0]]", "Fix B [[delay:0]]", "Fix C [[delay:0]]", "Fix D [[delay:0]]"])
      await add(ctm, text);
    await ctm.ok(["hold", "1", "waits", "for", "the design"]);
    await ctm.ok(["edit", "2", "Fix B anew [[delay:0]]"]);
    await ctm.ok(["priority", "4", "critical"]);
    await ctm.ok(["cancel", "3"]);
    expect(await ctm.ok(["why", "1"])).toMatch(/waits for the design/);
    await ctm.ok(["pause", "the release is out"]);
    await ctm.ok(["auto", "on"]);
    expect(await ctm.ok(["why", "4"])).toMatch(/paused.*the release is out/s);
    expect(await ctm.json(["distribute"])).toEqual({ sent: 0 });
    await ctm.ok(["resume"]);
    await ctm.until(2, "completed");
    await ctm.until(4, "completed");
    expect(await begunAtMs(ctm, 4)).toBeLessThan(await begunAtMs(ctm, 2));
    expect((await ctm.task(1)).state).toMatchObject({ name: "queued", holdReason: "waits for the design" });
    expect((await ctm.run(["edit", "2", "too late"])).stderr).toMatch(/2/);
    await ctm.ok(["release", "1"]);
    await ctm.until(1, "completed");
    await ctm.ok(["retry", "3"]);
    await ctm.until(3, "completed");
    expect(await ctm.json(["clear", "--all"])).toEqual({ cleared: 4 });
    const prompts = ctm.typedPrompts().filter((text) => text.startsWith("Fix"));
    expect(prompts.sort()).toEqual(["A", "B anew", "C", "D"].map((name) => `Fix ${name} [[delay:0]]`));
  });

  it("refuses moves that make no sense, by a sentence and a code, and changes nothing", async () => {
    const ctm = product({ workers: 1 });
    await add(ctm, "Fix it");
    await ctm.ok(["cancel", "1"]);
    for (const args of [
      ["cancel", "1"],
      ["edit", "1", "x"],
      ["hold", "1"],
      ["show", "99"],
      ["priority", "1", "low"],
      ["cancel", "x"],
    ]) {
      const ran = await ctm.run(args);
      expect(ran.exitCode, args.join(" ")).toBe(2);
      expect(ran.stderr).toMatch(/^ctm: .{8,}/);
      expect(ran.stderr).not.toMatch(/\n\s+at /);
    }
    const needsManager = await ctm.run(["spawn"]);
    expect(needsManager).toMatchObject({ exitCode: 69 });
    expect(needsManager.stderr).toMatch(/ctm serve/);
    expect((await ctm.task(1)).state.name).toBe("cancelled");
  });
});
