/** One pane on a tmux server of the test's own: for tests of what runs inside it, not of how we drive tmux. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { isThere } from "./is-there.ts";
import { waitFor } from "./wait-for.ts";
import { removeFolder } from "./remove-folder.ts";

export interface Pane {
  /** Pastes text as the product does: through a buffer loaded from a file. */
  paste(text: string, bracketed: boolean): Promise<void>;
  key(name: string): Promise<void>;
  capture(): Promise<readonly string[]>;
  /** Is the pane's process still there? */
  alive(): Promise<boolean>;
  /** Everything the program wrote, escape sequences included. */
  readonly outputFile: string;
}

export interface PaneOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program as the root process of a pane, 200 x 50, and kills the whole server when the test ends. */
export async function startPane(options: PaneOptions): Promise<Pane> {
  const dir = await mkdtemp(join(tmpdir(), "ctm-pane-"));
  const socket = join(dir, "tmux");
  const outputFile = join(dir, "output");
  const tmux = (...args: string[]) =>
    execa("tmux", ["-S", socket, "-f", "/dev/null", "-u", ...args], {
      extendEnv: false,
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", TERM: "xterm-256color", LANG: "C.UTF-8" },
      stripFinalNewline: false,
      timeout: 20_000,
    });
  let pid = 0;
  onTestFinished(async () => {
    await tmux("kill-server").catch(() => undefined);
    // A program may still write into its home while it ends, which is about to be removed.
    if (pid > 0) await waitFor("the end of the program", () => !isThere(pid)).catch(() => undefined);
    await removeFolder(dir);
  });

  const env = Object.entries(options.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const program = ["--", ...options.argv];
  await tmux(
    ...["new-session", "-d", "-s", "pane", "-x", "200", "-y", "50", "-c", options.cwd, ...env, ...program],
    ...[";", "pipe-pane", "-t", "pane", "-O", `cat >> '${outputFile}'`],
  );
  pid = Number(
    (await tmux("display-message", "-p", "-t", "pane", "#{pane_pid}").catch(() => null))?.stdout ?? 0,
  );
  let pastes = 0;
  return {
    outputFile,
    paste: async (text, bracketed) => {
      const file = join(dir, `paste-${++pastes}`);
      await writeFile(file, text, { mode: 0o600 });
      const flags = bracketed ? ["-d", "-r", "-p"] : ["-d", "-r"];
      await tmux(
        "load-buffer",
        "-b",
        "text",
        file,
        ";",
        "paste-buffer",
        ...flags,
        "-b",
        "text",
        "-t",
        "pane",
      );
    },
    key: async (name) => void (await tmux("send-keys", "-t", "pane", name)),
    capture: async () => (await tmux("capture-pane", "-p", "-t", "pane")).stdout.split("\n"),
    alive: async () => (await tmux("has-session", "-t", "pane").catch(() => null)) !== null,
  };
}
