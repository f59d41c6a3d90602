import { statSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import { shellAdapter } from "../../src/agents/shell.ts";
import { rehearsalScreen } from "../support/scripted-terminal.ts";
import { WorkerBench } from "../support/worker-bench.ts";

let benches: WorkerBench[] = [];

function benchOf(...args: ConstructorParameters<typeof WorkerBench>): WorkerBench {
  const bench = new WorkerBench(...args);
  benches.push(bench);
  return bench;
}

const idle = (...args: ConstructorParameters<typeof WorkerBench>): Promise<WorkerBench> =>
  benchOf(...args).idle();

afterEach(() => {
  vi.useRealTimers();
  for (const bench of benches) bench.close();
  benches = [];
});

describe("readiness", () => {
  it("is idle at the agent's own sign, and free unless it is drained or has work", async () => {
    const bench = benchOf();
    expect(bench.worker.state.name).toBe("dead");
    await bench.idle();
    expect([bench.worker.state.name, bench.worker.free]).toEqual(["idle", true]);
    expect(bench.worker.record).toMatchObject({ sessionId: "s1", recordPath: bench.recordPath });
    bench.worker.remember({ draining: true });
    expect(bench.worker.free).toBe(false);
    bench.worker.remember({ draining: false });
    await bench.typed();
    expect(bench.worker.free).toBe(false);
  });

  it("does not take an idle screen for readiness where the agent signals it", async () => {
    const bench = benchOf();
    bench.worker.become({ name: "starting", sinceMs: 0 }, "process", "started");
    await bench.look();
    expect(bench.worker.state.name).toBe("starting");
  });

  it("takes the screen of one found again in its pane: it signalled to the manager before", async () => {
    const bench = benchOf();
    bench.worker.foundAgain();
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.look();
    expect(bench.worker.state.name).toBe("starting");
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.look();
    expect(bench.worker.state.name).toBe("idle");
  });

  it("tells those who wait for it: ready, dead, or neither in time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const bench = benchOf();
    bench.worker.become({ name: "starting", sinceMs: 0 }, "process", "started");
    const [ready, late] = [bench.worker.untilReady(1_000), bench.worker.untilReady(10)];
    await vi.advanceTimersByTimeAsync(10);
    await bench.signal("SessionStart");
    const dead = bench.worker.untilReady(1_000);
    await bench.signal("exited", { exitCode: 1 });
    expect(await Promise.all([ready, late, dead])).toEqual([true, false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stays with its task when it becomes ready after a new start for it", async () => {
    const bench = benchOf();
    bench.worker.take(bench.attempt({ phase: "preparing" }));
    bench.worker.become({ name: "starting", sinceMs: 0 }, "process", "started anew");
    await bench.signal("SessionStart", { source: "clear" });
    expect(bench.worker.state).toMatchObject({ name: "busy", attemptId: "a1" });
  });
});

describe("our prompt and a person's", () => {
  it("takes the prompt it was given as ours, whatever wraps it", async () => {
    const bench = await idle();
    await bench.typed({ paste: "line one\r\nline two " });
    await bench.signal("UserPromptSubmit", { prompt: "line one\nline two" });
    expect(bench.told("accepted")).toMatchObject([{ attemptId: "a1", sessionId: "s1" }]);
  });

  it("takes a person's prompt as a turn of their own: busy, and its usage no task's", async () => {
    const bench = await idle();
    bench.respond(40, "earlier");
    bench.worker.bookPersonsUsage();
    await bench.signal("UserPromptSubmit", { prompt: "what is this?" });
    expect(bench.worker.state).toMatchObject({ name: "busy", attemptId: null });
    bench.respond(70, "that");
    await bench.signal("Stop", { last_assistant_message: "that" });
    expect(bench.worker.state.name).toBe("idle");
    expect(
      bench.told("foreign-usage").flatMap(({ records }) => records.map(({ usage }) => usage.inputTokens)),
    ).toEqual([40, 70]);
    expect([bench.told("accepted"), bench.told("ended")]).toEqual([[], []]);
  });

  it("counts a person's turn whose beginning, or all of it, no manager saw", async () => {
    const begun = await idle();
    begun.respond(70, "that");
    await begun.signal("Stop", { last_assistant_message: "that" });
    const over = await idle();
    over.respond(80, "this");
    await over.signal("UserPromptSubmit", { prompt: "what is this?" });
    await over.signal("Stop", { last_assistant_message: "this" });
    const used = [begun, over].map((bench) =>
      bench.told("foreign-usage").flatMap(({ records }) => records.map(({ usage }) => usage.inputTokens)),
    );
    expect(used).toEqual([[70], [80]]);
    expect([begun, over].map(({ worker }) => worker.state.name)).toEqual(["idle", "idle"]);
  });

  it("takes the end of its task for what it is after a start cut a person's turn off", async () => {
    const bench = await idle();
    await bench.signal("UserPromptSubmit", { prompt: "what is this?" });
    await bench.signal("SessionStart");
    await bench.typed();
    await bench.signal("UserPromptSubmit", { prompt: "do it" });
    bench.respond(7, "y");
    await bench.signal("Stop", { last_assistant_message: "y" });
    expect(bench.ends()).toEqual(["completed 7"]);
  });

  it("does not end our task with what is said while a report of its own waits", async () => {
    let waits = true;
    const bench = benchOf(
      {},
      {
        ...rehearsalAdapter,
        record: (...args) => {
          const record = rehearsalAdapter.record(...args);
          return record === null ? null : { ...record, goesOnByItself: () => waits };
        },
      },
    );
    await bench.idle();
    await bench.accepted();
    bench.respond(5, "I wait for it");
    await bench.signal("Stop", { last_assistant_message: "I wait for it" });
    expect([bench.ends(), bench.worker.state.name]).toEqual([[], "busy"]);
    waits = false;
    bench.respond(7, "all done");
    await bench.signal("Stop", { last_assistant_message: "all done" });
    expect([bench.ends(), bench.worker.state.name]).toEqual([["completed 12"], "idle"]);
  });

  it("does not end our task with a person's turn", async () => {
    const bench = await idle();
    await bench.typed();
    await bench.signal("UserPromptSubmit", { prompt: "not ours" });
    bench.respond(5, "x");
    await bench.signal("Stop", { last_assistant_message: "x" });
    expect(bench.ends()).toEqual([]);
    await bench.signal("UserPromptSubmit", { prompt: "do it" });
    bench.respond(7, "y");
    await bench.signal("Stop", { last_assistant_message: "y" });
    expect(bench.told("accepted")).toHaveLength(1);
    expect(bench.told("ended")).toMatchObject([
      { attemptId: "a1", outcome: { kind: "completed", answer: "y" } },
    ]);
  });

  it("takes any prompt of the turn for ours after a restart, when the text is not known any more", async () => {
    const bench = await idle();
    bench.worker.resume(bench.attempt({ paste: null }));
    await bench.signal("UserPromptSubmit", { prompt: "whatever it was" });
    expect(bench.told("accepted")).toHaveLength(1);
  });

  it("does not take a prompt for ours before it was typed", async () => {
    const bench = await idle();
    bench.worker.take(bench.attempt({ phase: "preparing" }));
    await bench.signal("UserPromptSubmit", { prompt: "do it" });
    bench.respond(5, "x");
    await bench.signal("Stop", { last_assistant_message: "x" });
    expect([bench.told("accepted"), bench.ends()]).toEqual([[], []]);
    expect(bench.worker.attempt?.phase).toBe("preparing");
  });
});

describe("the end of a turn", () => {
  it("reports once, with what was recorded since the task began", async () => {
    const bench = await idle();
    bench.respond(40, "before");
    const { size } = statSync(bench.recordPath);
    await bench.accepted({ marks: new Map([[bench.recordPath, size]]) });
    bench.respond(100);
    bench.respond(20, "done");
    const both = [1, 2].map(() => bench.signal("Stop", { last_assistant_message: "done" }));
    await Promise.all(both);
    expect(bench.ends()).toEqual(["completed 120"]);
    expect([bench.worker.state.name, bench.worker.attempt]).toEqual(["idle", null]);
  });

  it("waits for the answer to be written, and takes what is there when it never is", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const bench = await idle();
    await bench.accepted();
    const ended = bench.signal("Stop", { last_assistant_message: "done" });
    await vi.advanceTimersByTimeAsync(200);
    expect(bench.ends()).toEqual([]);
    bench.respond(60);
    await vi.advanceTimersByTimeAsync(5_000);
    await ended;
    expect(bench.ends()).toEqual(["completed 60"]);
  });

  it("says that nobody knows the usage where there is no record", async () => {
    const bench = benchOf();
    bench.worker.become({ name: "starting", sinceMs: 0 }, "process", "started");
    await bench.signal("SessionStart");
    await bench.accepted();
    await bench.signal("Stop", { last_assistant_message: "done" });
    expect(bench.ends()).toEqual(["completed null"]);
  });

  it.each([["overloaded"], ["rate-limited"], ["quota-exhausted"], ["out-of-credit"], ["not-logged-in"]])(
    "a turn its provider refused (%s) parks the account: the attempt waits in its conversation",
    async (error) => {
      const bench = await idle();
      const attempt = await bench.accepted();
      await bench.signal("StopFailure", { error, last_assistant_message: "no", resets_at_ms: 5 });
      expect(bench.ends()).toEqual([]);
      expect(attempt.phase).toBe("parked");
      expect(bench.worker.state).toMatchObject({ name: "limited", untilMs: 5 });
      const reason = { cause: error, message: "no", resetsAtMs: 5 };
      expect(bench.told("limited")).toEqual([{ kind: "limited", attemptId: "a1", reason }]);
    },
  );

  it("a turn that failed for any other reason is failed, and the worker is idle", async () => {
    const bench = await idle();
    await bench.accepted();
    bench.respond(9);
    await bench.signal("StopFailure", { error: "invalid-request", last_assistant_message: "no" });
    expect([bench.ends(), bench.worker.state.name]).toEqual([["failed 9"], "idle"]);
  });

  it("a refused turn that a person is cancelling is over", async () => {
    const bench = await idle();
    await bench.accepted({ cancelling: true });
    await bench.signal("StopFailure", { error: "rate-limited", last_assistant_message: "no" });
    expect(bench.ends()).toHaveLength(1);
    expect(bench.worker.attempt).toBeNull();
  });

  it.each<[string, (bench: WorkerBench) => Promise<void>, string]>([
    ["what a person says there", (bench) => bench.signal("UserPromptSubmit", { prompt: "go on" }), "busy"],
    ["its agent's own answer", (bench) => bench.signal("Stop", { last_assistant_message: "done" }), "idle"],
    ["nothing but an idle prompt", (bench) => bench.signal("Stop", {}), "limited"],
  ])("a parked attempt goes on with %s", async (_what, act, state) => {
    const bench = await idle();
    await bench.accepted();
    await bench.signal("StopFailure", { error: "rate-limited", last_assistant_message: "no" });
    await act(bench);
    expect(bench.worker.state.name).toBe(state);
    expect(bench.told("accepted")).toHaveLength(state === "busy" ? 2 : 1);
    expect(bench.ends()).toHaveLength(state === "idle" ? 1 : 0);
  });

  it("is free again at the stated reset, and after a minute when none was stated", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    for (const resetsInMs of [600_000, null]) {
      const bench = await idle();
      const resets_at_ms = resetsInMs === null ? null : Date.now() + resetsInMs;
      await bench.signal("StopFailure", {
        error: "rate-limited",
        last_assistant_message: "no",
        resets_at_ms,
      });
      await vi.advanceTimersByTimeAsync((resetsInMs ?? 60_000) - 1);
      expect(bench.worker.free).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(bench.worker.free).toBe(true);
    }
  });

  it.each([
    [true, "cancelled 4"],
    [false, "failed 4"],
  ])("a turn interrupted in its terminal, a person having cancelled it: %s", async (cancelling, end) => {
    const bench = await idle();
    await bench.accepted({ cancelling });
    bench.respond(4);
    bench.terminal.screen = rehearsalScreen("idle", { interrupted: true });
    await bench.look();
    expect(bench.ends()).toEqual([end]);
  });

  it("does not take an interruption of the turn before for the end of ours", async () => {
    const bench = await idle();
    await bench.typed();
    bench.terminal.screen = rehearsalScreen("idle", { interrupted: true });
    await bench.look();
    expect(bench.ends()).toEqual([]);
  });

  it("takes a prompt that comes back after a cancel out of the composer", async () => {
    const bench = await idle();
    await bench.accepted({ cancelling: true });
    bench.terminal.screen = rehearsalScreen("idle", { composer: "do it" });
    await bench.look();
    expect(bench.terminal.keys).toEqual(["C-u"]);
    expect(bench.ends()).toEqual(["cancelled null"]);
  });

  it("interrupts a turn again that began in the moment of the cancel, and does not take it for ended", async () => {
    const bench = await idle();
    await bench.accepted({ cancelling: true });
    bench.terminal.screen = rehearsalScreen("idle", { composer: "do it" });
    const looked = bench.look();
    bench.terminal.screen = rehearsalScreen("busy");
    await looked;
    expect(bench.terminal.keys).toEqual([bench.worker.adapter.traits.interruptKey]);
    expect(bench.ends()).toEqual([]);
  });

  it("leaves a draft that nobody cancelled alone", async () => {
    const bench = await idle();
    await bench.accepted();
    bench.terminal.screen = rehearsalScreen("idle", { composer: "a person's draft" });
    await bench.look();
    expect([bench.terminal.keys, bench.ends()]).toEqual([[], []]);
  });

  it("never ends the turn of an agent that signals because its screen is idle", async () => {
    const bench = await idle();
    await bench.accepted();
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.look();
    expect(bench.ends()).toEqual([]);
  });
});

