import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { AgentAdapter, ScreenReading } from "../../src/agents/adapter.ts";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import { Delivery } from "../../src/workers/delivery.ts";
import { Launching } from "../../src/workers/launching.ts";
import { Worker } from "../../src/workers/worker.ts";
import type { WorkerNews } from "../../src/workers/worker-news.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { testServer } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { workerRecordOf } from "../support/worker-bench.ts";

const PROGRAM = new URL("../support/deaf-composer.mjs", import.meta.url).pathname;
const WHOLE = "\u001b[200~do it\u001b[201~";

/** Reads the screen of that program. It never says by itself that it took a prompt. */
function readScreen(lines: readonly string[]): ScreenReading {
  const [composer = "", status = ""] = lines;
  const text = composer.slice(1).trim();
  if (status.startsWith("working")) return { state: "busy", text: null, because: "working" };
  if (!composer.startsWith(">")) return { state: "unknown", text: null, because: composer };
  return text === ""
    ? { state: "idle", text: null, because: "ready" }
    : { state: "draft", text, because: "text in the composer" };
}

const adapter: AgentAdapter = {
  ...rehearsalAdapter,
  traits: { ...rehearsalAdapter.traits, acceptWithinMs: 1_000 },
  readScreen,
};

/** Delivers one task to such a program; `news` is what its worker tells. */
async function delivered(swallows: number) {
  const server = await testServer();
  const bytes = join(server.dir, "bytes");
  const argv = [process.execPath, PROGRAM, bytes, String(swallows)];
  const logPath = join(server.dir, "log");
  const pane = await server.terminal.startSession({ name: "deaf", argv, cols: 80, rows: 24, logPath });
  await waitFor("its composer", async () => readScreen(await server.terminal.capture(pane)).state === "idle");
  const news: WorkerNews[] = [];
  const record = workerRecordOf({ pane: JSON.stringify(pane), launchDir: server.dir });
  const worker = new Worker(record, adapter, server.terminal, (_, told) => news.push(told));
  worker.become({ name: "idle", sinceMs: Date.now() }, "process", "started");
  const workersDir = join(server.dir, "workers");
  mkdirSync(workersDir);
  const settings = () => ({ command: ["/bin/true"], permissionMode: null, env: {} });
  const [spoolDir, hookScript] = [server.dir, join(server.dir, "hook.sh")];
  const launching = new Launching({
    ...{ workersDir, spoolDir, hookScript, settings },
    ...{ cols: 80, rows: 24, baseEnv: {} },
  });
  let claims = 0;
  const delivery = new Delivery({
    launching,
    context: "keep",
    claimSecondEnter: () => (claims += 1) === 1,
  });
  const task = {
    id: 1,
    draft: draftOf("do it", { cwd: record.cwd }),
    assignment: assignmentOf({ model: record.model }),
    state: { name: "reserved" as const, attemptId: "a1", worker: record.name },
    attempts: 1,
    createdAtMs: 0,
  };
  const result = await delivery.deliver(worker, { task, attemptId: "a1", intend: () => undefined });
  expect(result.kind).toBe("typed");
  return { news, worker, text: () => readFile(bytes, "utf8") };
}

it("F9 an Enter that is swallowed is pressed once more, and the text is never pasted again", async () => {
  const { news, worker, text } = await delivered(1);
  await waitFor("the acceptance", () => news.some(({ kind }) => kind === "accepted"));
  expect(await text()).toBe(`${WHOLE}\r\r`);
  expect(news.filter(({ kind }) => kind === "asks")).toEqual([]);
  worker.leave();
});

it("F9 a program that never takes it gets one Enter more, no third one, and then a person is asked", async () => {
  const { news, worker, text } = await delivered(Number.MAX_SAFE_INTEGER);
  await waitFor("the question", () => news.some(({ kind }) => kind === "asks"));
  expect(worker.state).toMatchObject({
    name: "needs-input",
    question: "delivery uncertain: its text still stands in the composer",
  });
  expect(await text()).toBe(`${WHOLE}\r\r`);
  worker.leave();
});
