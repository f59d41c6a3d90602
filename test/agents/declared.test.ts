import { describe, expect, onTestFinished, test } from "vitest";
import type { DeclaredConversation, DeclaredProcess } from "../../src/agents/declared-agent.ts";
import { declaredAdapter } from "../../src/agents/declared.ts";
import { readDeclaredStream } from "../../src/agents/declared-stream.ts";
import { WorkerBench } from "../support/worker-bench.ts";

const NOTEBOT: DeclaredConversation = {
  kind: "conversation",
  composer: "notebot>",
  footerLines: 0,
  ready: null,
  accepted: null,
  done: { kind: "pattern", pattern: "notebot: done" },
  failed: { kind: "pattern", pattern: "notebot: failed*" },
  asks: { kind: "pattern", pattern: "* [y/n]" },
  submit: { bracketed: false, afterMs: 150, key: "Enter" },
  clear: null,
  interrupt: "C-c",
  record: { format: "lines", path: "{dir}/usage.jsonl" },
  firstRequestTokens: 0,
};
const ONCE: DeclaredProcess = {
  kind: "process",
  failed: { kind: "hook", name: "failed" },
  record: null,
  interrupt: "C-c",
  firstRequestTokens: 500,
};
const REQUEST = {
  launchId: "l1",
  model: "small",
  cwd: "/work",
  dir: "/launch",
  hookScript: "/state/hook.sh",
  sessionId: "0-1",
  resumeSessionId: null,
  settings: {
    command: ["bot", "--at={dir}/x", "{session}", "{model}", "{other}"],
    permissionMode: null,
    env: { A: "1" },
  },
};
const signal = (event: string, payload: unknown = {}) => ({ launchId: "l1", event, atMs: 0, payload });
const kinds = (chunk: string, agent = NOTEBOT) =>
  readDeclaredStream(chunk, agent).events.map(({ kind }) => kind);

describe("a declared agent in its terminal stream", () => {
  test("is done or has failed by a whole printed line, whatever escapes it holds", () => {
    expect(kinds("\u001b[32mnotebot: done\u001b[0m\r\n")).toEqual(["turn-ended"]);
    expect(kinds("12 %\r99 %\rnotebot: done\r\n")).toEqual(["turn-ended"]);
    expect(kinds("notebot> print notebot: done\r\n")).toEqual([]);
    expect(readDeclaredStream("notebot: failed: usage limit reached\r\n", NOTEBOT).events).toEqual([
      {
        kind: "turn-failed",
        failure: "quota-exhausted",
        message: "notebot: failed: usage limit reached",
        resetsAtMs: null,
      },
    ]);
  });

  test("may be cut anywhere: the unfinished rest is handed back", () => {
    const whole = "\u001b]0;title\u0007notebot: \u001b[1mdone\u001b[0m\r\nnotebot> ";
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const first = readDeclaredStream(whole.slice(0, cut), NOTEBOT);
      const second = readDeclaredStream(first.rest + whole.slice(cut), NOTEBOT);
      expect([...first.events, ...second.events].map(({ kind }) => kind)).toEqual(["turn-ended"]);
    }
    expect(readDeclaredStream("x".repeat(1_000_000), NOTEBOT).rest.length).toBeLessThan(20_000);
  });

  test("is told by an OSC sequence where it says so, and then by no printed line", () => {
    const agent: DeclaredConversation = {
      ...NOTEBOT,
      accepted: { kind: "osc", pattern: "777;busy" },
      done: { kind: "osc", pattern: "777;done;*" },
    };
    expect(kinds("\u001b]777;busy\u001b\\working\u001b]777;done;now\u0007", agent)).toEqual([
      "accepted",
      "turn-ended",
    ]);
    expect(kinds("777;done;now\r\n", agent)).toEqual([]);
  });
});