describe("questions", () => {
  it("asks once, loudly, and goes on when the agent does", async () => {
    const bench = await idle();
    await bench.accepted();
    await bench.signal("PermissionRequest", { question: "Run make?" });
    await bench.signal("PermissionRequest", { question: "Run make?" });
    expect(bench.told("asks")).toMatchObject([{ attemptId: "a1", question: "Run make?" }]);
    expect(bench.worker.state).toMatchObject({ name: "needs-input", question: "Run make?" });
    await bench.signal("PermissionAnswered");
    expect(bench.told("answered")).toMatchObject([{ attemptId: "a1" }]);
    expect(bench.worker.state).toMatchObject({ name: "busy", attemptId: "a1" });
  });

  it("keeps the agent's own words over those of its dialog, and asks anew for the next one", async () => {
    const bench = await idle();
    await bench.accepted();
    await bench.signal("PermissionRequest", { question: "Run make in /tmp?" });
    bench.terminal.screen = rehearsalScreen("asking");
    await bench.look();
    expect(bench.told("asks")).toHaveLength(1);
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.look();
    expect(bench.worker.state.name).toBe("busy");
    await bench.signal("PermissionRequest", { question: "Run make in /tmp?" });
    expect(bench.told("asks")).toHaveLength(2);
  });

  it("does not take a busy screen for an answer before the dialog was drawn", async () => {
    const bench = await idle();
    await bench.accepted();
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.signal("PermissionRequest", { question: "Run make?" });
    await bench.look();
    expect(bench.worker.state.name).toBe("needs-input");
  });

  it("sees a dialog that nobody signalled, outside any task, and its end", async () => {
    const bench = await idle();
    bench.terminal.screen = rehearsalScreen("asking");
    await bench.look();
    expect(bench.told("asks")).toMatchObject([{ attemptId: null }]);
    expect(bench.worker.free).toBe(false);
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.look();
    expect(bench.worker.free).toBe(true);
  });

  it("works on when an uncertain delivery turns out to have arrived", async () => {
    const bench = await idle();
    await bench.typed();
    bench.worker.asks("delivery uncertain: tmux fell silent", "typing", "silent");
    await bench.signal("UserPromptSubmit", { prompt: "do it" });
    expect(bench.worker.state).toMatchObject({ name: "busy", attemptId: "a1" });
    expect(bench.told("accepted")).toHaveLength(1);
  });
});

