import { existsSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { recreateSocket } from "../../../src/workers/tmux/lost-socket.ts";
import { Terminal } from "../../../src/workers/tmux/terminal.ts";
import { startRecorder, TEST_ENV, testServer } from "../../support/tmux-server.ts";

/** The server is found by its arguments, which `/proc` shows, which is Linux's. */
describe.skipIf(process.platform !== "linux")("a server whose socket was removed (found in /proc)", () => {
  it("makes it again, and is the same server with the same panes", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    rmSync(server.socket);
    expect(await server.tmux("list-panes", "-a")).toBe("");
    const again = await Terminal.open({
      address: { kind: "own", socket: server.socket },
      session: null,
      env: TEST_ENV,
      pasteDir: server.pasteDir,
    });
    expect(again.server).toEqual(server.terminal.server);
    expect(await again.isAlive(pane)).toBe(true);
    await again.close();
  });

  it("is left alone while its socket is there; nobody is told where none has listened", async () => {
    const server = await testServer();
    expect(await recreateSocket(server.socket)).toBe(false);
    expect(await recreateSocket(`${server.socket}-other`)).toBe(false);
    expect(existsSync(`${server.socket}-other`)).toBe(false);
  });

  it("can be reached by others again after the next sweep of a manager that never noticed", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    rmSync(server.socket);
    await server.terminal.keepReachable();
    expect(await server.tmux("list-panes", "-a", "-F", "#{pane_id}")).toContain(pane.paneId);
  });
});