describe("the screen of a declared agent", () => {
  test.each([
    [["notebot> old task", "noted", "notebot>"], "idle"],
    [["notebot> half a sent"], "draft"],
    [["notebot> task", "working"], "busy"],
    [["Really? [y/n]", "notebot>"], "dialog"],
    [[""], "unknown"],
  ])("%j is %s", (screen, state) => {
    expect(declaredAdapter("notebot", NOTEBOT).readScreen(screen).state).toBe(state);
  });

  test("tells how the turn above its empty composer ended, and nothing of the one before", () => {
    const ended = (...lines: string[]) => declaredAdapter("notebot", NOTEBOT).readScreen(lines).ended;
    expect(ended("notebot> task", "noted", "notebot: done", "notebot>")).toMatchObject({
      kind: "turn-ended",
    });
    expect(ended("notebot> task", "notebot: failed: disk full", "notebot>")).toMatchObject({
      kind: "turn-failed",
      message: "notebot: failed: disk full",
    });
    expect(ended("notebot> old", "notebot: done", "notebot> task", "noted", "notebot>")).toBeNull();
    expect(ended("notebot>")).toBeNull();
  });

  test("with a footer below its composer, and a mark of its own for what it took up", () => {
    const agent: DeclaredConversation = {
      ...NOTEBOT,
      footerLines: 1,
      accepted: { kind: "hook", name: "took" },
    };
    const state = (...lines: string[]) => declaredAdapter("notebot", agent).readScreen(lines).state;
    expect(state("notebot>", "  model: small")).toBe("idle");
    expect(state("notebot> task", "working", "  model: small")).toBe("unknown");
  });
});

describe("a declared agent that is typed into", () => {
  test("is launched with its words filled in, and knows where its record will lie", () => {
    const plan = declaredAdapter("notebot", NOTEBOT).launch(REQUEST);
    expect(plan.argv).toEqual(["bot", "--at=/launch/x", "0-1", "small", "{other}"]);
    expect(plan.env).toEqual({ A: "1", CTM_HOOK: "/state/hook.sh", CTM_DIR: "/launch", CTM_SESSION: "0-1" });
    expect(plan.recordPath).toBe("/launch/usage.jsonl");
  });

  test("gets one line where it takes lines, and one that fits", () => {
    const { submission } = declaredAdapter("notebot", NOTEBOT);
    expect(submission("a1", "one\r\n\ntwo\n", "/")).toMatchObject({
      paste: "one two",
      bracketed: false,
      submitKey: "Enter",
    });
    expect(() => submission("a1", "ä".repeat(2_001), "/")).toThrow("the text is a line of 4002 bytes");
    const bracketed = declaredAdapter("b", {
      ...NOTEBOT,
      submit: { bracketed: true, afterMs: 9, key: "C-d" },
    });
    expect(bracketed.submission("a1", "one\ntwo", "/")).toMatchObject({
      paste: "one\ntwo",
      enterAfterMs: 9,
      submitKey: "C-d",
    });
  });

  test("tells by hooks of the names it was declared with, and by no others", () => {
    const agent: DeclaredConversation = {
      ...NOTEBOT,
      ready: { kind: "hook", name: "up" },
      accepted: { kind: "hook", name: "took" },
      done: { kind: "hook", name: "finished" },
      failed: { kind: "hook", name: "broke" },
      asks: { kind: "hook", name: "asks" },
    };
    const { interpret } = declaredAdapter("notebot", agent);
    expect(interpret(signal("up", { session_id: "s1", transcript_path: "/r/s1.jsonl" }))).toEqual({
      kind: "ready",
      sessionId: "s1",
      recordPath: "/r/s1.jsonl",
    });
    expect(interpret(signal("took", { prompt: "do it\r\n" }))).toMatchObject({
      kind: "accepted",
      prompt: "do it",
    });
    expect(interpret(signal("took", null))).toMatchObject({ kind: "accepted", prompt: null });
    expect(interpret(signal("finished", { last_assistant_message: "it is" }))).toMatchObject({
      kind: "turn-ended",
      answer: "it is",
    });
    expect(interpret(signal("broke", { message: "overloaded" }))).toMatchObject({
      kind: "turn-failed",
      failure: "overloaded",
    });
    expect(interpret(signal("asks", ["no object"]))).toEqual({ kind: "asks", question: "it gave no reason" });
    expect(interpret(signal("exited", { exitCode: 3 }))).toEqual({ kind: "exited", exitCode: 3 });
    expect(interpret(signal("Stop"))).toBeNull();
  });

  test("is read by its record: one line a response, since the task began", () => {
    const adapter = declaredAdapter("notebot", NOTEBOT);
    const record = adapter.record("", "/launch/usage.jsonl");
    const line = '{"type":"usage","id":"r1","model":"small","input":120,"output":8,"cacheRead":5}';
    expect(record?.parse(`broken {\n${line}\n${line}\n`)).toMatchObject([
      { key: "r1", model: "small", usage: { inputTokens: 120, outputTokens: 8, cacheReadTokens: 5 } },
    ]);
    expect(record?.holdsAnswer("", null)).toBe(false);
    expect(record?.holdsAnswer(line, "whatever")).toBe(true);
    expect(declaredAdapter("n", { ...NOTEBOT, record: null }).record("s", "/x.jsonl")).toBeNull();
  });
});