describe("death", () => {
  it.each([
    ["exited with a code", { exitCode: 3 }, false, "failed 8"],
    ["exited after a cancel", { exitCode: 130 }, true, "cancelled 8"],
  ])("an agent that %s", async (_what, payload, cancelling, end) => {
    const bench = await idle();
    await bench.accepted({ cancelling });
    bench.respond(8);
    await bench.signal("exited", payload);
    expect([bench.ends(), bench.worker.state.name]).toEqual([[end], "dead"]);
  });

  it("a pane that closes without a word: its task is lost", async () => {
    const bench = await idle();
    await bench.accepted();
    await bench.worker.died("its pane was closed", null);
    await bench.worker.died("its tmux server ended", null);
    expect(bench.ends()).toEqual(["lost null"]);
  });

  it("keeps an attempt that was not typed yet for its delivery to give back", async () => {
    const bench = await idle();
    bench.worker.take(bench.attempt({ phase: "preparing" }));
    await bench.worker.died("its pane was closed", null);
    expect([bench.ends(), bench.worker.attempt?.id]).toEqual([[], "a1"]);
    bench.worker.giveBack("gone");
    expect(bench.worker.state.name).toBe("dead");
  });

  it("is not raised by what it said before it died", async () => {
    const late: [string, Record<string, unknown>][] = [
      ["SessionStart", {}],
      ["UserPromptSubmit", { prompt: "hello" }],
      ["PermissionRequest", { question: "?" }],
      ["PermissionAnswered", {}],
      ["Stop", { last_assistant_message: "x" }],
      ["StopFailure", { error: "rate-limited", last_assistant_message: "no" }],
      ["exited", { exitCode: 0 }],
    ];
    const bench = await idle();
    await bench.worker.died("its pane was closed", null);
    for (const [event, payload] of late) {
      await bench.signal(event, payload);
      expect([event, bench.worker.state.name]).toEqual([event, "dead"]);
    }
  });

  it.each([
    ["Stop", { last_assistant_message: "done" }, "completed 30"],
    ["StopFailure", { error: "rate-limited", last_assistant_message: "no" }, "failed 30"],
    ["exited", { exitCode: 1 }, "failed 30"],
  ])("found dead at a start, with %s in the spool, tells how the task ended", async (event, payload, end) => {
    const bench = benchOf();
    bench.worker.remember({ sessionId: "s1", recordPath: bench.recordPath });
    bench.worker.resume(bench.attempt({ paste: null }));
    bench.respond(30, "done");
    await bench.signal("UserPromptSubmit", { prompt: "do it" });
    await bench.signal(event, payload);
    expect([bench.ends(), bench.worker.state.name]).toEqual([[end], "dead"]);
  });
});

