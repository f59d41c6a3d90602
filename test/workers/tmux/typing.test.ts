import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { typedText } from "../../../src/base/typed-text.ts";
import { TmuxConnection } from "../../../src/workers/tmux/connection.ts";
import type { PaneIdentity } from "../../../src/workers/tmux/pane-identity.ts";
import { Terminal } from "../../../src/workers/tmux/terminal.ts";
import { typeOnce, type TypeResult, typeUnmarked } from "../../../src/workers/tmux/typing.ts";
import {
  type Recorder,
  startRecorder,
  TEST_ENV,
  testServer,
  type TestServer,
} from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const OPEN = "\u001b[200~";
const CLOSE = "\u001b[201~";
const enterAfterMs = 20;

function typeAttempt(
  server: TestServer,
  pane: PaneIdentity,
  attemptId: string,
  previousAttempt: string,
): Promise<TypeResult> {
  return server.terminal.type({
    pane,
    attemptId,
    previousAttempt,
    paste: `text of ${attemptId};`,
    bracketed: true,
    enterAfterMs,
  });
}

function entered(server: TestServer, pane: PaneIdentity, mark: string): Promise<unknown> {
  return waitFor(`the Enter of ${mark}`, async () => (await server.terminal.witness(pane))?.entered === mark);
}

const whole = (attemptId: string) => `${OPEN}text of ${attemptId};${CLOSE}\r`;

async function seen(recorder: Recorder, text: string): Promise<void> {
  await waitFor(
    `${JSON.stringify(text.slice(0, 40))} in the pane`,
    async () => (await recorder.text()) === text,
  ).catch(async () => {
    expect(await recorder.text()).toBe(text);
  });
}

/** Nothing more came: a later sentinel is the next thing in the recording. */
async function onlySentinelFollows(server: TestServer, recorder: Recorder, before: string): Promise<void> {
  expect(
    await server.terminal.typeText(recorder.pane, {
      paste: "SENTINEL",
      bracketed: false,
      enterAfterMs: null,
    }),
  ).toBe(true);
  await seen(recorder, `${before}SENTINEL`);
}

