import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { removeFolder } from "../support/remove-folder.ts";

const root = new URL("../..", import.meta.url).pathname;

it("the program is read as one byte a character, and has no others", () => {
  const text = readFileSync(join(productFolder(), "program.cjs"), "latin1");
  expect(text.match(/[^\x00-\x7f]/g)).toBeNull();
  // What agents draw is known by such characters.
  expect(text).toContain("\\u2500{10,}");
});

describe("what V8 made of the program when it was built", () => {
  it("is taken by the Node that built it", () => {
    const file = join(productFolder(), "program.cjs");
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
    const tasks = () => execa("node", [join(folder, "dist/ctm.cjs"), "--json", "tasks"], options);
    writeFileSync(join(folder, "dist/program.cjs.cache"), "made by another one");
    expect(await tasks()).toMatchObject({ stdout: "[]", stderr: "", exitCode: 0 });
    rmSync(join(folder, "dist/program.cjs.cache"));
    expect(await tasks()).toMatchObject({ stdout: "[]", stderr: "", exitCode: 0 });
  });
});