describe("a resumed attempt", () => {
  it("goes on as busy, or with the question it waited with", async () => {
    const busy = benchOf();
    busy.worker.foundAgain();
    busy.worker.resume(busy.attempt());
    expect(busy.worker.state).toMatchObject({ name: "busy", attemptId: "a1" });
    const asking = benchOf();
    asking.worker.foundAgain();
    asking.worker.resume(asking.attempt({ phase: "accepted", question: "Run make?" }));
    expect(asking.worker.state).toMatchObject({ name: "needs-input", question: "Run make?" });
    await asking.signal("PermissionAnswered");
    expect(asking.told("answered")).toHaveLength(1);
  });
});

describe("whether anything was said in its conversation", () => {
  it("is told by a record that is the conversation's, whatever was typed", async () => {
    const { worker, recordPath } = await idle({ launchDir: "/elsewhere", lastType: "coding" });
    // Cleared by a person: there is nothing of the new conversation yet.
    expect(worker.hasConversation()).toBe(false);
    writeFileSync(recordPath, "{}\n");
    expect(worker.hasConversation()).toBe(true);
  });

  it("is not told by a record of this start alone, where something was typed before it", async () => {
    const resumed = await idle({ lastType: "coding" });
    const fresh = await idle();
    expect([resumed, fresh].map(({ worker }) => worker.hasConversation())).toEqual([true, false]);
  });
});

