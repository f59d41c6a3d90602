/** The plugin as OpenCode would load it, handed events as OpenCode 1.18.33 tells them, its signals read from a spool. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AgentEvent } from "../../src/agents/adapter.ts";
import { opencodePlugin } from "../../src/agents/opencode-plugin.ts";
import { interactiveOpencode, interpretOpencode } from "../../src/agents/opencode-terminal.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { signalFolder, TEST_LAUNCH_ID } from "../support/signal-folder.ts";
import { waitFor } from "../support/wait-for.ts";

const S = "ses_dea265d1affeg3ak0KCv8HttwH";
const CHILD = "ses_child";

interface Hooks {
  event?(input: { event: { type: string; properties: object } }): Promise<void>;
  "chat.message"?(input: { sessionID: string }, output: { parts: object[] }): Promise<void>;
}

async function plugin() {
  const signals = await signalFolder();
  const dir = await mkdtemp(join(tmpdir(), "ctm-plugin-"));
  onTestFinished(() => removeFolder(dir));
  const record = join(dir, "opencode.jsonl");
  await writeFile(join(dir, "plugin.mjs"), opencodePlugin(signals.hookScript, record));
  const before = { ...process.env };
  onTestFinished(() => {
    for (const name of ["CTM_OPENCODE", ...Object.keys(signals.env)]) delete process.env[name];
    Object.assign(process.env, before);
  });
  Object.assign(process.env, signals.env);
  const { Teller } = (await import(join(dir, "plugin.mjs"))) as {
    Teller(input: object): Promise<Hooks>;
  };
  const aborted: unknown[] = [];
  const client = { session: { abort: async (what: unknown) => void aborted.push(what) } };
  const hooks = await Teller({ client });
  const emit = (type: string, properties: object) => hooks.event?.({ event: { type, properties } });
  const message = (id: string, more: object, sessionID = S) =>
    emit("message.updated", { sessionID, info: { id, sessionID, role: "assistant", ...more } });
  return {
    ...{ hooks, aborted, emit, message, record, Teller },
    prompt: (text: string, sessionID = S) =>
      hooks["chat.message"]?.({ sessionID }, { parts: [{ type: "text", text }] }),
    text: (messageID: string, text: string) =>
      emit("message.part.updated", {
        part: { id: `prt_${messageID}`, messageID, sessionID: S, type: "text", text },
      }),
    done: (id: string, sessionID = S) =>
      message(
        id,
        { time: { created: 5, completed: 9 }, cost: 0.001, modelID: "m", tokens: TOKENS },
        sessionID,
      ),
    idle: (sessionID = S) => emit("session.idle", { sessionID }),
    /** What the worker makes of the first so many signals. */
    heard: async (count: number): Promise<(AgentEvent | null)[]> => {
      const all = await waitFor(`${count} signals`, async () => {
        const found = await signals.all();
        return found.length >= count ? found : null;
      });
      return all.map((signal) => interpretOpencode({ ...signal, launchId: TEST_LAUNCH_ID }));
    },
  };
}

const TOKENS = { total: 1231, input: 1020, output: 6, reasoning: 3, cache: { write: 0, read: 202 } };

