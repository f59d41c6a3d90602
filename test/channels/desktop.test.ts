import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { desktopChannel, desktopProgram, type Desktop } from "../../src/channels/desktop.ts";

const DELIVERY = {
  id: "m",
  severity: "critical",
  title: "--help",
  lines: ["<b>$(x)</b> & y", "- z"],
  json: "{}",
} as const;
let folder: string;
let program: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-desktop-"));
  program = join(folder, "notify");
  writeFileSync(
    program,
    `#!/bin/sh\nfor word in "$@"; do printf '%s\\0' "$word"; done > "$TOLD"\nexit $CODE\n`,
  );
  chmodSync(program, 0o700);
});
afterEach(() => rmSync(folder, { recursive: true }));

const on = (platform: string, env: Record<string, string> = {}): Desktop => ({
  platform,
  env: { DISPLAY: ":9", TOLD: join(folder, "told"), CODE: "0", ...env },
  find: () => program,
});
const said = (): string[] => readFileSync(join(folder, "told"), "utf8").split("\0").slice(0, -1);

it("Linux is told by notify-send, as words of its own and with its markup taken out", async () => {
  expect(await desktopChannel("info", on("linux"))?.deliver(DELIVERY)).toEqual({ kind: "done" });
  expect(said()).toEqual([
    "--app-name=ctm",
    "--urgency=critical",
    "--",
    "ctm: --help",
    "&lt;b&gt;$(x)&lt;/b&gt; &amp; y\n- z",
  ]);
});

it("macOS is told by a script that takes them as arguments", async () => {
  expect(await desktopChannel("info", on("darwin"))?.deliver(DELIVERY)).toEqual({ kind: "done" });
  expect(said().slice(-2)).toEqual(["ctm: --help", "<b>$(x)</b> & y\n- z"]);
  expect(said().filter((word) => word.includes("$(x)"))).toHaveLength(1);
});

it("a desktop that refuses is a failure", async () => {
  const channel = desktopChannel("info", on("linux", { CODE: "1" }));
  expect(await channel?.deliver(DELIVERY)).toEqual({ kind: "failed", fault: "the desktop refused it" });
});

it("where there is no desktop there is no channel, and it says why", () => {
  const headless = on("linux", { DISPLAY: "" });
  expect(desktopChannel("info", headless)).toBeNull();
  expect(desktopProgram(headless)).toEqual({ fault: expect.stringContaining("no desktop") });
  const bare = { ...on("linux"), find: () => null };
  expect(desktopProgram(bare)).toEqual({ fault: "notify-send is not on the PATH" });
});
