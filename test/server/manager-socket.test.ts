import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { messageMaxBytes } from "../../src/base/limits.ts";
import { openManagerSocket } from "../../src/server/manager-socket.ts";
import { connectManager, type RemoteHost } from "../../src/server/remote-host.ts";
import { fakeHost, type FakeHost } from "../support/fake-host.ts";
import { waitFor } from "../support/wait-for.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ctm-socket-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startManager(
  path = join(newFolder(), "manager.sock"),
): Promise<{ path: string; host: FakeHost }> {
  const host = fakeHost();
  const socket = await openManagerSocket({ path, host, version: "1.2.3" });
  onTestFinished(() => socket.close());
  return { path, host };
}

async function connected(path: string): Promise<RemoteHost> {
  const remote = await connectManager(path);
  if (remote === null) throw new Error("nobody listens");
  onTestFinished(() => remote.close());
  return remote;
}

/** A caller that knows nothing of our protocol. */
async function rawCaller(path: string): Promise<{ socket: Socket; said(): string; ended: Promise<void> }> {
  const socket = connect(path);
  let said = "";
  socket.on("data", (bytes) => (said += bytes.toString()));
  socket.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  onTestFinished(() => void socket.destroy());
  await waitFor("the greeting", () => said.includes("\n"));
  return { socket, said: () => said, ended };
}

