import { describe, expect, it } from "vitest";
import type { Submission } from "../../src/app.ts";
import { localHost } from "../../src/commands/host.ts";
import { allCommands, findCommand } from "../../src/commands/index.ts";
import type { BatchModel } from "../../src/reports/batch-summary.ts";
import type { Paper } from "../../src/reports/paper.ts";
import { fakeApp } from "../support/fake-app.ts";

const paper: Paper = { columns: 80, colour: false, unicode: false, nowMs: 0, timeZone: "UTC" };
const draft = (text: string) => ({ text, cwd: "/", origin: "test" });

describe("commands carried out in this process", () => {
  it("check, act and render", async () => {
    const host = localHost(fakeApp());
    const added = (await host.run("add", { ...draft("Fix\tit"), priority: "high" })) as Submission;
    expect(added.task.draft).toMatchObject({ text: "Fix\tit", priority: "high", holdReason: null });
    const lines = findCommand("add")?.render(added, paper) ?? [];
    expect(lines).toEqual(["Queued #1 (high, coding, rehearsal/sonnet, ~1,008 tokens): Fix it"]);
    expect(findCommand("hold")?.render(await host.run("hold", { id: "#1", reason: "later" }), paper)).toEqual(
      ["#1 is held (later): Fix it"],
    );
  });

  it("throw CtmError for bad input, unknown commands and unknown things", async () => {
    const host = localHost(fakeApp());
    await expect(host.run("add", { text: "" })).rejects.toMatchObject({ code: "usage" });
    await expect(host.run("nosuch", {})).rejects.toMatchObject({ code: "usage" });
    await expect(host.run("show", { id: 7 })).rejects.toMatchObject({ code: "not-found" });
    await expect(host.run("exit", {})).rejects.toMatchObject({ code: "refused" });
  });

  it("say that a manager is needed where there is none", async () => {
    const host = localHost(fakeApp("/nowhere", "offline"));
    const wanting = allCommands().filter(({ needs }) => needs === "manager");
    expect(wanting.length).toBeGreaterThan(5);
    for (const { name } of wanting) {
      const input = {
        id: 1,
        ids: [1],
        worker: "w1",
        workers: ["w1"],
        text: "x",
        name: "claude",
        role: "worker",
      };
      const own = Object.fromEntries(
        Object.entries(input).filter(([key]) =>
          findCommand(name)?.arguments.some((argument) => argument.name === key),
        ),
      );
      await expect(host.run(name, own), name).rejects.toMatchObject({ code: "no-manager" });
    }
  });

  it("tell which of several tasks could not be done, and what was", async () => {
    const host = localHost(fakeApp());
    await host.run("add", draft("a"));
    await host.run("add", draft("b"));
    await expect(host.run("cancel", { ids: [1, 8, 2, 9] })).rejects.toMatchObject({
      code: "not-found",
      message: "2 of 4 could not be done; done: #1 #2",
      details: ["there is no task 8", "there is no task 9"],
    });
    await expect(host.run("cancel", { ids: [8] })).rejects.toMatchObject({ message: "there is no task 8" });
  });

  it("sum up a batch", async () => {
    const host = localHost(fakeApp());
    await host.run("batch", { drafts: ["a", "break b", "hang c"].map(draft) });
    await host.run("auto", {});
    await host.run("wait", { ids: [1, 2] });
    const tally = (await host.run("tally", { ids: [1, 2, 3] })) as BatchModel;
    expect(tally).toMatchObject({ total: 3, completed: 1, failed: 1, running: 1, endedAtMs: null });
    expect(tally.failures).toEqual([{ id: 2, state: "failed", reason: "it broke", text: "break b" }]);
  });

  it("follow until stopped, and make what a worker prints harmless", async () => {
    const app = fakeApp();
    const host = localHost(app);
    const items: unknown[] = [];
    const following = host.follow("output", { worker: "w1", lines: 2, follow: true }, (item) =>
      items.push(item),
    );
    following.stop();
    await following.done;
    const lines = items.flatMap((item) => findCommand("output")?.renderItem?.(item, paper) ?? []);
    expect(lines.join("|")).toBe("line 1|line 2|more to come");
    expect(() => host.follow("tasks", {}, () => undefined)).toThrow("nothing to follow");
  });

  it("name the same worker by all its names", async () => {
    const app = fakeApp();
    const host = localHost(app);
    for (const worker of ["w1", "W1", "worker1", "concurrent_worker1", "w01"])
      await host.run("send", { worker, text: "hello" });
    expect(new Set(app.asked)).toEqual(new Set(["send concurrent_worker1 hello"]));
  });

  it("give plain data that survives JSON", async () => {
    const host = localHost(fakeApp());
    await host.run("add", draft("a"));
    for (const [name, raw] of [
      ["tasks", {}],
      ["status", {}],
      ["workers", {}],
      ["show", { id: 1 }],
      ["pause", {}],
      ["doctor", {}],
    ] as const) {
      const result = await host.run(name, raw);
      expect(JSON.parse(JSON.stringify(result)), name).toEqual(result);
      expect(findCommand(name)?.render(result, paper).length, name).toBeGreaterThan(0);
    }
  });
});