describe("an adopted agent, which signals nothing to us", () => {
  const adopted = { adopted: true, launchId: null, tmuxSocket: "", session: "mine" };

  it("is followed by its screen: idle, busy, and the end of a turn that was seen to begin", async () => {
    const bench = benchOf(adopted);
    bench.worker.become({ name: "starting", sinceMs: 0 }, "process", "adopted");
    await bench.look();
    expect(bench.worker.free).toBe(true);
    await bench.typed();
    await bench.look();
    expect(bench.ends()).toEqual([]);
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.look();
    expect(bench.told("accepted")).toHaveLength(1);
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.look();
    expect(bench.ends()).toEqual(["completed null"]);
  });

  it("is busy with a person's turn, and idle after it", async () => {
    const bench = benchOf(adopted);
    bench.worker.become({ name: "idle", sinceMs: 0 }, "screen", "idle");
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.look();
    expect(bench.worker.state).toMatchObject({ name: "busy", attemptId: null });
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.look();
    expect(bench.worker.free).toBe(true);
  });

  it("takes a turn too quick to be seen from its record", async () => {
    const bench = benchOf({ ...adopted });
    bench.worker.remember({ sessionId: "s1", recordPath: bench.recordPath });
    bench.worker.become({ name: "idle", sinceMs: 0 }, "screen", "idle");
    await bench.typed();
    bench.respond(11, "quick");
    await bench.look();
    expect(bench.told("accepted")).toHaveLength(1);
    expect(bench.ends()).toEqual(["completed 11"]);
  });
});