describe("typing as a compare-and-set", () => {
  test("F7 a fresh attempt is typed, a repeat and a stale replay are not", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({
      kind: "typed",
      witness: { mark: "a-1", attemptId: "a-1" },
    });
    await entered(server, pane, "a-1");
    // The repeat finds its own mark: what it wanted is true, and nothing is typed.
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "typed" });
    expect(await typeAttempt(server, pane, "a-2", "a-1")).toMatchObject({ kind: "typed" });
    await entered(server, pane, "a-2");
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({
      kind: "refused",
      reason: "something else was typed into its pane",
      witness: { mark: "a-2", refused: "a-1" },
    });
    await onlySentinelFollows(server, recorder, `${whole("a-1")}${whole("a-2")}`);
  });

  const wrong: readonly [string, (pane: PaneIdentity) => PaneIdentity][] = [
    ["F12 another start of the server", (pane) => ({ ...pane, serverStartTime: pane.serverStartTime + 1 })],
    ["F12 another server", (pane) => ({ ...pane, serverPid: pane.serverPid + 1 })],
    ["F12 another process in the pane", (pane) => ({ ...pane, panePid: pane.panePid + 1 })],
    ["F12 a pane that does not exist", (pane) => ({ ...pane, paneId: "%4711" })],
  ];
  test.each(wrong)("%s is refused", async (_name, change) => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const result = await typeAttempt(server, change(recorder.pane), "a-1", "");
    expect(result).toEqual({
      kind: "refused",
      reason: "its program is not in its pane any more",
      witness: null,
    });
    expect(await server.terminal.isAlive(change(recorder.pane))).toBe(false);
    await onlySentinelFollows(server, recorder, "");
  });

  test("F11 while a person scrolls it is refused, afterwards it is typed", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    await server.tmux("copy-mode", "-t", pane.paneId);
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({
      kind: "refused",
      reason: "its pane is being scrolled by a person",
    });
    expect(await server.terminal.typeCommand(pane, "/clear")).toBe(false);
    await server.tmux("send-keys", "-t", pane.paneId, "-X", "cancel");
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "typed" });
    await seen(recorder, whole("a-1"));
  });

  test("F11 a pane whose input is off is refused, afterwards it is typed", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    await server.tmux("select-pane", "-d", "-t", pane.paneId);
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({
      kind: "refused",
      reason: "its pane takes no input",
    });
    expect(await server.terminal.sendKey(pane, "Escape")).toBe(false);
    await server.tmux("select-pane", "-e", "-t", pane.paneId);
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "typed" });
    await seen(recorder, whole("a-1"));
  });

  test("F10 a dead pane is refused, and the server lives", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    await server.tmux("set-option", "-p", "-t", pane.paneId, "remain-on-exit", "on");
    process.kill(pane.panePid, "SIGKILL");
    const died = async () =>
      (await server.terminal.listPanes()).some((info) => info.paneId === pane.paneId && info.dead);
    // Older servers can miss the death until another child ends.
    await waitFor("the death", async () => (await server.tmux("run-shell", "-b", "true"), await died()));
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "refused", witness: null });
    expect(await server.terminal.pressEnterOnce(pane, "a-1")).toBe(false);
    expect(await server.terminal.sendKey(pane, "C-c")).toBe(false);
    expect(await server.tmux("list-sessions")).toContain("rec");
  });

  test("F8 text that could not be loaded leaves no mark and is refused", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    const connection = await TmuxConnection.open({
      address: { kind: "own", socket: server.socket },
      session: null,
      env: TEST_ENV,
    });
    // The server is told another name than the file has: a format in the path must not be expanded, or it would match.
    const batch = connection.batch.bind(connection);
    connection.batch = (lines) =>
      batch(lines.map((line) => line.replace(/(load-buffer -b \S+ ")/, "$1/nowhere")));
    const typing = { pane, attemptId: "a-1", previousAttempt: "", paste: "x", bracketed: true, enterAfterMs };
    const result = await typeOnce(connection, { path: server.pasteDir }, typing);
    expect(result).toMatchObject({
      kind: "refused",
      reason: "tmux could not take the text",
      witness: { mark: "" },
    });
    await connection.close();
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "typed" });
  });

  test.each([
    [
      "the text is gone before it is pasted",
      /( "[^"]*?)paste-buffer (.*?) -b \S+/,
      "$1paste-buffer $2 -b ctm-gone",
    ],
    ["the paste goes to a pane that is not there", /paste-buffer (.*?) -t %\d+/, "paste-buffer $1 -t %4711"],
  ])("F8 %s: no mark, no Enter, and it can be typed again", async (_what, find, broken) => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    const connection = await TmuxConnection.open({
      address: { kind: "own", socket: server.socket },
      session: null,
      env: TEST_ENV,
    });
    let changed = 0;
    const batch = connection.batch.bind(connection);
    connection.batch = (lines, point) =>
      batch(
        lines.map((line) => {
          const rewritten = line.replace(find, broken);
          changed += rewritten === line ? 0 : 1;
          return rewritten;
        }),
        point,
      );
    const typing = { pane, attemptId: "a-1", previousAttempt: "", paste: "x", bracketed: true, enterAfterMs };
    const result = await typeOnce(connection, { path: server.pasteDir }, typing);
    expect(changed).toBe(1);
    expect(result).toMatchObject({ kind: "refused", witness: { mark: "", entered: "" } });
    await connection.close();
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "typed" });
    await entered(server, pane, "a-1");
    await onlySentinelFollows(server, recorder, whole("a-1"));
  });

  test("F12 a program replaced by a shell gets nothing", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    await server.tmux("respawn-pane", "-k", "-t", pane.paneId, "sh");
    expect(await typeAttempt(server, pane, "a-1", "")).toMatchObject({ kind: "refused", witness: null });
    await expect(server.terminal.capture(pane)).rejects.toThrow("not in its pane");
  });

  test("F12 an adopted shell is typed into only while the agent is in front of it", async () => {
    const server = await testServer();
    const logPath = join(server.dir, "log");
    const pane = await server.terminal.startSession({
      name: "person",
      argv: ["/bin/sh", "-i"],
      cols: 80,
      rows: 24,
      logPath,
    });
    const typing = { pane, previousAttempt: "", paste: "x", bracketed: false, enterAfterMs: null };
    expect(await server.terminal.type({ ...typing, attemptId: "a-1", foreground: "cat" })).toMatchObject({
      kind: "refused",
      reason: "another program than cat is in front",
    });
    await server.terminal.typeText(pane, { paste: "cat\r", bracketed: false, enterAfterMs: null });
    await waitFor("cat in front", async () =>
      (await server.terminal.listPanes()).some((info) => info.program === "cat"),
    );
    expect(await server.terminal.type({ ...typing, attemptId: "a-1", foreground: "cat" })).toMatchObject({
      kind: "typed",
    });
    // A hostile name is compared, not run.
    const hostile = "x,1}#(touch /tmp/never)#{pid}";
    expect(
      await server.terminal.type({
        ...typing,
        attemptId: "a-2",
        previousAttempt: "a-1",
        foreground: hostile,
      }),
    ).toMatchObject({ kind: "refused" });
  });

  test("F7 five typers of one attempt, each with a connection of its own, type it once", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    const options = {
      address: { kind: "own" as const, socket: server.socket },
      session: null,
      env: TEST_ENV,
    };
    const connections = await Promise.all(Array.from({ length: 5 }, () => TmuxConnection.open(options)));
    let before = "";
    for (const [attemptId, previousAttempt] of [
      ["a-1", ""],
      ["a-2", "a-1"],
      ["a-3", "a-2"],
    ] as const) {
      const typing = {
        pane,
        attemptId,
        previousAttempt,
        paste: `text of ${attemptId};`,
        bracketed: true,
        enterAfterMs,
      };
      const results = await Promise.all(
        connections.map((c) => typeOnce(c, { path: server.pasteDir }, typing)),
      );
      expect(results.map(({ kind }) => kind)).toEqual(["typed", "typed", "typed", "typed", "typed"]);
      await entered(server, pane, attemptId);
      before += whole(attemptId);
    }
    await onlySentinelFollows(server, recorder, before);
    await Promise.all(connections.map((c) => c.close()));
  });

  test("of two different attempts at the same time one is typed", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const results = await Promise.all(["a-1", "b-1"].map((id) => typeAttempt(server, recorder.pane, id, "")));
    expect(results.map(({ kind }) => kind).sort()).toEqual(["refused", "typed"]);
    await seen(recorder, whole(results[0]?.kind === "typed" ? "a-1" : "b-1"));
  });
});

