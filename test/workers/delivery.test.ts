import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AgentAdapter } from "../../src/agents/adapter.ts";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import { shellAdapter } from "../../src/agents/shell.ts";
import type { Intent } from "../../src/ledger/attempt-rows.ts";
import type { WorkerRecord } from "../../src/ledger/worker-rows.ts";
import type { Task, TaskDraft, Assignment } from "../../src/tasks/task.ts";
import {
  Delivery,
  preparationFor,
  type DeliveryParts,
  type DeliveryResult,
} from "../../src/workers/delivery.ts";
import { Launching } from "../../src/workers/launching.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { rehearsalScreen } from "../support/scripted-terminal.ts";
import { LAUNCH, WorkerBench } from "../support/worker-bench.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));

let benches: DeliveryBench[] = [];

afterEach(() => {
  for (const { bench } of benches) bench.close();
  benches = [];
  vi.useRealTimers();
});

function taskOf(change: Partial<TaskDraft> = {}, assignment: Partial<Assignment> = {}): Task {
  return {
    id: 1,
    draft: draftOf("do it", change),
    assignment: assignmentOf(assignment),
    state: { name: "reserved", attemptId: "a1", worker: "concurrent_worker1" },
    attempts: 1,
    createdAtMs: 0,
  };
}

interface Options {
  readonly context?: DeliveryParts["context"];
  readonly record?: Partial<WorkerRecord>;
  readonly adapter?: AgentAdapter;
  readonly intend?: (intent: Intent) => void;
}

/** A worker with a delivery, and what the delivery did. */
class DeliveryBench {
  readonly bench: WorkerBench;
  readonly delivery: Delivery;
  readonly intents: Intent[] = [];
  readonly #options: Options;
  #secondEnters = 0;

