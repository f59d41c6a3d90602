import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { removeFolder } from "../support/remove-folder.ts";

const root = new URL("../..", import.meta.url).pathname;

const PROGRAMS = ["program.cjs", "usage-program.cjs"];

it.each(PROGRAMS)("%s is read as one byte a character, and has no others", (program) => {
  const text = readFileSync(join(productFolder(), program), "latin1");
  expect(text.match(/[^\x00-\x7f]/g)).toBeNull();
});

it("characters beyond are written as what they are", () => {
  const text = readFileSync(join(productFolder(), "program.cjs"), "latin1");
  // What agents draw is known by such characters.
  expect(text).toContain("\\u2500{10,}");
});

describe("what V8 made of the program when it was built", () => {
  it.each(PROGRAMS)("is taken by the Node that built it (%s)", (program) => {
    const file = join(productFolder(), program);
    const cachedData = readFileSync(`${file}.cache`);
    const script = new Script(readFileSync(file, "latin1"), { filename: file, cachedData });
    expect(script.cachedDataRejected).toBe(false);
  });

  it("is done without where it is broken or missing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ctm-dist-"));
    onTestFinished(() => removeFolder(folder));
    cpSync(productFolder(), join(folder, "dist"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    mkdirSync(join(folder, "home"));
    const options = { cwd: folder, env: { HOME: join(folder, "home") }, reject: false } as const;
    const ctm = (...words: string[]) => execa("node", [join(folder, "dist/ctm.cjs"), ...words], options);
    const isAsked = async () => {
      expect(await ctm("--json", "tasks")).toMatchObject({ stdout: "[]", stderr: "", exitCode: 0 });
      expect(await ctm("usage", "--csv")).toMatchObject({ stderr: "", exitCode: 0 });
    };
    for (const program of PROGRAMS)
      writeFileSync(join(folder, `dist/${program}.cache`), "made by another one");
    await isAsked();
    rmSync(join(folder, ".ctm"), { recursive: true, force: true });
    for (const program of PROGRAMS) rmSync(join(folder, `dist/${program}.cache`));
    await isAsked();
  });
});