describe("what is typed", () => {
  const CORPUS: readonly string[] = [
    "plain",
    "ends with ;",
    ";",
    "\\;",
    "-x",
    "--",
    "Enter",
    "C-c",
    "#{pid} #(touch /tmp/never) %if",
    "$(id) `id` $HOME ${x}",
    `"double" 'single'`,
    "~ ~root",
    "line one\nline two\n\tindented\n",
    "emoji 👩‍💻 wide 漢字 combining é bom \ufeff",
    "שלום \u202eevil\u202c مرحبا",
    "x".repeat(64 * 1024),
    "long line é".repeat(6_000),
  ];

  test("every text arrives byte for byte, between brackets and without", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    let expected = "";
    let previousAttempt = "";
    for (const [i, paste] of CORPUS.entries()) {
      const attemptId = `t-${i}`;
      const bracketed = i % 2 === 0;
      const result = await server.terminal.type({
        pane: recorder.pane,
        attemptId,
        previousAttempt,
        paste,
        bracketed,
        enterAfterMs: null,
      });
      expect(result.kind).toBe("typed");
      previousAttempt = attemptId;
      expected += bracketed ? `${OPEN}${paste}${CLOSE}` : paste;
      await waitFor(`text ${i}`, async () => (await recorder.bytes()).length >= Buffer.byteLength(expected));
      expect((await recorder.text()).slice(-200)).toBe(expected.slice(-200));
    }
    expect((await recorder.text()) === expected).toBe(true);
    expect(await readdir(server.pasteDir)).toEqual([]);
    expect(await server.tmux("list-buffers")).toBe("");
  });

  test.each(["hi\u001b[201~\rrm -rf ~\r", "a\u009b201~b", "\u0003", "\u0000", "\u007f"])(
    "%j is refused as it is, and harmless once cleaned",
    async (raw) => {
      const server = await testServer();
      const recorder = await startRecorder(server);
      const typing = {
        pane: recorder.pane,
        attemptId: "a-1",
        previousAttempt: "",
        bracketed: true,
        enterAfterMs,
      };
      await expect(server.terminal.type({ ...typing, paste: raw })).rejects.toMatchObject({
        code: "refused",
      });
      const { text } = typedText(`[${raw}]`);
      expect(await server.terminal.type({ ...typing, paste: text })).toMatchObject({ kind: "typed" });
      await seen(recorder, `${OPEN}${text}${CLOSE}\r`);
    },
  );

  test("nothing is no text", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    const typing = { pane, attemptId: "a-1", previousAttempt: "", paste: "", bracketed: true, enterAfterMs };
    await expect(server.terminal.type(typing)).rejects.toMatchObject({ code: "refused" });
  });

  test.each(["A-1", "a_1", "", "a 1", "a;1", "#{pid}", "a-1.", "a.x", "x".repeat(81)])(
    "%j is no attempt's id",
    async (attemptId) => {
      const server = await testServer();
      const { pane } = await startRecorder(server);
      const typing = { pane, previousAttempt: "", paste: "x", bracketed: true, enterAfterMs };
      await expect(server.terminal.type({ ...typing, attemptId })).rejects.toMatchObject({ code: "refused" });
    },
  );

  test("a forged identity is refused before anything is sent", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    for (const forged of [{ paneId: "%1 ; kill-server" }, { sessionId: "$1;" }, { panePid: Number.NaN }]) {
      await expect(server.terminal.isAlive({ ...pane, ...forged })).rejects.toMatchObject({
        code: "refused",
      });
    }
    expect(await server.terminal.isAlive(pane)).toBe(true);
  });
});

