/** The corpus typed into a program in a pane: every byte arrives, and nothing else; and as names on a tmux server. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { loadConfig } from "../../src/config.ts";
import { HOSTILE_TEXTS, isTask, withLineFeeds } from "../support/hostile-texts.ts";
import { product } from "../support/product.ts";
import { startRecorder, testFolder, testServer } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";

const [OPEN, CLOSE] = ["\u001b[200~", "\u001b[201~"];

describe("hostile words in a pane", () => {
  test("A9, A10, A12 (ghostty GHSA-4jxv-xgrp-5m3r, xterm.js GHSA-h62m-39wp-xq3w, xterm CVE-2015-8971): every text of the corpus arrives byte for byte, in one frame", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    let expected = "";
    let previousAttempt = "";
    for (const [i, text] of HOSTILE_TEXTS.map((hostile) => hostile.text)
      .filter(isTask)
      .entries()) {
      const paste = withLineFeeds(text);
      const bracketed = i % 3 !== 0;
      const attemptId = `t-${i}`;
      const typing = {
        pane: recorder.pane,
        attemptId,
        previousAttempt,
        paste,
        bracketed,
        enterAfterMs: null,
      };
      expect((await server.terminal.type(typing)).kind).toBe("typed");
      previousAttempt = attemptId;
      expected += bracketed ? OPEN + paste + CLOSE : paste;
    }
    const bytes = Buffer.from(expected);
    await waitFor("all of it", async () => (await recorder.bytes()).length >= bytes.length);
    expect((await recorder.bytes()).equals(bytes)).toBe(true);
    expect(await server.tmux("list-sessions", "-F", "#{session_name}")).toContain("rec");
    expect(existsSync(join(server.dir, "PWNED"))).toBe(false);
  });

  test("A9: what is no task is refused by the typing itself, whoever asks, and nothing of it arrives", async () => {
    const server = await testServer();
    const recorder = await startRecorder(server);
    // A carriage return may be typed as the Enter it is, and blanks are text to a terminal; the size is the queue's matter.
    // oxlint-disable-next-line no-control-regex
    const forbidden = HOSTILE_TEXTS.filter(({ text }) =>
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.test(text),
    );
    expect(forbidden.length).toBeGreaterThan(40);
    for (const { text } of forbidden) {
      const typing = {
        pane: recorder.pane,
        attemptId: "a-1",
        previousAttempt: "",
        paste: text,
        bracketed: true,
        enterAfterMs: null,
      };
      await expect(server.terminal.type(typing)).rejects.toMatchObject({ code: "refused" });
    }
    expect(await server.terminal.sendKey(recorder.pane, "Tab")).toBe(true);
    await waitFor("a key", async () => (await recorder.bytes()).length > 0);
    expect(await recorder.text()).toBe("\t");
  });
});

describe("hostile words as names of sessions", () => {
  test("A11 (tmux expands `#(...)` in names): a session with any name is found under it, or told to be no agent's; nothing runs", async () => {
    const ctm = product({ workers: 0 });
    await ctm.serve(["--no-auto"]);
    const kinds = new Set(["tmux", "shell", "combined", "flag"]);
    const names = HOSTILE_TEXTS.filter(
      ({ kind, text }) => kinds.has(kind) && /^[^\p{Cc}\p{Cs}]{1,150}$/u.test(text),
    );
    // Doubled, a format stands for itself: whoever starts the session is not attacked, we shall be.
    const sessions = names.flatMap(({ text }) => [
      "new-session",
      "-d",
      "-s",
      text.replaceAll("#", "##").replace(/;$/, "\\;"),
      "cat",
      ";",
    ]);
    await ctm.defaultTmux("new-session", "-d", "-s", "first", "cat");
    for (let at = 0; at < sessions.length; at += 6) await ctm.defaultTmux(...sessions.slice(at, at + 5));
    const there = (await ctm.defaultTmux("list-sessions", "-F", "#{session_name}")).split("\n");
    expect(there.length).toBeGreaterThan(50);
    for (const session of there.filter((name) => name.trim() !== "")) {
      const refusal = await ctm.ask("adopt", { session }, null).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CtmError);
      const says = `no known agent is in front in session ${session}: cat is in front`;
      expect((refusal as CtmError).message).toBe(says);
    }
    expect(existsSync(join(ctm.work, "PWNED"))).toBe(false);
    expect(await ctm.workers()).toEqual([]);
  });

  test("A11: names nobody has are told to be nobody's, in one sentence", async () => {
    const ctm = product({ workers: 0 });
    await ctm.serve(["--no-auto"]);
    await ctm.defaultTmux("new-session", "-d", "-s", "first", "cat");
    for (const { text } of HOSTILE_TEXTS.filter(
      ({ kind }) => kind === "tmux" || kind === "flag" || kind === "terminal",
    )) {
      const refusal = await ctm.ask("adopt", { session: text }, null).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CtmError);
      expect((refusal as CtmError).code).toMatch(/^(usage|not-found|tmux-failed|refused)$/);
    }
    expect(await ctm.defaultTmux("list-sessions", "-F", "#{session_name}")).toBe("first");
  });
});

describe("hostile words in the configuration", () => {
  test("A32: a value is kept as it is, or its key is named and the value not repeated", async () => {
    const folder = await testFolder();
    const file = join(folder, "ctm.json");
    for (const { text } of HOSTILE_TEXTS.filter((hostile) => hostile.text.length < 20_000)) {
      const env = { WORD: text };
      const written = {
        workers: { cwd: text },
        routes: { ui: { name: text, model: text } },
        agents: { claude: { command: ["x", text], env } },
      };
      writeFileSync(file, JSON.stringify(written), { mode: 0o600 });
      const loaded = await loadConfig({
        overrides: { configFile: file },
        env: { HOME: folder },
        cwd: folder,
      }).catch((error: unknown) => error);
      if (loaded instanceof CtmError) {
        expect(loaded.code).toBe("config");
        for (const fault of [loaded.message, ...loaded.details])
          expect(fault).toMatch(/^[^\p{Cc}\p{Cs}]{5,400}$/u);
      } else {
        expect(loaded).toMatchObject({
          routes: { ui: { name: text, model: text } },
          agents: { claude: { command: ["x", text], env } },
        });
      }
    }
  });
});