describe("a shell", () => {
  it.each([
    [0, false, "completed 0"],
    [3, false, "failed 0"],
    [130, true, "cancelled 0"],
  ])("a command that ends with %i (cancelled: %s)", async (exitCode, cancelling, end) => {
    const bench = benchOf({ agent: "shell", model: null }, shellAdapter);
    bench.worker.become({ name: "starting", sinceMs: 0 }, "process", "started");
    await bench.signal("ready");
    await bench.typed({ paste: "a1\r", cancelling });
    await bench.signal("command-started", { attemptId: "a1" });
    await bench.signal("command-ended", { attemptId: "another", exitCode: 0 });
    expect(bench.ends()).toEqual([]);
    await bench.signal("command-ended", { attemptId: "a1", exitCode });
    expect(bench.ends()).toEqual([end]);
    expect(bench.told("ended")[0]?.outcome).toMatchObject(
      end.startsWith("cancelled") ? { kind: "cancelled" } : { exitCode },
    );
  });
});

describe("evidence", () => {
  it("keeps each source's last word, the most reliable first, and which decided", async () => {
    const bench = await idle();
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.look();
    await bench.accepted();
    expect(bench.worker.evidence.decided).toMatchObject({
      source: "signal",
      says: "UserPromptSubmit: it took the prompt",
    });
    expect(bench.worker.evidence.all().map(({ source }) => source)).toEqual([
      "signal",
      "process",
      "screen",
      "typing",
    ]);
  });
});