describe("Enter, keys and answers", () => {
  test("the server presses Enter by itself after we are gone", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const options = {
      address: { kind: "own" as const, socket: server.socket },
      session: null,
      env: TEST_ENV,
    };
    const connection = await TmuxConnection.open(options);
    const typing = {
      pane: recorder.pane,
      attemptId: "a-1",
      previousAttempt: "",
      paste: "x",
      bracketed: true,
      enterAfterMs: 300,
    };
    expect(await typeOnce(connection, { path: server.pasteDir }, typing)).toMatchObject({
      kind: "typed",
      witness: { entered: "" },
    });
    process.kill(connection.clientPid ?? 0, "SIGKILL");
    await connection.closed;
    await seen(recorder, `${OPEN}x${CLOSE}\r`);
    await entered(server, recorder.pane, "a-1");
  });

  test("F6 nor does the Enter of words that belong to no attempt end with us", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const connection = await TmuxConnection.open({
      address: { kind: "own" as const, socket: server.socket },
      session: null,
      env: TEST_ENV,
    });
    const words = { pane: recorder.pane, paste: "x", bracketed: true, enterAfterMs: 300 };
    expect(await typeUnmarked(connection, { path: server.pasteDir }, words)).toBe(true);
    process.kill(connection.clientPid ?? 0, "SIGKILL");
    await connection.closed;
    await seen(recorder, `${OPEN}x${CLOSE}\r`);
    await onlySentinelFollows(server, recorder, `${OPEN}x${CLOSE}\r`);
  });

  test("F12 no Enter for an attempt whose pane went to another program meanwhile", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    await server.terminal.type({
      pane,
      attemptId: "a-1",
      previousAttempt: "",
      paste: "x",
      bracketed: true,
      enterAfterMs: 200,
    });
    const after = join(server.dir, "after.bytes");
    await server.tmux(
      "respawn-pane",
      "-k",
      "-t",
      pane.paneId,
      process.execPath,
      new URL("../../support/recorder.mjs", import.meta.url).pathname,
      after,
    );
    await waitFor("the other program", async () =>
      (await server.tmux("capture-pane", "-p", "-t", pane.paneId)).includes("READY"),
    );
    // The Enter's time is over when a later delay of the same server has passed.
    await server.tmux("run-shell", "-d", "0.3", "-C", "set-option -g @later 1");
    await waitFor(
      "the time of the Enter",
      async () => (await server.tmux("show-options", "-gqv", "@later")) === "1",
    );
    await server.tmux("send-keys", "-t", pane.paneId, "z");
    const { readFile } = await import("node:fs/promises");
    await waitFor("the sentinel", async () => (await readFile(after, "utf8").catch(() => "")).includes("z"));
    expect(await readFile(after, "utf8")).toBe("z");
  });

  test("Enter once more: pressed once, however often it is asked for, and for this attempt only", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    expect(await server.terminal.pressEnterOnce(pane, "a-1")).toBe(false);
    await typeAttempt(server, pane, "a-1", "");
    await entered(server, pane, "a-1");
    expect(await server.terminal.pressEnterOnce(pane, "a-0")).toBe(false);
    const presses = await Promise.all([1, 2, 3].map(() => server.terminal.pressEnterOnce(pane, "a-1")));
    expect(presses).toEqual([true, true, true]);
    await onlySentinelFollows(server, recorder, `${whole("a-1")}\r`);
  });

  test("keys arrive, also while a person scrolls; other keys are refused", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    expect(await server.terminal.sendKey(recorder.pane, "Escape")).toBe(true);
    await server.tmux("copy-mode", "-t", recorder.pane.paneId);
    expect(await server.terminal.sendKey(recorder.pane, "C-c")).toBe(true);
    await seen(recorder, "\u001b\u0003");
    for (const key of ["C-b d", "q", "F1", "Escape ; kill-server", ""]) {
      await expect(server.terminal.sendKey(recorder.pane, key)).rejects.toMatchObject({ code: "refused" });
    }
  });

  test("answers are numbered within their attempt; of two at once one is typed", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const { pane } = recorder;
    const answer = (paste: string) =>
      server.terminal.answer(pane, "a-1", { paste, bracketed: false, enterAfterMs: null });
    expect(await answer("early")).toMatchObject({ kind: "refused" });
    await typeAttempt(server, pane, "a-1", "");
    await entered(server, pane, "a-1");
    const results = await Promise.all([answer("y\r"), answer("y\r")]);
    expect(results.map((result) => result.kind)).toEqual(["typed", "typed"]);
    expect(await server.terminal.witness(pane)).toMatchObject({ mark: "a-1.1", attemptId: "a-1" });
    expect(await answer("2\r")).toMatchObject({ kind: "typed", witness: { mark: "a-1.2" } });
    // The next attempt follows whatever was answered in between; a late repeat of the first answer does not.
    const replay = {
      pane,
      attemptId: "a-1.1",
      previousAttempt: "a-1",
      paste: "late",
      bracketed: false,
      enterAfterMs: null,
    };
    expect(await server.terminal.type(replay)).toMatchObject({ kind: "refused" });
    expect(await typeAttempt(server, pane, "a-2", "a-1")).toMatchObject({ kind: "typed" });
    await seen(recorder, `${whole("a-1")}y\r2\r${whole("a-2")}`);
  });
});