describe("the manager's socket", () => {
  it("is private from the start, whatever the umask", async () => {
    const folder = join(newFolder(), "state");
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const { path } = await startManager(join(folder, "manager.sock"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(process.umask(0)).toBe(0);
  });

  it("carries commands and their answers, errors with code and details", async () => {
    const { path } = await startManager();
    const remote = await connected(path);
    expect(remote.managerPid).toBe(process.pid);
    expect(await remote.run("echo", { text: "Grüße\n\u2028 \u0000 \ud83d\ude00" })).toEqual({
      text: "Grüße\n\u2028 \u0000 \ud83d\ude00",
    });
    await expect(remote.run("fail", {})).rejects.toMatchObject({
      code: "not-found",
      message: "no task 7",
      details: ["look again"],
    });
    await expect(remote.run("crash", {})).rejects.toThrow("unexpected: a bug");
    expect(await remote.run("echo", { still: "there" })).toEqual({ still: "there" });
  });

  it("answers many callers and many calls at once, each with its own", async () => {
    const { path } = await startManager();
    const remotes = await Promise.all(Array.from({ length: 8 }, () => connected(path)));
    const calls = remotes.flatMap((remote, at) =>
      Array.from({ length: 40 }, async (_, n) =>
        expect(await remote.run("echo", { at, n })).toEqual({ at, n }),
      ),
    );
    await Promise.all(calls);
  });

  it("carries messages larger than a line, both ways", async () => {
    const { path } = await startManager();
    const remote = await connected(path);
    const text = '\u0001ß"'.repeat(2 * messageMaxBytes);
    const answer = (await remote.run("echo", { text })) as { text: string };
    expect(answer.text === text).toBe(true);
  });

  it("streams items until told to stop, and stops when the caller goes away", async () => {
    const { path, host } = await startManager();
    const remote = await connected(path);
    const items: unknown[] = [];
    const following = remote.follow("watch", {}, (item) => items.push(item));
    await waitFor("the follower", () => host.followers.size === 1);
    host.emit({ n: 1 });
    host.emit({ n: 2 });
    await waitFor("two items", () => items.length === 2);
    expect(items).toEqual([{ n: 1 }, { n: 2 }]);
    following.stop();
    await following.done;
    expect(host.followers.size).toBe(0);

    const other = await connected(path);
    other.follow("watch", {}, () => undefined).done.catch(() => undefined);
    await waitFor("the second follower", () => host.followers.size === 1);
    other.close();
    await waitFor("the end of the second follower", () => host.followers.size === 0);
  });

  it("cuts a follower that does not read, and goes on with the others", async () => {
    const { path, host } = await startManager();
    const slow = await rawCaller(path);
    slow.socket.write('{"id":1,"command":"watch","follow":true}\n');
    await waitFor("the slow follower", () => host.followers.size === 1);
    slow.socket.pause();
    const item = "x".repeat(1024 * 1024);
    for (let sent = 0; sent < 64 && host.followers.size === 1; sent++) {
      host.emit(item);
      await new Promise((turn) => setImmediate(turn));
    }
    await waitFor("the cut", () => host.followers.size === 0);
    const remote = await connected(path);
    expect(await remote.run("echo", { ok: 1 })).toEqual({ ok: 1 });
  });

  it.each([
    ["no JSON", "hello\n"],
    ["a tmux escape", "\u001b]0;x\u0007\u001b[2J\n"],
    ["half of JSON", '{"id":1,\n'],
    ["an array", "[1,2]\n"],
    ["a number", "7\n"],
    ["no id", '{"command":"echo"}\n'],
    ["a bad id", '{"id":0,"command":"echo"}\n'],
    ["an unknown key", '{"id":1,"command":"echo","run":"rm"}\n'],
    ["a command that is none", '{"id":1,"command":7}\n'],
    ["an input that is no object", '{"id":1,"command":"echo","input":[]}\n'],
    ["a broken part", '{"last":"{"}\n'],
    ["deep nesting", `${"[".repeat(200_000)}\n`],
    ["an HTTP request", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ])("answers %s with an error, hangs up, and goes on", async (_what, bytes) => {
    const { path, host } = await startManager();
    const caller = await rawCaller(path);
    caller.socket.write(bytes);
    await caller.ended;
    expect(caller.said()).toMatch(/"error":\{"code":"usage"/);
    expect(host.calls).toEqual([]);
    const remote = await connected(path);
    expect(await remote.run("echo", { ok: 1 })).toEqual({ ok: 1 });
  });

  it.each([
    ["without an end", (socket: Socket) => socket.write("x".repeat(messageMaxBytes + 10))],
    ["of random bytes", (socket: Socket) => socket.write(Buffer.alloc(messageMaxBytes + 10, 0xff))],
  ])("hangs up on a line %s", async (_what, write) => {
    const { path } = await startManager();
    const caller = await rawCaller(path);
    write(caller.socket);
    await caller.ended;
    expect(caller.said()).toContain("is longer than");
  });

  it("bounds the calls of one caller that are under way", async () => {
    const { path } = await startManager();
    const caller = await rawCaller(path);
    const lines = Array.from({ length: 100 }, (_, at) => `{"id":${at + 1},"command":"never"}\n`);
    caller.socket.write(lines.join(""));
    await waitFor("the refusals", () => caller.said().split("at most 64 requests at once").length === 37);
  });

  it("replaces a socket that a killed manager left behind", async () => {
    const path = join(newFolder(), "manager.sock");
    const script =
      "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    spawnSync(process.execPath, ["-e", script, path]);
    expect(existsSync(path)).toBe(true);
    expect(await connectManager(path)).toBeNull();
    await startManager(path);
    expect(await (await connected(path)).run("echo", {})).toEqual({});
  });

  it("leaves a file that is no socket alone", async () => {
    const path = join(newFolder(), "manager.sock");
    writeFileSync(path, "mine");
    await expect(openManagerSocket({ path, host: fakeHost(), version: "1" })).rejects.toMatchObject({
      code: "refused",
    });
    expect(existsSync(path)).toBe(true);
  });

  it("closes a folder of ours that others could look into", async () => {
    const folder = join(newFolder(), "open");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    await startManager(join(folder, "manager.sock"));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});

describe("a client of the manager", () => {
  it("finds nobody where there is no socket", async () => {
    expect(await connectManager(join(newFolder(), "none.sock"))).toBeNull();
  });

  it("is told that the outcome is not known when the manager goes away", async () => {
    const path = join(newFolder(), "manager.sock");
    const socket = await openManagerSocket({ path, host: fakeHost(), version: "1" });
    const remote = await connected(path);
    const failed = remote.run("never", {}).catch((error: unknown) => error);
    await remote.run("echo", {});
    await socket.close();
    expect(await failed).toMatchObject({ code: "io", message: expect.stringContaining("not known") });
    await remote.closed;
    await expect(remote.run("echo", {})).rejects.toMatchObject({ code: "io" });
  });

  it.each([
    ["another version", '{"hello":{"protocol":99,"version":"9","pid":1}}\n', "another version of ctm"],
    ["a stranger", "220 smtp ready\n", "not JSON"],
    ["one that hangs up", "", "went away"],
  ])("refuses %s at the other end", async (_what, greeting, expected) => {
    const path = join(newFolder(), "manager.sock");
    const server = createServer((socket) => void socket.end(greeting)).listen(path);
    onTestFinished(() => void server.close());
    await waitFor("the stranger's socket", () => existsSync(path));
    await expect(connectManager(path)).rejects.toThrow(expected);
  });
});