describe("OpenCode's plugin", () => {
  it("tells a prompt and its answer, and writes down what each message used", async () => {
    const at = await plugin();
    await at.prompt("Fix it\nwell");
    await at.message("msg_1", { time: { created: 5 } });
    await at.text("msg_1", "I will use a tool.");
    await at.done("msg_1");
    await at.message("msg_2", { time: { created: 6 } });
    await at.text("msg_2", "Don");
    await at.text("msg_2", "Done.");
    await at.done("msg_2");
    await at.idle();
    await at.idle();
    const session = { sessionId: S, recordPath: at.record };
    expect(await at.heard(2)).toEqual([
      { kind: "accepted", prompt: "Fix it\nwell", ...session },
      { kind: "turn-ended", answer: "Done.", ...session },
    ]);
    const record = interactiveOpencode.record(S, at.record);
    const text = await readFile(at.record, "utf8");
    expect(record?.holdsAnswer(text, "Done.")).toBe(true);
    expect(record?.holdsAnswer(text, "Don")).toBe(false);
    expect(record?.parse(text)).toMatchObject([
      { key: "msg_1", model: "m", statedNanoUsd: 1_000_000, usage: { inputTokens: 1020, outputTokens: 9 } },
      { key: "msg_2", sessionId: S, usage: { cacheReadTokens: 202 } },
    ]);
  });

  it("tells questions and their end, also a subagent's; of its prompts and ends only the usage", async () => {
    const at = await plugin();
    await at.prompt("Fix it");
    await at.emit("session.created", { info: { id: CHILD, parentID: S } });
    await at.prompt("look for it", CHILD);
    await at.emit("permission.asked", {
      permission: "bash",
      metadata: { command: "touch x" },
      patterns: ["touch *"],
    });
    await at.emit("permission.replied", {});
    await at.emit("question.asked", { questions: [{ question: "Which one?" }] });
    await at.done("msg_child", CHILD);
    await at.idle(CHILD);
    await at.idle();
    expect(await at.heard(5)).toMatchObject([
      { kind: "accepted" },
      { kind: "asks", question: "May bash be used? touch x" },
      { kind: "progress" },
      { kind: "asks", question: "Which one?" },
      { kind: "turn-ended" },
    ]);
    const text = await readFile(at.record, "utf8");
    expect(interactiveOpencode.record(S, at.record)?.parse(text)).toMatchObject([{ key: "msg_child" }]);
  });

  it.each([
    ["MessageAbortedError", "Aborted", "interrupted"],
    ["APIError", "Incorrect API key provided: dummy.", "not-logged-in"],
    ["APIError", "Overloaded", "overloaded"],
  ])("tells an end by %s (%s) as %s", async (name, message, failure) => {
    const at = await plugin();
    await at.prompt("Fix it");
    await at.emit("session.error", { sessionID: S, error: { name, data: { message } } });
    await at.idle();
    await at.message("msg_1", { error: { name } });
    expect(await at.heard(2)).toMatchObject([{ kind: "accepted" }, { kind: "turn-failed", failure }]);
  });

  it("an error that was gone on from is none", async () => {
    const at = await plugin();
    await at.prompt("Fix it");
    await at.emit("session.error", { sessionID: S, error: { name: "ContextOverflowError" } });
    await at.message("msg_2", { time: { created: 6 } });
    await at.text("msg_2", "Done after all.");
    await at.done("msg_2");
    await at.idle();
    expect(await at.heard(2)).toMatchObject([
      { kind: "accepted" },
      { kind: "turn-ended", answer: "Done after all." },
    ]);
  });

  it("at a used-up limit the session is stopped, and the limit is its end; a short one is waited for", async () => {
    const at = await plugin();
    await at.prompt("Fix it");
    const retry = (message: string) => ({ sessionID: S, status: { type: "retry", attempt: 1, message } });
    await at.emit("session.status", retry("Too many requests"));
    expect(at.aborted).toEqual([]);
    await at.emit("session.status", retry("The usage limit has been reached"));
    await at.emit("session.error", {
      sessionID: S,
      error: { name: "MessageAbortedError", data: { message: "Aborted" } },
    });
    await at.idle();
    expect(at.aborted).toEqual([{ path: { id: S } }]);
    expect(await at.heard(2)).toMatchObject([
      { kind: "accepted" },
      { kind: "turn-failed", failure: "quota-exhausted", message: "The usage limit has been reached" },
    ]);
  });

  it("is silent in an OpenCode that the agent itself started, and survives events of another form", async () => {
    const at = await plugin();
    process.env["CTM_OPENCODE"] = "1";
    expect(await at.Teller({ client: {} })).toEqual({});
    for (const type of ["message.updated", "session.created", "message.part.updated", "session.status", "x"])
      await at.emit(type, {});
    await at.prompt("Fix it");
    expect(await at.heard(1)).toMatchObject([{ kind: "accepted" }]);
  });
});