describe("a foreign server", () => {
  test("it is typed into and never changed otherwise", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server, "persons");
    const foreign = await Terminal.open({
      address: { kind: "foreign", socket: server.socket },
      session: "persons",
      env: TEST_ENV,
      pasteDir: server.pasteDir,
    });
    const pane = await foreign.identify("persons");
    expect(pane).toEqual(recorder.pane);
    expect(
      await foreign.type({
        pane,
        attemptId: "a-1",
        previousAttempt: "",
        paste: "x",
        bracketed: true,
        enterAfterMs,
      }),
    ).toMatchObject({ kind: "typed" });
    await seen(recorder, `${OPEN}x${CLOSE}\r`);
    await expect(foreign.killSession("persons", pane)).rejects.toMatchObject({ code: "refused" });
    await expect(foreign.restoreSize(pane, 10, 10)).rejects.toMatchObject({ code: "refused" });
    await expect(
      foreign.startSession({ name: "x", argv: ["true"], cols: 1, rows: 1, logPath: join(server.dir, "y") }),
    ).rejects.toMatchObject({ code: "refused" });
    await expect(foreign.identify("person")).rejects.toMatchObject({ code: "not-found" });
    await foreign.close();
    expect(await server.terminal.isAlive(pane)).toBe(true);
  });
});