describe("a declared agent that is one process a task", () => {
  const adapter = declaredAdapter("counter", ONCE);

  test("is started by the runner, the prompt in a file of its own and never an argument", () => {
    const plan = adapter.launch(REQUEST);
    expect(plan.argv).toEqual(["/bin/sh", "/launch/runner.sh", "/launch", "/bin/sh", "/launch/agent.sh"]);
    expect(plan.files.find(({ name }) => name === "agent.sh")?.text).toBe(
      `exec 'bot' '--at=/launch/x' '0-1' 'small' '{other}' <"$1"\n`,
    );
    expect(adapter.submission("a1-x", "secret\nwords", "/work")).toMatchObject({
      paste: "\r\ra1-x\r",
      file: { name: "a1-x.prompt", text: "secret\nwords" },
    });
  });

  test("ends by its exit code; a hook only adds what it said", () => {
    expect(adapter.interpret(signal("command-ended", { attemptId: "a1", exitCode: 7 }))).toEqual({
      kind: "command-ended",
      attemptId: "a1",
      exitCode: 7,
    });
    expect(adapter.interpret(signal("said", { last_assistant_message: "42" }))).toMatchObject({
      kind: "said",
      answer: "42",
      failure: null,
    });
    expect(adapter.interpret(signal("failed", { error: "rate limit" }))).toMatchObject({
      kind: "said",
      failure: { failure: "rate-limited", message: "rate limit" },
    });
    expect(adapter.interpret(signal("done"))).toBeNull();
  });
});

describe("a worker of an agent that prints its ends", () => {
  const screen = ["notebot> do it", "notebot: done", "notebot>"];

  test("reads from the screen what was printed while no manager was there, and only then", async () => {
    const bench = new WorkerBench(
      { agent: "notebot" },
      declaredAdapter("notebot", { ...NOTEBOT, record: null }),
    );
    onTestFinished(() => bench.close());
    bench.terminal.screen = screen;
    await bench.typed({ phase: "accepted" });
    await bench.look();
    expect(bench.ends()).toEqual([]);
    bench.worker.resume(bench.attempt({ phase: "accepted" }));
    await bench.look();
    expect(bench.ends()).toEqual(["completed null"]);
  });

  test("does not take an older end for that of a prompt nobody saw it take", async () => {
    const bench = new WorkerBench({ agent: "notebot" }, declaredAdapter("notebot", NOTEBOT));
    onTestFinished(() => bench.close());
    bench.terminal.screen = screen;
    bench.worker.foundAgain();
    bench.worker.resume(bench.attempt());
    await bench.look();
    expect(bench.ends()).toEqual([]);
  });
});