  constructor(options: Options = {}) {
    this.#options = options;
    this.bench = new WorkerBench(options.record, options.adapter ?? rehearsalAdapter);
    const workersDir = join(this.bench.dir, "workers");
    mkdirSync(workersDir);
    const launching = new Launching({
      workersDir,
      spoolDir: this.bench.dir,
      hookScript: join(this.bench.dir, "hook.sh"),
      cols: 80,
      rows: 24,
      baseEnv: {},
      settings: () => ({ command: ["/bin/true"], permissionMode: null, env: {} }),
    });
    this.delivery = new Delivery({
      launching,
      context: options.context ?? "clear",
      claimSecondEnter: () => (this.#secondEnters += 1) === 1,
    });
    benches.push(this);
  }

  get terminal() {
    return this.bench.terminal;
  }

  get worker() {
    return this.bench.worker;
  }

  /** Delivers, with as much time as it takes. */
  async deliver(task = taskOf()): Promise<DeliveryResult> {
    const result = this.begin(task);
    await vi.advanceTimersByTimeAsync(61_000);
    return result;
  }

  begin(task = taskOf(), attemptId = "a1"): Promise<DeliveryResult> {
    const intend = (intent: Intent): void => {
      this.#options.intend?.(intent);
      this.intents.push(intent);
    };
    return this.delivery.deliver(this.worker, { task, attemptId, intend });
  }
}

/** The scripted agent reacts to a start or a command with the next turn of the event loop. */
const agentReacted = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function ready(options: Options = {}): Promise<DeliveryBench> {
  const made = new DeliveryBench(options);
  await made.bench.idle();
  return made;
}

describe("what must happen to the agent before a task", () => {
  const cases: [
    string,
    Partial<WorkerRecord>,
    Partial<TaskDraft>,
    Partial<Assignment>,
    DeliveryParts["context"],
    string,
  ][] = [
    ["the first task of a worker", { lastType: null }, {}, {}, "clear", "none"],
    ["the first task, fresh wanted", { lastType: null }, {}, {}, "fresh", "none"],
    ["alike, clear", {}, {}, {}, "clear", "none"],
    ["alike, keep", {}, {}, {}, "keep", "none"],
    ["alike, fresh", {}, {}, {}, "fresh", "relaunch"],
    ["another type, clear", {}, {}, { type: "ui" }, "clear", "clear"],
    ["another type, keep", {}, {}, { type: "ui" }, "keep", "none"],
    ["another type, fresh", {}, {}, { type: "ui" }, "fresh", "relaunch"],
    [
      "another agent of the roster, clear",
      { lastType: "coding as one" },
      {},
      { member: { id: "two", preamble: null, worker: null } },
      "clear",
      "clear",
    ],
    [
      "the same agent of the roster, clear",
      { lastType: "coding as two" },
      {},
      { member: { id: "two", preamble: null, worker: null } },
      "clear",
      "none",
    ],
    ["the last task was elsewhere, clear", { lastCwd: "/other" }, {}, {}, "clear", "clear"],
    ["another model", {}, {}, { model: "opus" }, "keep", "relaunch"],
    ["another model before any task", { lastType: null }, {}, { model: "opus" }, "keep", "relaunch"],
    ["a task without a model", {}, {}, { model: null }, "clear", "none"],
    ["another folder", {}, { cwd: "/other" }, {}, "keep", "relaunch"],
    ["adopted: never started anew", { adopted: true }, { cwd: "/other" }, { model: "opus" }, "fresh", "none"],
  ];
  it.each(cases)("%s", (_what, record, draft, assignment, context, expected) => {
    const { worker } = new DeliveryBench({ record: { lastType: "coding", lastCwd: "/tmp", ...record } });
    expect(preparationFor(worker, taskOf(draft, assignment), context)).toBe(expected);
  });

  it("a shell needs nothing, in whatever folder", () => {
    const { worker } = new DeliveryBench({
      adapter: shellAdapter,
      record: { lastType: "coding", lastCwd: "/tmp" },
    });
    expect(preparationFor(worker, taskOf({ cwd: "/other" }, { model: null }), "fresh")).toBe("none");
  });

  it("an agent without such a command is not cleared", () => {
    const adapter = { ...rehearsalAdapter, traits: { ...rehearsalAdapter.traits, clearCommand: null } };
    const { worker } = new DeliveryBench({ adapter, record: { lastType: "ui", lastCwd: "/tmp" } });
    expect(preparationFor(worker, taskOf(), "clear")).toBe("none");
  });
});

describe("typing", () => {
  it("commits the intent, then types, and remembers what it typed", async () => {
    const made = await ready({
      record: { lastAttempt: "a0" },
      intend: () => expect(made.terminal.typings).toEqual([]),
    });
    made.terminal.mark = "a0";
    expect(await made.deliver()).toEqual({ kind: "typed" });
    expect(made.terminal.typings).toMatchObject([{ attemptId: "a1", previousAttempt: "a0", paste: "do it" }]);
    expect(made.intents).toMatchObject([{ attemptId: "a1", launchId: LAUNCH, previousAttempt: "a0" }]);
    expect(made.intents[0]?.textSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(made.worker.record).toMatchObject({ lastAttempt: "a1", lastType: "coding", lastCwd: "/tmp" });
  });

  it("takes the worker at once, before anything else can be offered to it", async () => {
    const made = await ready();
    const delivered = made.begin();
    expect(made.worker.free).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    await delivered;
  });

  it("is not free for the next task before its delivery was written down, however fast the agent is", async () => {
    const made = await ready();
    const type = made.terminal.type.bind(made.terminal);
    const free: boolean[] = [];
    made.terminal.type = async (typing) => {
      const typed = await type(typing);
      await made.worker.end(
        { kind: "failed", reason: "overloaded", exitCode: null },
        "signal",
        "StopFailure",
      );
      free.push(made.worker.free);
      return typed;
    };
    await made.deliver();
    expect([...free, made.worker.free]).toEqual([false, true]);
    expect(made.worker.record.lastAttempt).toBe("a1");
  });

  it.each<[string, (made: DeliveryBench) => void, RegExp]>([
    [
      "a dialog",
      ({ terminal }) => void (terminal.screen = rehearsalScreen("asking")),
      /a dialog is open: May I run make/,
    ],
    [
      "a draft in the composer",
      ({ terminal }) => void (terminal.screen = rehearsalScreen("idle", { composer: "half a thought" })),
      /its composer holds a draft/,
    ],
    [
      "a person at the keyboard",
      ({ terminal }) => void (terminal.personAtKeyboard = true),
      /a person is at its keyboard/,
    ],
    [
      "a turn that goes on",
      ({ terminal }) => void (terminal.screen = rehearsalScreen("busy")),
      /its screen is busy/,
    ],
    ["a shell that is left", ({ terminal }) => void (terminal.screen = ["$ "]), /its screen is unknown/],
    ["a pane that is gone", ({ worker }) => worker.remember({ pane: null }), /it has no pane/],
  ])("types nothing into %s, intends nothing, and gives the task back", async (_what, arrange, reason) => {
    const made = await ready();
    arrange(made);
    expect(await made.deliver()).toMatchObject({ kind: "not-typed", reason: expect.stringMatching(reason) });
    expect([made.terminal.typings, made.intents, made.worker.attempt]).toEqual([[], [], null]);
  });

  it("gives the task back when the agent dies while its composer is waited for", async () => {
    const made = await ready();
    made.terminal.screen = rehearsalScreen("busy");
    const delivered = made.begin();
    await vi.advanceTimersByTimeAsync(500);
    await made.worker.died("its pane was closed", null);
    await vi.advanceTimersByTimeAsync(100);
    expect(await delivered).toMatchObject({ kind: "not-typed" });
    expect([made.intents, made.worker.attempt, made.worker.state.name]).toEqual([[], null, "dead"]);
  });

  it("F12 types nothing into a shell that its agent became in its own process", async () => {
    const made = await ready();
    made.terminal.screen = ["$ "];
    expect(await made.deliver()).toMatchObject({ kind: "not-typed" });
    expect([made.terminal.typings, made.terminal.commands, made.terminal.keys]).toEqual([[], [], []]);
  });

  it("asks a person about a dialog in the way", async () => {
    const made = await ready();
    made.terminal.screen = rehearsalScreen("asking");
    await made.deliver();
    expect(made.worker.state).toMatchObject({ name: "needs-input" });
    expect(made.bench.told("asks")).toHaveLength(1);
  });

  it("waits a moment for a composer that becomes idle", async () => {
    const made = await ready();
    made.terminal.screen = rehearsalScreen("busy");
    const delivered = made.begin();
    await vi.advanceTimersByTimeAsync(1_000);
    made.terminal.screen = rehearsalScreen("idle");
    await vi.advanceTimersByTimeAsync(100);
    expect(await delivered).toEqual({ kind: "typed" });
  });

  it.each([
    ["an interrupted turn", rehearsalScreen("idle", { interrupted: true }), []],
    ["the notice of a limit, waved away", rehearsalScreen("limited"), ["Escape"]],
  ])("types after %s", async (_what, screen, keys) => {
    const made = await ready();
    made.terminal.screen = screen;
    expect(await made.deliver()).toEqual({ kind: "typed" });
    expect(made.terminal.keys).toEqual(keys);
  });

  it("types nothing when a person cancelled meanwhile", async () => {
    const made = await ready();
    made.terminal.screen = rehearsalScreen("busy");
    const delivered = made.begin();
    if (made.worker.attempt !== null) made.worker.attempt.cancelling = true;
    made.terminal.screen = rehearsalScreen("idle");
    await vi.advanceTimersByTimeAsync(100);
    expect(await delivered).toMatchObject({
      kind: "not-typed",
      reason: expect.stringContaining("cancelled"),
    });
    expect(made.intents).toEqual([]);
  });

  it("gives back what the server refused, on its word that nothing was typed", async () => {
    const made = await ready();
    made.terminal.typeResults.push({ kind: "refused", reason: "the pane is in a mode", witness: null });
    expect(await made.deliver()).toMatchObject({ kind: "not-typed" });
    expect([made.intents.length, made.worker.free]).toEqual([1, true]);
    expect(made.worker.record.lastAttempt).toBe("");
  });

  it.each([
    ["the server fell silent", { kind: "unknown" as const, reason: "tmux does not answer" }],
    ["the connection broke", new Error("tmux does not answer")],
  ])("asks a person, and keeps the task, when %s", async (_what, result) => {
    const made = await ready();
    made.terminal.typeResults.push(result);
    expect(await made.deliver()).toMatchObject({
      kind: "uncertain",
      reason: expect.stringContaining("does not answer"),
    });
    expect(made.worker.state).toMatchObject({ name: "needs-input", attemptId: "a1" });
    expect(made.worker.attempt?.id).toBe("a1");
  });

  it("types nothing when the intent cannot be written down", async () => {
    const made = await ready({
      intend: () => {
        throw new Error("the disk is full");
      },
    });
    expect(await made.deliver()).toMatchObject({
      kind: "not-typed",
      reason: expect.stringContaining("disk is full"),
    });
    expect([made.terminal.typings, made.worker.free]).toEqual([[], true]);
  });

  it("books what a person used in between apart from the task", async () => {
    const made = await ready();
    await made.deliver();
    await made.bench.signal("UserPromptSubmit", { prompt: "do it" });
    made.bench.respond(100, "done");
    const ended = made.bench.signal("Stop", { last_assistant_message: "done" });
    await vi.advanceTimersByTimeAsync(100);
    await ended;
    made.bench.respond(30, "a person's");
    const second = made.begin(taskOf(), "a2");
    await vi.advanceTimersByTimeAsync(100);
    expect(await second).toEqual({ kind: "typed" });
    const foreign = made.bench.told("foreign-usage").flatMap(({ records }) => records);
    // The first task's own response is in the record too: the ledger's keys keep it from counting twice.
    expect(foreign.map(({ usage }) => usage.inputTokens)).toEqual([100, 30]);
  });
});

describe("acceptance", () => {
  const acceptWithinMs = rehearsalAdapter.traits.acceptWithinMs + 50;

  async function typed(): Promise<DeliveryBench> {
    const made = await ready();
    const delivered = made.begin();
    await vi.advanceTimersByTimeAsync(10);
    await delivered;
    return made;
  }

  it("asks nothing of an agent that took the prompt up", async () => {
    const made = await typed();
    await made.bench.signal("UserPromptSubmit", { prompt: "do it" });
    await vi.advanceTimersByTimeAsync(10 * acceptWithinMs);
    expect([made.bench.told("asks"), made.terminal.secondEnters]).toEqual([[], []]);
  });

  it("takes a busy screen for the acceptance", async () => {
    const made = await typed();
    made.terminal.screen = rehearsalScreen("busy");
    await vi.advanceTimersByTimeAsync(acceptWithinMs);
    expect(made.bench.told("accepted")).toHaveLength(1);
  });

  it("presses Enter once more, and only once, while the text stands in the composer; then a person is asked", async () => {
    const made = await typed();
    made.terminal.screen = rehearsalScreen("idle", { composer: "do it" });
    await vi.advanceTimersByTimeAsync(acceptWithinMs);
    expect([made.terminal.secondEnters, made.bench.told("asks")]).toEqual([["a1"], []]);
    await vi.advanceTimersByTimeAsync(10 * acceptWithinMs);
    expect(made.terminal.secondEnters).toEqual(["a1"]);
    expect(made.worker.state).toMatchObject({
      question: expect.stringMatching(/^delivery uncertain: its text still/),
    });
    expect(made.terminal.typings).toHaveLength(1);
  });

  it.each([rehearsalScreen("idle"), rehearsalScreen("asking"), ["$ "]])(
    "presses nothing into anything else: a person is asked",
    async (...screen) => {
      const made = await typed();
      made.terminal.screen = screen;
      await vi.advanceTimersByTimeAsync(10 * acceptWithinMs);
      expect(made.terminal.secondEnters).toEqual([]);
      expect(made.worker.state).toMatchObject({ name: "needs-input" });
    },
  );

  it("asks nothing about a task that ended meanwhile", async () => {
    const made = await typed();
    await made.worker.died("its pane was closed", null);
    await vi.advanceTimersByTimeAsync(10 * acceptWithinMs);
    expect(made.bench.told("asks")).toEqual([]);
  });
});

describe("a clear before the task", () => {
  const other = { lastType: "ui", lastCwd: "/tmp" };

  it("clears, waits for the agent's sign, then types", async () => {
    const made = await ready({ record: other });
    made.terminal.onCommand = () =>
      void made.bench.signal("SessionStart", { source: "clear", session_id: "s2" });
    const delivered = made.begin();
    await agentReacted();
    await vi.advanceTimersByTimeAsync(100);
    expect(await delivered).toEqual({ kind: "typed" });
    expect(made.terminal.commands).toEqual(["/clear"]);
    expect(made.intents).toMatchObject([{ sessionId: "s2" }]);
  });

  async function cleared(made: Awaited<ReturnType<typeof ready>>) {
    const delivered = made.begin();
    await agentReacted();
    await vi.advanceTimersByTimeAsync(30_000);
    return delivered;
  }

  it("presses Enter again where the command still stands in the composer, and types when it is gone", async () => {
    const made = await ready({ record: other });
    const { terminal } = made;
    terminal.onCommand = () => void (terminal.screen = rehearsalScreen("idle", { composer: "/clear" }));
    terminal.onKey = () => {
      if (terminal.keys.length === 2) terminal.screen = rehearsalScreen("idle");
    };
    expect(await cleared(made)).toEqual({ kind: "typed" });
    expect(terminal.commands).toEqual(["/clear"]);
    expect(terminal.keys).toEqual(["Enter", "Enter"]);
  });

  it("presses none where a person has written on, or sits at the keyboard", async () => {
    const written = await ready({ record: other });
    written.terminal.onCommand = () =>
      void (written.terminal.screen = rehearsalScreen("idle", { composer: "/clear mine" }));
    expect(await cleared(written)).toMatchObject({
      kind: "not-typed",
      reason: expect.stringMatching(/holds a draft/),
    });
    const attended = await ready({ record: other });
    attended.terminal.onCommand = () => {
      attended.terminal.screen = rehearsalScreen("idle", { composer: "/clear" });
      attended.terminal.personAtKeyboard = true;
    };
    expect(await cleared(attended)).toMatchObject({
      kind: "not-typed",
      reason: expect.stringMatching(/person is at/),
    });
    expect([...written.terminal.keys, ...attended.terminal.keys]).toEqual([]);
  });

  it("types no command into a draft, and no task after a command that was not taken", async () => {
    const drafted = await ready({ record: other });
    drafted.terminal.screen = rehearsalScreen("idle", { composer: "mine" });
    expect(await drafted.deliver()).toMatchObject({ kind: "not-typed" });
    expect(drafted.terminal.commands).toEqual([]);
    const refused = await ready({ record: other });
    refused.terminal.takesInput = false;
    expect(await refused.deliver()).toMatchObject({
      kind: "not-typed",
      reason: expect.stringMatching(/take input now/),
    });
  });
});

describe("a new start before the task", () => {
  it("ends the old session, starts with the model asked for, and types into the new pane", async () => {
    const made = await ready({ record: { lastAttempt: "a0" } });
    const before = made.worker.pane;
    made.terminal.onStart = () => void made.bench.signal("SessionStart", { session_id: "s9" });
    const delivered = made.begin(taskOf({ cwd: "/var" }, { model: "opus" }));
    await agentReacted();
    await vi.advanceTimersByTimeAsync(100);
    expect(await delivered).toEqual({ kind: "typed" });
    expect(made.terminal.killed).toEqual(["concurrent_worker1"]);
    expect(made.worker.record).toMatchObject({ model: "opus", cwd: "/var", lastAttempt: "a1" });
    expect(made.worker.pane).not.toEqual(before);
    expect(made.terminal.typings).toMatchObject([{ previousAttempt: "", pane: made.worker.pane }]);
    expect(made.worker.state).toMatchObject({ name: "busy", attemptId: "a1" });
  });

  it("gives the task back when the agent does not become ready", async () => {
    const made = await ready();
    expect(await made.deliver(taskOf({}, { model: "opus" }))).toMatchObject({
      kind: "not-typed",
      reason: expect.stringContaining("did not become ready"),
    });
  });

  it("gives the task back, and is dead, when the agent cannot be started", async () => {
    const made = await ready();
    made.terminal.startFails = new Error("tmux has no more windows");
    expect(await made.deliver(taskOf({}, { model: "opus" }))).toMatchObject({
      kind: "not-typed",
      reason: expect.stringContaining("no more windows"),
    });
    expect(made.worker.state).toMatchObject({
      name: "dead",
      reason: expect.stringContaining("no more windows"),
    });
    expect(made.worker.attempt).toBeNull();
  });
});
