/** Dispatchers that know less than they think: several for one attempt, and one that stood still meanwhile. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PaneIdentity } from "../../../src/workers/tmux/pane-identity.ts";
import { Terminal } from "../../../src/workers/tmux/terminal.ts";
import { startRecorder, TEST_ENV, testServer, type TestServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const LATE = new URL("../../support/late-dispatcher.ts", import.meta.url).pathname;

const typingOf = (attemptId: string, previousAttempt: string) => ({
  attemptId,
  previousAttempt,
  paste: `text of ${attemptId}`,
  bracketed: true,
  enterAfterMs: 10,
});
const whole = (attemptId: string): string => `\u001b[200~text of ${attemptId}\u001b[201~\r`;

/** Another dispatcher of the same server. */
function dispatcher(server: TestServer): Promise<Terminal> {
  const address = { kind: "own", socket: server.socket } as const;
  return Terminal.open({ address, session: null, env: TEST_ENV, pasteDir: server.pasteDir });
}

/** One that is a process of its own; it has connected, and types when it is told to go. */
async function lateDispatcher(
  server: TestServer,
  pane: PaneIdentity,
): Promise<ChildProcess & { said(): string }> {
  const argv = ["--import", "tsx", LATE, server.socket, server.pasteDir, JSON.stringify(pane)];
  const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  onTestFinished(() => void child.kill("SIGKILL"));
  await waitFor("the other dispatcher", () => said.includes("ready"));
  return Object.assign(child, { said: () => said });
}

describe("F7", () => {
  it("five dispatchers for one attempt type it once", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const five = await Promise.all([1, 2, 3, 4, 5].map(() => dispatcher(server)));
    const results = await Promise.all(
      five.map((terminal) => terminal.type({ ...typingOf("a-1", ""), pane: recorder.pane })),
    );
    // Those that came too late find what they wanted to be true.
    expect(results.map(({ kind }) => kind)).toEqual(["typed", "typed", "typed", "typed", "typed"]);
    await waitFor("the text", async () => (await recorder.text()).includes("\r"));
    await server.terminal.typeText(recorder.pane, { paste: "END", bracketed: false, enterAfterMs: null });
    await waitFor("the end", async () => (await recorder.text()).endsWith("END"));
    expect(await recorder.text()).toBe(`${whole("a-1")}END`);
    await Promise.all(five.map((terminal) => terminal.close()));
  });

  it("one that stood still while another attempt was typed is refused when it wakes", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const late = await lateDispatcher(server, recorder.pane);
    late.kill("SIGSTOP");
    late.stdin?.write("go\n");
    expect(await server.terminal.type({ ...typingOf("a-2", ""), pane: recorder.pane })).toMatchObject({
      kind: "typed",
    });
    await waitFor("the text", async () => (await recorder.text()).includes("\r"));
    late.kill("SIGCONT");
    await once(late, "exit");
    expect(JSON.parse(late.said().split("\n")[1] ?? "")).toMatchObject({
      kind: "refused",
      witness: { mark: "a-2", refused: "a-1" },
    });
    await server.terminal.typeText(recorder.pane, { paste: "END", bracketed: false, enterAfterMs: null });
    await waitFor("the end", async () => (await recorder.text()).endsWith("END"));
    expect(await recorder.text()).toBe(`${whole("a-2")}END`);
  });
});
