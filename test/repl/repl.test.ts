import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startPane, type Pane } from "../support/pane.ts";
import { waitFor } from "../support/wait-for.ts";
import { removeFolder } from "../support/remove-folder.ts";

const program = new URL("../support/repl-program.ts", import.meta.url).pathname;
const root = join(import.meta.dirname, "../..");

interface Person {
  readonly pane: Pane;
  readonly folder: string;
  type(text: string): Promise<void>;
  enter(line: string): Promise<void>;
  /** Waits until the screen holds this. */
  sees(text: string | RegExp): Promise<string>;
  screen(): Promise<string>;
  /** Texts of the tasks that were queued. */
  added(): string[];
}

async function sitDown(folder = mkdtempSync(join(tmpdir(), "ctm-repl-"))): Promise<Person> {
  onTestFinished(() => removeFolder(folder));
  const command = `"${process.execPath}" --import tsx "${program}" "${folder}"; echo OVER; exec cat`;
  const pane = await startPane({ argv: ["sh", "-c", command], cwd: root, env: { LANG: "C.UTF-8" } });
  const screen = async (): Promise<string> => (await pane.capture()).join("\n");
  const person: Person = {
    pane,
    folder,
    screen,
    type: (text) => pane.paste(text, false),
    enter: async (line) => {
      if (line !== "") await pane.paste(line, false);
      await pane.key("Enter");
    },
    sees: (text) =>
      waitFor(`the screen to show ${String(text)}`, async () => {
        const shown = await screen();
        return (typeof text === "string" ? shown.includes(text) : text.test(shown)) ? shown : null;
      }),
    added: () =>
      readFileSync(join(folder, "added"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as string),
  };
  await person.sees(/^> *$/m);
  return person;
}

describe("the prompt, in a real terminal", () => {
  it("greets, carries out commands and says what is wrong", async () => {
    const { enter, sees } = await sitDown();
    const greeting = await sees("ctm 0.0.0");
    expect(greeting).toContain("2 workers (rehearsal)");
    expect(greeting).toContain("Rehearsal: no agent works here");
    await enter(`add Don't "quote" this`);
    await sees(`Queued #1 (normal, coding, rehearsal/sonnet, ~1,008 tokens): Don't "quote" this`);
    await enter("statsu");
    await sees("did you mean status?");
    await enter("add -p hihg x");
    await sees("did you mean high?");
    await enter("tasks --json");
    await sees('"text":"Don');
    await enter("status");
    await sees("CONCURRENT TASK MANAGER STATUS");
    await enter("help add");
    await sees("Usage: add [options] [text...]");
    await enter("attach w2");
    await sees("ATTACHED concurrent_worker2");
    await sees("Back from concurrent_worker2");
  });

  it("prints what happens above a half-typed line without touching it", async () => {
    const { folder, type, sees, pane, screen, added } = await sitDown();
    await type(`add ${"a long line that wraps ".repeat(12)}end`);
    for (let step = 0; step < 5; step++) await pane.key("Left");
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    await sees(/wraps end/);
    process.kill(pid, "SIGUSR1");
    await sees("trouble: something happened meanwhile");
    process.kill(pid, "SIGUSR1");
    // The line is drawn anew below what was printed: until then the screen may be caught without it.
    await waitFor("both messages above the line, and the line once", async () => {
      const shown = await screen();
      const lines = shown.match(/> add a long line/g)?.length;
      return /meanwhile[^]*meanwhile[^]*> add a long line/.test(shown) && lines === 1;
    });
    await type("X");
    await pane.key("Enter");
    await sees("Queued #1");
    const text = `${"a long line that wraps ".repeat(12)}end`;
    expect(added()).toEqual([`${text.slice(0, -5)}X${text.slice(-5)}`]);
  });

  it("never runs the lines of a paste as commands", async () => {
    const { enter, pane, sees, screen, added } = await sitDown();
    await pane.paste("status\nkill w1\n", true);
    await sees("[paste 1: 2 lines]");
    await enter("");
    await sees("is not run line by line");
    expect(await screen()).not.toContain("CONCURRENT TASK MANAGER STATUS");
    await pane.paste("add First line\n\tsecond; line\n日本語 third", true);
    await sees("[paste 2: 3 lines]");
    await enter("");
    await sees("Queued #1");
    await enter("add before ");
    await sees("Queued #2");
    await pane.paste("one line only\n", true);
    await sees("> one line only");
    expect(added()).toEqual(["First line\n\tsecond; line\n日本語 third", "before "]);
  });

  it("ends auto, and only auto, at the first Ctrl+C; leaves at a second", async () => {
    const { enter, pane, sees } = await sitDown();
    await enter("auto");
    await sees("Auto mode is on");
    await pane.key("C-c");
    await sees("Auto mode has ended");
    await enter("pause");
    await sees("Auto mode is off; dispatch is paused");
    await pane.key("C-c");
    await sees("Ctrl+C again leaves");
    await pane.key("C-c");
    await sees("LEFT leave");
  });

  it("clears the line at Ctrl+C and stays", async () => {
    const { type, pane, sees } = await sitDown();
    await type("add half a thought");
    await sees("> add half a thought");
    await pane.key("C-c");
    await sees(/^> *$/m);
    await type("status");
    await pane.key("Enter");
    await sees("CONCURRENT TASK MANAGER STATUS");
  });

  it("asks before it leaves running tasks", async () => {
    const { enter, pane, sees, folder } = await sitDown();
    await enter("add hang around");
    await enter("distribute");
    await sees("queued → running");
    await pane.key("C-d");
    await sees("1 task is at work. Leave how?");
    await pane.key("C-c");
    await sees(/> *$/m);
    await enter("tasks");
    await sees(/running[^]*hang around/i);
    await enter("exit");
    await sees(/Leave how\?[^]*Leave how\?/);
    await pane.key("Down");
    await pane.key("Down");
    await pane.key("Enter");
    await sees("LEFT leave");
    expect(folder).not.toBe("");
  });

  it("asks for the text of an `add` without one", async () => {
    const { enter, type, pane, sees, added } = await sitDown();
    await enter("add");
    await sees("What is to be done?");
    await type("Sweep the floor");
    await pane.key("Enter");
    await sees("How urgent is it?");
    await pane.key("Up");
    await pane.key("Enter");
    await sees("Queued #1 (high, coding");
    expect(added()).toEqual(["Sweep the floor"]);
    await type("status");
    await pane.key("Enter");
    await sees("CONCURRENT TASK MANAGER STATUS");
  });

  it("asks before it queues a planned batch: no is no, yes queues it, and as JSON a word beforehand does", async () => {
    const { enter, type, pane, sees, added, folder } = await sitDown();
    writeFileSync(join(folder, "tasks"), "Sweep\nMop\n");
    await enter("batch --plan tasks");
    await sees(/BATCH PLAN[^]*Queue these 2 tasks\?/);
    await pane.key("Enter");
    await sees("Nothing was queued.");
    await enter("batch --plan tasks");
    await sees(/Nothing was queued[^]*Queue these 2 tasks\?/);
    await type("y");
    await pane.key("Enter");
    await sees("2 tasks queued (#1 to #2) as batch-20260213-1.");
    expect(added()).toEqual(["Sweep", "Mop"]);
    await enter("batch --plan --yes --json tasks");
    await sees(/"queued":\{[^]*\[3,4\]/);
    await enter("batch --plan --json tasks");
    await sees(/\[3,4\][^]*"assumes":"nothing"/);
    expect(added()).toHaveLength(4);
  });

  it("shows a question of a worker loudly, and how to answer", async () => {
    const { enter, sees, pane } = await sitDown();
    await enter("add ask me");
    await enter("distribute");
    await sees("concurrent_worker2 asks: Do you want to proceed?");
    await sees("answer w2 ... | attach w2");
    expect(readFileSync(pane.outputFile, "utf8")).toContain("\u0007concurrent_worker2 asks");
  });

  it("completes commands, flags, ids and workers", async () => {
    const { type, pane, sees, enter } = await sitDown();
    await enter("add something");
    await sees("Queued #1");
    for (const [typed, whole] of [
      ["thr", "> throttle"],
      ["kill concurrent_worker2", "> kill concurrent_worker2"],
      ["add --ret", "> add --retry-lost"],
      ["limits ra", "> limits raise"],
      ["show ", "> show 1"],
      ["priority 1 cr", "> priority 1 critical"],
    ] as const) {
      await type(typed);
      await pane.key("Tab");
      await sees(whole);
      await pane.key("C-c");
      await sees(/^> *$/m);
    }
  });

  it("keeps its history on disk, private, for the next time", async () => {
    const first = await sitDown();
    await first.enter("add remember me");
    await first.sees("Queued #1");
    await first.enter(" add but not me");
    await first.sees("Queued #2");
    await first.enter("exit");
    await first.sees("LEFT leave");
    const history = join(first.folder, "history");
    expect(statSync(history).mode & 0o777).toBe(0o600);
    expect(readFileSync(history, "utf8")).toBe("add remember me\nexit\n");

    const second = await sitDown(first.folder);
    await second.pane.key("Up");
    await second.sees("> exit");
    await second.pane.key("Up");
    await second.sees("> add remember me");
  });

  it("keeps a status up to date in place until a key is pressed", async () => {
    const { enter, pane, sees, screen } = await sitDown();
    await enter("status --watch");
    await sees("CONCURRENT TASK MANAGER STATUS");
    expect(await screen()).not.toContain("> status --watch");
    await pane.key("q");
    await sees("> status --watch");
    await enter("output w1 --follow");
    await sees("more to come");
    await pane.key("q");
    await sees(/^> *$/m);
  });
});
