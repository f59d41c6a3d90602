/** The worked example of the README, as it stands there: agents that only a configuration declares, in real panes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { testFolder } from "../support/tmux-server.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

it("the README's agents of one's own do their tasks, fail, and are booked by their record", async () => {
  const section = README.slice(README.indexOf("### An agent of your own"));
  const folder = await testFolder();
  writeFileSync(join(folder, "notebot.sh"), blockOf(section, "sh"));
  writeFileSync(join(folder, "ctm.yaml"), blockOf(section, "yaml"), { mode: 0o600 });
  const socket = join(folder, "state", "tmux.sock");
  onTestFinished(async () => void (await execa("tmux", ["-S", socket, "kill-server"], { reject: false })));
  const ctm = (args: readonly string[], input = "") =>
    execa(
      process.execPath,
      [join(productFolder(), "ctm.js"), "--state-dir", join(folder, "state"), ...args],
      {
        cwd: folder,
        env: {
          PATH: process.env["PATH"] ?? "",
          HOME: folder,
          TMUX_TMPDIR: folder,
          LANG: "C.UTF-8",
          TERM: "xterm",
        },
        extendEnv: false,
        reject: false,
        timeout: 60_000,
        input,
      },
    );

  const texts = [
    "write it down",
    "fail this one",
    "and this\nwith a second line; $(touch made) `touch made`",
  ];
  const notes = await ctm(
    ["batch", "-"],
    texts.map((text) => JSON.stringify({ text, type: "coding" })).join("\n"),
  );
  expect(notes.stdout + notes.stderr).toContain("Completed:    2 of 3");
  const attempts = async (id: number) =>
    (JSON.parse((await ctm(["show", String(id), "--json"])).stdout) as { attempts: Attempt[] }).attempts;
  const spent = { tokens: { value: 128, source: "actual" } };
  expect(await attempts(1)).toMatchObject([{ outcome: "completed", ...spent }]);
  expect(await attempts(2)).toMatchObject([
    { outcome: expect.stringContaining("notebot: failed: fail this one") },
  ]);
  expect(await attempts(3)).toMatchObject([{ outcome: "completed", ...spent }]);

  const counted = await ctm(
    ["--agent", "counter", "batch", "-"],
    JSON.stringify({ text: "one two\nthree $(x) four", type: "coding" }),
  );
  expect(counted.stdout + counted.stderr).toContain("Completed:    1 of 1");
  expect(await attempts(4)).toMatchObject([{ outcome: "completed" }]);

  expect((await ctm(["add", "--agent", "notebto", "x"])).stderr).toContain("did you mean notebot?");
}, 240_000);

interface Attempt {
  readonly outcome: string;
  readonly tokens: { readonly value: number | null; readonly source: string };
}

function blockOf(section: string, language: string): string {
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1];
  expect(block, `a block of ${language}`).toBeDefined();
  return block ?? "";
}
