/** What a person reads who asks for the same twice, from the command to its lines. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type App, type Submission } from "../../src/app.ts";
import type { Queued } from "../../src/commands/batch.ts";
import { localHost, type CommandHost } from "../../src/commands/host.ts";
import { findCommand } from "../../src/commands/index.ts";
import { parseWords } from "../../src/commands/parse.ts";
import { loadConfig } from "../../src/config.ts";
import { cellWidth } from "../../src/reports/cells.ts";
import type { Paper } from "../../src/reports/paper.ts";

let folder: string;
let app: App;
let host: CommandHost;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-duplicates-"));
  const config = await loadConfig({
    overrides: { stateDir: folder, agent: "rehearsal" },
    env: { PATH: process.env["PATH"], HOME: folder },
    cwd: folder,
  });
  app = await openApp(config, "offline");
  host = localHost(app);
});
afterEach(async () => {
  await app.close({ workers: "leave" });
  rmSync(folder, { recursive: true, force: true });
});

const draft = (text: string) => ({ text, cwd: "/", origin: "test" });
const paper = (): Paper => ({
  columns: 80,
  colour: false,
  unicode: false,
  nowMs: Date.now(),
  timeZone: "UTC",
});

async function lines(name: string, input: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const result = await host.run(name, input);
  return findCommand(name)?.render(result, paper()) ?? [];
}

const add = (text: string, input = {}) => lines("add", { ...draft(text), ...input });
const tasks = (): number =>
  app.tasks({ states: null, type: null, worker: null, containing: null, limit: 99 }).length;

describe("add", () => {
  it("points out a task that asks for the same, within 80 columns, and queues it all the same", async () => {
    const long = `Write the docs of the parser ${"and of all it stands on ".repeat(9)}`;
    expect((await add(long))[1]).toMatch(/no manager runs/);
    const again = await add(`please ${long}`);
    expect(again[0]).toMatch(/^Queued #2 /);
    expect(again[1]).toMatch(/^ {2}like #1, queued: Write the docs of the parser/);
    expect((await add(long.toUpperCase()))[1]).toMatch(/^ {2}the same as #1, queued: Write/);
    expect(again.every((line) => cellWidth(line) <= 80)).toBe(true);
    expect(tasks()).toBe(3);
    expect(((await host.run("add", draft(long))) as Submission).like).toMatchObject({ id: 3, same: true });
  });

  it("refuses it with --no-duplicates, and queues nothing", async () => {
    const command = findCommand("add");
    if (command === null) throw new Error("there is no add");
    const { raw } = parseWords(command, ["--no-duplicates", "Fix", "it"]);
    expect(raw).toMatchObject({ duplicates: false });
    await add("Fix it", { duplicates: false });
    await expect(add("fix it!", { duplicates: false })).rejects.toMatchObject({
      code: "refused",
      message: "the task asks for the same as #1 (queued); nothing was queued",
      details: ["#1: Fix it"],
    });
    expect(tasks()).toBe(1);
    await app.cancel(1);
    expect((await add("Fix it", { duplicates: false }))[0]).toMatch(/^Queued #2 /);
  });
});

describe("batch", () => {
  it("says how many ask for the same, and names the first", async () => {
    await add("Fix it");
    const drafts = ["fix it", ...Array.from({ length: 11 }, () => "Write the docs")].map(draft);
    expect(await lines("batch", { drafts })).toEqual([
      expect.stringMatching(/^12 tasks queued \(#2 to #13\) as batch-/),
      "  11 of them ask for the same as a task that waits, works or ended within a day:",
      "  #2 the same as #1, #4 the same as #3, #5 the same as #4, #6 the same as #5, #7",
      "  the same as #6, and 6 more.",
    ]);
    const { alike } = (await host.run("batch", { drafts: [draft("other words")] })) as Queued;
    expect(alike).toEqual({ count: 0, first: [] });
  });

  it("is refused whole with --no-duplicates", async () => {
    await add("Fix it");
    const drafts = ["fix it", "Write the docs", "write the docs"].map(draft);
    await expect(lines("batch", { drafts, duplicates: false })).rejects.toMatchObject({
      code: "refused",
      message:
        "2 of 3 tasks ask for the same as another that waits, works or ended within a day; nothing was queued",
      details: ["fix it: the same as #1 (queued)", "write the docs: the same as another of these"],
    });
    expect(tasks()).toBe(1);
    expect(await lines("batch", { drafts: drafts.slice(1, 2), duplicates: false })).toHaveLength(1);
  });
});
