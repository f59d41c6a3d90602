import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { samePane } from "../../../src/workers/tmux/pane-identity.ts";
import { Terminal } from "../../../src/workers/tmux/terminal.ts";
import { startRecorder, TEST_ENV, testServer, type TestServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const sleeper = ["/bin/sh", "-c", "echo here; exec sleep 1000"];

function start(server: TestServer, name: string, argv: readonly string[] = sleeper) {
  return server.terminal.startSession({
    name,
    argv,
    cols: 90,
    rows: 20,
    logPath: join(server.dir, `${name}.log`),
  });
}

describe("sessions", () => {
  test("a program runs with its arguments as they are, in the size asked for, logged from its first byte", async () => {
    const server = await testServer();
    const words = [
      "a b",
      ";",
      "$HOME",
      "#{pid}",
      "~",
      "'",
      '"',
      "\\",
      "-x",
      "é",
      "$(touch /tmp/never)",
      "x;",
    ];
    const script = 'printf "[%s]" "$@"; stty size; exec sleep 1000';
    const pane = await start(server, "concurrent_worker1", ["/bin/sh", "-c", script, "sh", ...words]);
    const log = join(server.dir, "concurrent_worker1.log");
    await waitFor("the size", async () => (await readFile(log, "utf8")).includes("20 90"));
    expect(await readFile(log, "utf8")).toBe(`${words.map((word) => `[${word}]`).join("")}20 90\r\n`);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(pane).toMatchObject({
      serverPid: server.terminal.server.pid,
      panePidStartTime: expect.any(Number),
    });
    expect(await server.terminal.identify("concurrent_worker1")).toEqual(pane);
  });

  test("those that are still there are told in one answer", async () => {
    const server = await testServer();
    const panes = [await start(server, "one", sleeper), await start(server, "two", sleeper)];
    const [one, two] = panes;
    if (one === undefined || two === undefined) throw new Error("two were started");
    await server.terminal.killSession("two", two);
    const other = { ...one, panePid: one.panePid + 1 };
    expect([...(await server.terminal.stillThere([one, two, other]))]).toEqual([one]);
  });

  test("a single word is a program too, not a line for a shell", async () => {
    const server = await testServer();
    // tmux may lose the last words of a pane that ends at once: then the next one says them.
    const said = async (name: string): Promise<string> => {
      const pane = await start(server, name, ["date;echo"]);
      await waitFor("the pane to end", async () => !(await server.terminal.isAlive(pane)));
      return readFile(join(server.dir, `${name}.log`), "utf8");
    };
    let log = "";
    for (let n = 1; log === "" && n <= 20; n += 1) log = await said(`one${n}`);
    expect(log).toContain("date;echo");
  });

  test("A-11 formats, dates, quotes and spaces in a log's path are only a path", async () => {
    const server = await testServer();
    const dir = join(server.dir, `a b'c"d #(touch never) #{pid} %H ~ $x \\`);
    mkdirSync(dir, { mode: 0o700 });
    const logPath = join(dir, "out.log");
    const pane = await server.terminal.startSession({
      name: "odd",
      argv: sleeper,
      cols: 80,
      rows: 24,
      logPath,
    });
    await waitFor("output", async () => (await readFile(logPath, "utf8")).includes("here"));
    expect(await readdir(dir)).toEqual(["out.log"]);
    expect(await server.terminal.isAlive(pane)).toBe(true);
  });

  test("A-11 text is typed from a folder with any name", async () => {
    const server = await testServer();
    const pasteDir = join(server.dir, `p 'q" #(touch never) #{pid} %H`);
    mkdirSync(pasteDir, { mode: 0o700 });
    const terminal = await Terminal.open({
      address: { kind: "own", socket: server.socket },
      session: null,
      env: TEST_ENV,
      pasteDir,
    });
    const recorder = await startRecorder(server);
    expect(await terminal.typeText(recorder.pane, { paste: "x", bracketed: false, enterAfterMs: null })).toBe(
      true,
    );
    await waitFor("the text", async () => (await recorder.text()) === "x");
    await terminal.close();
  });

  test.each(["", "Upper", "a b", "a.b", "a:b", "#(touch x)", "x".repeat(41), "ctm_hub", "-x;", "a=b"])(
    "%j is no name for a session",
    async (name) => {
      const server = await testServer();
      await expect(start(server, name)).rejects.toMatchObject({ code: "refused" });
    },
  );

  test("a name that is taken is told, and the session of that name is left alone", async () => {
    const server = await testServer();
    const pane = await start(server, "twin");
    await expect(start(server, "twin")).rejects.toMatchObject({
      code: "tmux-failed",
      message: expect.stringContaining("duplicate session"),
    });
    expect(await server.terminal.isAlive(pane)).toBe(true);
  });

  test("F14 twins by prefix: ending w-1 twice leaves w-10", async () => {
    const server = await testServer();
    const one = await start(server, "w-1");
    const ten = await start(server, "w-10");
    expect(await server.terminal.killSession("w-1", one)).toBe(true);
    expect(await server.terminal.killSession("w-1", one)).toBe(false);
    await expect(server.terminal.identify("w-1")).rejects.toMatchObject({ code: "not-found" });
    expect(await server.terminal.isAlive(one)).toBe(false);
    expect(await server.terminal.isAlive(ten)).toBe(true);
  });

  test("a session whose program was replaced is not ended by us", async () => {
    const server = await testServer();
    const pane = await start(server, "mine");
    await server.tmux("respawn-pane", "-k", "-t", pane.paneId, "sleep 1000");
    expect(await server.terminal.killSession("mine", pane)).toBe(false);
    expect(samePane(pane, await server.terminal.identify("mine"))).toBe(false);
  });

  test("F6 a session is known by the launch in its command, whatever runs in it by now", async () => {
    const server = await testServer();
    const script = join(server.dir, "o'clock $x", "launch-1", "launch.sh");
    mkdirSync(dirname(script), { recursive: true });
    writeFileSync(script, "exec sleep 1000");
    const pane = await start(server, "w-1", ["/bin/sh", script]);
    await waitFor("another program", async () =>
      (await server.terminal.listPanes()).some(({ program }) => program === "sleep"),
    );
    expect(await server.terminal.startedBy("w-1", "launch-1")).toEqual(pane);
    expect(await server.terminal.startedBy("w-1", "launch-2")).toBeNull();
    expect(await server.terminal.startedBy("w-10", "launch-1")).toBeNull();
  });

  test("F13 the end of a program is told without looking", async () => {
    const server = await testServer();
    const pane = await start(server, "short");
    let told = 0;
    const end = server.terminal.onWindowClosed(() => (told += 1));
    process.kill(pane.panePid, "SIGKILL");
    await waitFor("the news", () => told > 0);
    await waitFor("the end", async () => !(await server.terminal.isAlive(pane)));
    end();
  });

  test("what a pane shows, with what scrolled away, and who is on the server", async () => {
    const server = await testServer();
    const pane = await start(server, "many", [
      "/bin/sh",
      "-c",
      "seq 1 50; printf '%%end 1 2 1\\n%%exit\\n'; exec sleep 1000",
    ]);
    const screen = await waitFor("the screen", async () => {
      const lines = await server.terminal.capture(pane);
      return lines.includes("%exit") ? lines : null;
    });
    expect(screen).toHaveLength(20);
    expect(screen).toEqual(expect.arrayContaining(["50", "%end 1 2 1"]));
    expect(screen).not.toContain("1");
    expect(await server.terminal.capture(pane, 1_000)).toEqual(expect.arrayContaining(["1", "2", "50"]));
    expect(await server.terminal.listPanes()).toEqual([
      {
        session: "many",
        paneId: pane.paneId,
        panePid: pane.panePid,
        dead: false,
        piped: true,
        attached: 0,
        cols: 90,
        rows: 20,
        program: "sleep",
      },
    ]);
  });
});

describe("people", () => {
  /** A person's terminal: a client of the server inside a pane of another one. */
  async function attach(server: TestServer, session: string): Promise<() => Promise<void>> {
    const outer = await testServer();
    const argv = [
      "/usr/bin/env",
      "-u",
      "TMUX",
      "TERM=xterm",
      "tmux",
      "-S",
      server.socket,
      "attach",
      "-t",
      `=${session}`,
    ];
    const pane = await outer.terminal.startSession({
      name: "person",
      argv,
      cols: 60,
      rows: 15,
      logPath: join(outer.dir, "log"),
    });
    await waitFor("the person", async () =>
      (await server.terminal.listPanes()).some((info) => info.session === session && info.attached === 1),
    );
    return async () => {
      await outer.terminal.killSession("person", pane);
      await waitFor("the leave", async () =>
        (await server.terminal.listPanes()).every((info) => info.attached === 0),
      );
    };
  }

  test("F11 a person at the keyboard is seen, there and nowhere else; their terminal's size is undone", async () => {
    const server = await testServer();
    const pane = await start(server, "watched");
    const other = await start(server, "other");
    expect(await server.terminal.personActive(pane, 60_000)).toBe(false);
    const leave = await attach(server, "watched");
    expect(await server.terminal.personActive(pane, 60_000)).toBe(true);
    expect(await server.terminal.personActive(pane, -1)).toBe(false);
    expect(await server.terminal.personActive(other, 60_000)).toBe(false);
    const size = async () => (await server.terminal.listPanes()).find((info) => info.session === "watched");
    expect(await size()).toMatchObject({ cols: 60 });
    await leave();
    expect(await server.terminal.personActive(pane, 60_000)).toBe(false);
    await server.terminal.restoreSize(pane, 90, 20);
    expect(await size()).toMatchObject({ cols: 90, rows: 20 });
    // Restored, not pinned: the next person sees all of it in their own size.
    const leaveAgain = await attach(server, "watched");
    expect(await size()).toMatchObject({ cols: 60 });
    await leaveAgain();
  });
});

describe("losing the connection", () => {
  test("a killed client is replaced, its server is the same, and nobody is told of a death", async () => {
    const server = await testServer();
    const pane = await start(server, "kept");
    const gone: string[] = [];
    server.terminal.onServerGone((reason) => gone.push(reason));
    const [pid] = (await server.tmux("list-clients", "-F", "#{client_pid}")).split("\n");
    process.kill(Number(pid), "SIGKILL");
    // Commands in between fail or wait; they never hang.
    await waitFor("a new connection", async () => server.terminal.isAlive(pane).catch(() => false));
    // The server may answer for the old one until it has noticed its end.
    await waitFor("the new client", async () => {
      const clients = await server.tmux("list-clients", "-F", "#{client_pid}");
      return clients !== "" && !clients.split("\n").includes(pid ?? "");
    });
    expect(gone).toEqual([]);
    let told = 0;
    server.terminal.onWindowClosed(() => (told += 1));
    process.kill(pane.panePid, "SIGKILL");
    await waitFor("notifications on the new connection", () => told > 0);
  });

  test("F18 a pane that closed while the client was gone is told once there is another", async () => {
    const server = await testServer();
    const pane = await start(server, "short");
    await start(server, "kept");
    let told = 0;
    server.terminal.onWindowClosed(() => (told += 1));
    const [pid] = (await server.tmux("list-clients", "-F", "#{client_pid}")).split("\n");
    process.kill(Number(pid), "SIGKILL");
    process.kill(pane.panePid, "SIGKILL");
    await waitFor("the news", () => told > 0);
  });

  test("F15 a dead server is told once, a new one is there, and old identities match nothing on it", async () => {
    const server = await testServer();
    const old = await start(server, "worker");
    const gone: string[] = [];
    server.terminal.onServerGone((reason) => gone.push(reason));
    process.kill(server.terminal.server.pid, "SIGKILL");
    await waitFor("the news", () => gone.length > 0);
    const fresh = await start(server, "worker");
    expect(fresh.paneId).toBe(old.paneId);
    expect(await server.terminal.isAlive(old)).toBe(false);
    expect(await server.terminal.killSession("worker", old)).toBe(false);
    expect(await server.terminal.isAlive(fresh)).toBe(true);
    expect(gone).toHaveLength(1);
  });

  test("an adopted session that ends is told, and its server is not started again", async () => {
    const server = await testServer();
    await server.tmux("new-session", "-d", "-s", "persons", "sleep 1000");
    const foreign = await Terminal.open({
      address: { kind: "foreign", socket: server.socket },
      session: "persons",
      env: TEST_ENV,
      pasteDir: server.pasteDir,
    });
    const gone: string[] = [];
    foreign.onServerGone((reason) => gone.push(reason));
    await server.tmux("kill-session", "-t", "=persons");
    await waitFor("the news", () => gone.length > 0);
    await expect(foreign.listPanes()).rejects.toMatchObject({ code: "tmux-failed" });
    await foreign.close();
  });

  test("closing leaves programs running, and closed is closed", async () => {
    const server = await testServer();
    const pane = await start(server, "stays");
    await server.terminal.close();
    await expect(server.terminal.isAlive(pane)).rejects.toMatchObject({ code: "tmux-failed" });
    expect(await server.tmux("list-panes", "-a", "-F", "#{pane_pid}")).toContain(String(pane.panePid));
  });
});
