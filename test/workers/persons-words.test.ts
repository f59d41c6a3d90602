import { afterEach, describe, expect, it, vi } from "vitest";
import { shellAdapter } from "../../src/agents/shell.ts";
import { answerQuestion, sendWords } from "../../src/workers/persons-words.ts";
import { rehearsalScreen } from "../support/scripted-terminal.ts";
import { WorkerBench } from "../support/worker-bench.ts";

let benches: WorkerBench[] = [];

function benchOf(...args: ConstructorParameters<typeof WorkerBench>): WorkerBench {
  const bench = new WorkerBench(...args);
  benches.push(bench);
  return bench;
}

afterEach(() => {
  for (const bench of benches) bench.close();
  benches = [];
});

describe("a person's own words", () => {
  it("are typed into an idle composer", async () => {
    const bench = await benchOf().idle();
    await sendWords(bench.worker, "hello there");
    expect(bench.terminal.texts).toEqual(["hello there"]);
  });

  it("that leave its conversation have left it: its next task finds no other, whenever it comes", async () => {
    const bench = await benchOf().idle();
    let isDone = false;
    const done = sendWords(bench.worker, "/clear").then(() => (isDone = true));
    await vi.waitFor(() => expect(bench.worker.freshNext).toBe(true));
    expect([isDone, bench.terminal.texts]).toEqual([false, ["/clear"]]);
    await bench.signal("SessionStart", { source: "clear", session_id: "another" });
    await done;
    expect([bench.worker.freshNext, bench.worker.record.sessionId]).toEqual([false, "another"]);
  });

  it.each<[string, (bench: WorkerBench) => void, RegExp]>([
    ["no pane", ({ worker }) => worker.remember({ pane: null }), /has no pane/],
    [
      "a person at the keyboard",
      ({ terminal }) => void (terminal.personAtKeyboard = true),
      /at the keyboard/,
    ],
    [
      "a turn that goes on",
      ({ terminal }) => void (terminal.screen = rehearsalScreen("busy")),
      /does not take words/,
    ],
    [
      "a draft",
      ({ terminal }) => void (terminal.screen = rehearsalScreen("idle", { composer: "x" })),
      /does not take words/,
    ],
    ["a dialog", ({ terminal }) => void (terminal.screen = rehearsalScreen("asking")), /does not take words/],
    ["a pane that takes no input", ({ terminal }) => void (terminal.takesInput = false), /take input now/],
  ])("are refused at %s", async (_what, arrange, reason) => {
    const bench = await benchOf().idle();
    arrange(bench);
    await expect(sendWords(bench.worker, "hello")).rejects.toThrow(reason);
    await expect(sendWords(bench.worker, "/clear")).rejects.toThrow(reason);
    expect([bench.terminal.texts, bench.worker.freshNext]).toEqual([[], false]);
  });

  it("are refused by a shell: a line there is a command's id", async () => {
    const bench = benchOf({ agent: "shell" }, shellAdapter);
    bench.terminal.screen = ["[ctm] shell worker: waiting for a task"];
    await expect(sendWords(bench.worker, "ls")).rejects.toThrow();
    expect(bench.terminal.texts).toEqual([]);
  });
});

describe("an answer", () => {
  async function asking(): Promise<WorkerBench> {
    const bench = await benchOf().idle();
    await bench.accepted();
    await bench.signal("PermissionRequest", { question: "Run make?" });
    bench.terminal.screen = rehearsalScreen("asking");
    return bench;
  }

  it.each([
    ["enter", "Enter"],
    ["ESC", "Escape"],
    ["Escape", "Escape"],
    ["tab", "Tab"],
  ])("%s is a key", async (word, key) => {
    const bench = await asking();
    await answerQuestion(bench.worker, word);
    expect([bench.terminal.keys, bench.terminal.texts]).toEqual([[key], []]);
  });

  it("is else typed within the attempt, by the same compare-and-set as a task", async () => {
    const bench = await asking();
    await answerQuestion(bench.worker, "1");
    await answerQuestion(bench.worker, "no, use ninja");
    expect(bench.terminal.texts).toEqual(["a1: 1", "a1: no, use ninja"]);
  });

  it("is refused when nothing is asked, and when the question is gone from the screen", async () => {
    const idle = await benchOf().idle();
    await expect(answerQuestion(idle.worker, "1")).rejects.toThrow(/asks nothing now/);
    for (const screen of ["idle", "busy"] as const) {
      const bench = await asking();
      bench.terminal.screen = rehearsalScreen(screen);
      await expect(answerQuestion(bench.worker, "1")).rejects.toThrow(/is gone/);
      expect([bench.terminal.keys, bench.terminal.texts]).toEqual([[], []]);
    }
  });

  it("is refused when the pane does not take it", async () => {
    const bench = await asking();
    bench.terminal.answerResult = "refused";
    await expect(answerQuestion(bench.worker, "1")).rejects.toThrow(/was not typed/);
    bench.terminal.takesInput = false;
    await expect(answerQuestion(bench.worker, "enter")).rejects.toThrow(/does not take keys/);
  });

  it("to a question outside any task is typed as plain words", async () => {
    const bench = await benchOf().idle();
    bench.terminal.screen = rehearsalScreen("asking");
    await bench.look();
    await answerQuestion(bench.worker, "1");
    expect(bench.terminal.texts).toEqual(["1"]);
  });
});
