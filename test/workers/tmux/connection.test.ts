import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ConnectionOptions, requireTmux, TmuxConnection } from "../../../src/workers/tmux/connection.ts";
import { TEST_ENV, testFolder, testServer, type TestServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function connect(server: TestServer, change: Partial<ConnectionOptions> = {}): Promise<TmuxConnection> {
  const connection = await TmuxConnection.open({
    address: { kind: "own", socket: server.socket },
    session: null,
    env: TEST_ENV,
    ...change,
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** A `tmux` on a PATH of its own that says this when asked for its version. */
async function pathWithTmux(script: string | null): Promise<string> {
  const bin = join(await testFolder(), "bin");
  mkdirSync(bin);
  if (script !== null) {
    writeFileSync(join(bin, "tmux"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, "tmux"), 0o700);
  }
  return bin;
}

describe("commands", () => {
  test("lines come back, failures are told with tmux's words, and neither disturbs the next", async () => {
    const connection = await connect(await testServer());
    expect(await connection.command("display-message -p one ; display-message -p two")).toEqual([
      "one",
      "two",
    ]);
    await expect(connection.command("paste-buffer -b nothing")).rejects.toMatchObject({
      code: "tmux-failed",
      message: expect.stringContaining("no buffer nothing"),
    });
    await expect(connection.command("nonsense {")).rejects.toMatchObject({ code: "tmux-failed" });
    expect(await connection.command("display-message -p three")).toEqual(["three"]);
  });

  test("answers stay with their questions, a thousand at once", async () => {
    const connection = await connect(await testServer());
    const numbers = Array.from({ length: 900 }, (_, i) => i);
    const ask = (i: number) =>
      i % 7 === 0
        ? connection.command("nonsense").catch(() => ["failed"])
        : connection.command(`display-message -p n${i}`);
    expect(await Promise.all(numbers.map(ask))).toEqual(
      numbers.map((i) => [i % 7 === 0 ? "failed" : `n${i}`]),
    );
  });

  test.each(["", "  ", "a\nb", "a\rb", "a\0b"])(
    "%j is no line: it would end the connection or begin another command",
    async (line) => {
      const connection = await connect(await testServer());
      expect(() => connection.batch([line])).toThrow("one line");
      expect(await connection.command("display-message -p alive")).toEqual(["alive"]);
    },
  );

  test("what the server runs by itself is no answer to us", async () => {
    const server = await testServer();
    const connection = await connect(server);
    await connection.command('run-shell -b -d 0.01 -C "display-message -p foreign ; set-option -g @ran 1"');
    await waitFor("the delayed command", async () => {
      const lines = await connection.command('display-message -p "[#{@ran}]"');
      expect(["[]", "[1]"]).toContain(lines.join());
      return lines[0] === "[1]";
    });
  });

  test("F18 a stopped server does not hang us, and answers again when it goes on", async () => {
    const server = await testServer();
    const connection = await connect(server, { commandTimeoutMs: 200 });
    const { pid } = connection.server;
    process.kill(pid, "SIGSTOP");
    try {
      await expect(connection.command("display-message -p x")).rejects.toMatchObject({
        code: "tmux-failed",
        message: expect.stringContaining("200 ms"),
      });
      await expect(connect(server, { commandTimeoutMs: 200 })).rejects.toMatchObject({ code: "tmux-failed" });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await waitFor("an answer", () =>
      connection.command("display-message -p y").then(
        ([line]) => line === "y",
        () => false,
      ),
    );
  });
});

describe("coming and going", () => {
  test("closing ends our client and leaves the server", async () => {
    const server = await testServer();
    const connection = await connect(server);
    const pid = connection.clientPid ?? 0;
    await connection.close();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await expect(connection.command("display-message -p x")).rejects.toMatchObject({ code: "tmux-failed" });
    expect(await server.tmux("display-message", "-p", "#{pid}")).toBe(String(server.terminal.server.pid));
  });

  test("F15 the death of the server is noticed, and commands under way fail", async () => {
    const server = await testServer();
    const connection = await connect(server);
    process.kill(connection.server.pid, "SIGSTOP");
    const underWay = connection.command("display-message -p x");
    process.kill(connection.server.pid, "SIGKILL");
    await expect(underWay).rejects.toMatchObject({ code: "tmux-failed" });
    await connection.closed;
    expect(connection.closedBecause).toContain("server exited");
  });

  test("F33 no tmux, an old one, and one that cannot listen there are told apart", async () => {
    const missing = { PATH: await pathWithTmux(null) };
    await expect(requireTmux(missing)).rejects.toMatchObject({
      code: "tmux-missing",
      message: expect.stringContaining("sh scripts/setup.sh"),
    });
    const old = { PATH: await pathWithTmux("echo tmux 3.1c") };
    await expect(requireTmux(old)).rejects.toMatchObject({
      code: "tmux-too-old",
      message: expect.stringContaining("3.1c"),
    });
    const broken = {
      PATH: `${await pathWithTmux('case $1 in -V) echo tmux 3.4 ;; *) echo "no can do" >&2; exit 1 ;; esac')}:/usr/bin:/bin`,
    };
    const address = { kind: "own" as const, socket: join(await testFolder(), "s") };
    await expect(TmuxConnection.open({ address, session: null, env: broken })).rejects.toMatchObject({
      code: "tmux-failed",
      message: expect.stringContaining("no can do"),
    });
  });

  test.each(["relative", `/${"x".repeat(120)}`, "/a\0b"])("%j is no path for a socket", async (socket) => {
    await expect(
      TmuxConnection.open({ address: { kind: "own", socket }, session: null, env: TEST_ENV }),
    ).rejects.toMatchObject({ code: "refused" });
  });

  test("a foreign server is never started by us", async () => {
    const socket = join(await testFolder(), "none");
    await expect(
      TmuxConnection.open({ address: { kind: "foreign", socket }, session: "x", env: TEST_ENV }),
    ).rejects.toMatchObject({ code: "tmux-failed" });
    expect(existsSync(socket)).toBe(false);
  });
});

describe("what the server is told of us", () => {
  test("A24 neither secrets of our environment nor TMUX reach it, its panes or any command line", async () => {
    const server = await testServer();
    const socket = join(server.dir, "other");
    const secret = "canary-sk-0123456789";
    const env = {
      ...TEST_ENV,
      ANTHROPIC_API_KEY: secret,
      TMUX: "/nowhere,1,0",
      SSH_AUTH_SOCK: secret,
      DISPLAY: secret,
    };
    const connection = await TmuxConnection.open({ address: { kind: "own", socket }, session: null, env });
    onTestFinished(async () => {
      await connection.batch(["kill-server"]).catch(() => undefined);
      await connection.close();
    });
    await connection.command("new-session -d -s s");
    const shown = [
      await connection.command("show-environment -g"),
      await connection.command("show-environment -t s"),
    ].flat();
    expect(shown.join("\n")).not.toMatch(/canary|nowhere|ANTHROPIC/);
    const environ = await readFile(`/proc/${connection.server.pid}/environ`, "utf8");
    expect(environ).not.toMatch(/canary|nowhere/);
    expect(await readFile(`/proc/${connection.server.pid}/cmdline`, "utf8")).not.toContain("canary");
  });

  test("A14 a program cannot plant a paste buffer, nor reach the clipboard", async () => {
    const connection = await connect(await testServer());
    expect(await connection.command("show-options -sv set-clipboard")).toEqual(["off"]);
    expect(await connection.command("show-options -gv update-environment")).toEqual([]);
    expect(await connection.command("show-options -gv remain-on-exit")).toEqual(["off"]);
  });

  test("attaching to a person's session changes neither its size nor its environment", async () => {
    const server = await testServer();
    await server.tmux("set-option", "-g", "update-environment", "SSH_AUTH_SOCK DISPLAY");
    await server.tmux(
      "new-session",
      "-d",
      "-s",
      "persons",
      "-x",
      "123",
      "-y",
      "45",
      "-e",
      "SSH_AUTH_SOCK=theirs",
    );
    const before = await server.tmux("show-environment", "-t", "persons");
    const foreign = await connect(server, {
      address: { kind: "foreign", socket: server.socket },
      session: "persons",
    });
    expect(
      await foreign.command('display-message -p "#{session_name} #{window_width}x#{window_height}"'),
    ).toEqual(["persons 123x45"]);
    expect(await server.tmux("show-environment", "-t", "persons")).toBe(before);
    expect(await server.tmux("list-sessions", "-F", "#{session_name}")).toBe("ctm_hub\npersons");
  });
});
