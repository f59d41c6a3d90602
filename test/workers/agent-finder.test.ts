import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { chooseAgent, findProgram, askProgram } from "../../src/workers/agent-finder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ctm-finder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, text = "#!/bin/sh\necho 1.2.3\n"): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

describe("finding a program", () => {
  test("the first folder of the path that has it wins, links are followed", async () => {
    const first = await program("a/claude");
    await program("b/claude");
    await symlink(first, join(folder, "linked"));
    expect(findProgram("claude", `/nowhere:${folder}/a:${folder}/b`, "/")).toBe(first);
    expect(findProgram("linked", folder, "/")).toBe(join(folder, "linked"));
  });

  test("folders, files without the right to run, and relative folders of the path do not count", async () => {
    await mkdir(join(folder, "claude"));
    await writeFile(join(folder, "codex"), "", { mode: 0o644 });
    await program("sub/tool");
    expect(findProgram("claude", folder, folder)).toBeNull();
    expect(findProgram("codex", folder, folder)).toBeNull();
    for (const path of ["sub", "", ".", ":"])
      expect(findProgram("tool", path, join(folder, "sub"))).toBeNull();
  });

  test("a name with a slash is a path; an empty or hostile one is nothing", async () => {
    const path = await program("own/tool");
    expect(findProgram("own/tool", "", folder)).toBe(path);
    expect(findProgram(path, "", "/")).toBe(path);
    expect(findProgram("", folder, folder)).toBeNull();
    expect(findProgram("a\0b", folder, folder)).toBeNull();
  });
});

test.each([
  [["claude", "codex"], "claude"],
  [["codex"], "codex"],
  [["shell"], "rehearsal"],
])("with %j installed, auto is %s", (installed, kind) => {
  const choice = chooseAgent((wanted) => (installed.includes(wanted) ? `/bin/${wanted}` : null));
  expect(choice.kind).toBe(kind);
  expect(choice.because).toContain(kind);
});

describe("asking for the version", () => {
  test("the first line counts, control characters are dropped", async () => {
    const path = await program("tool", "#!/bin/sh\nprintf '\\033[1m9.9 (Tool)\\nmore\\n'\n");
    expect(await askProgram(path, ["--version"], {})).toEqual({ answer: "[1m9.9 (Tool)" });
  });

  test("it gets the given environment and nothing else", async () => {
    const path = await program("tool", '#!/bin/sh\necho "${HOME-none} ${PATH_OF_SECRET-none}"\n');
    process.env["PATH_OF_SECRET"] = "s";
    try {
      expect(await askProgram(path, ["--version"], { HOME: "/h" })).toEqual({ answer: "/h none" });
    } finally {
      delete process.env["PATH_OF_SECRET"];
    }
  });

  test("failing, silent and impossible programs are faults", async () => {
    expect(
      await askProgram(await program("fails", "#!/bin/sh\necho why >&2\nexit 3\n"), ["--version"], {}),
    ).toEqual({
      fault: "exit code 3: why",
    });
    expect(await askProgram(await program("silent", "#!/bin/sh\n"), ["--version"], {})).toEqual({
      fault: "it printed nothing",
    });
    expect(await askProgram(join(folder, "absent"), ["--version"], {})).toEqual({
      fault: expect.stringContaining("ENOENT"),
    });
  });
});
