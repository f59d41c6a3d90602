import { describe, expect, it } from "vitest";
import { startRecorder, testServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("keys", () => {
  it("arrive as the bytes they stand for, each once", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    const keys = ["Enter", "Tab", "Up", "Down", "C-u", "C-c", "Escape"];
    for (const key of keys) expect(await server.terminal.sendKey(recorder.pane, key)).toBe(true);
    const expected = "\r\t\u001b[A\u001b[B\u0015\u0003\u001b";
    expect(
      await waitFor("the last key", async () => {
        const text = await recorder.text();
        return text.length >= expected.length ? text : null;
      }),
    ).toBe(expected);
  });

  it("of other names are never pressed", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    for (const key of ["F1", "up", "C-", "C-1", "", "Enter; kill-server"])
      await expect(server.terminal.sendKey(recorder.pane, key)).rejects.toThrow(
        /not one that is ever pressed/,
      );
  });
});
