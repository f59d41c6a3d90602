import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import {
  createPrivateFile,
  ensurePrivateFolders,
  folderFault,
  writePrivateFile,
} from "../../src/ledger/state-folder.ts";

const isRoot = process.getuid?.() === 0;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** A file of another user where the test may make one, else one of root. */
function foreignFolder(): string {
  if (!isRoot) return "/usr";
  const path = join(folder, "foreign");
  mkdirSync(path, 0o700);
  chownSync(path, 12_345, 12_345);
  return path;
}

function codeOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CtmError) return error.code;
    throw error;
  }
  return "nothing thrown";
}

/** Runs `script` in a process of its own, for a umask belongs to the whole process. */
function underUmask(mask: string, script: string): void {
  const module = new URL("../../src/ledger/state-folder.ts", import.meta.url).href;
  const source = `process.umask(0o${mask}); const m = await import(${JSON.stringify(module)}); ${script}`;
  const run = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source], {
    encoding: "utf8",
    cwd: new URL("../..", import.meta.url).pathname,
  });
  expect(run.stderr).toBe("");
}

describe("folders", () => {
  test.each(["000", "022", "077", "277"])("A26: are 0700 whatever the umask (%s)", (mask) => {
    const path = join(folder, "a", "b");
    underUmask(mask, `m.ensurePrivateFolders([${JSON.stringify(path)}]);`);
    expect(modeOf(path)).toBe(0o700);
    if (mask !== "277") expect(modeOf(join(folder, "a"))).toBe(0o700);
  });

  test("one of ours that stands open is closed", () => {
    const path = join(folder, "open");
    mkdirSync(path);
    chmodSync(path, 0o755);
    expect(folderFault(path)).toBe("its mode is 755, not 700");
    ensurePrivateFolders([path]);
    expect(modeOf(path)).toBe(0o700);
    expect(folderFault(path)).toBeNull();
  });

  test("A27: a link, a dangling link, a file and a foreign folder are refused", () => {
    mkdirSync(join(folder, "real"), 0o700);
    symlinkSync(join(folder, "real"), join(folder, "link"));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    writeFileSync(join(folder, "file"), "");
    for (const path of ["link", "dangling", "file"].map((name) => join(folder, name))) {
      expect(codeOf(() => ensurePrivateFolders([path]))).toBe("refused");
      expect(folderFault(path)).not.toBeNull();
    }
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
    const foreign = foreignFolder();
    expect(codeOf(() => ensurePrivateFolders([foreign]))).toBe("refused");
    expect(folderFault(foreign)).toContain("another user");
  });

  test("a place where anybody could swap it is refused, a sticky one is fine", () => {
    const shared = join(folder, "shared");
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    expect(codeOf(() => ensurePrivateFolders([join(shared, "mine")]))).toBe("refused");
    chmodSync(shared, 0o1777);
    ensurePrivateFolders([join(shared, "mine")]);
    expect(modeOf(join(shared, "mine"))).toBe(0o700);
  });

  test("what cannot be made is an error of the disk", () => {
    writeFileSync(join(folder, "file"), "");
    expect(codeOf(() => ensurePrivateFolders([join(folder, "file", "sub")]))).toBe("io");
    expect(codeOf(() => ensurePrivateFolders(["relative"]))).toBe("io");
  });
});

describe("files", () => {
  test.each(["000", "777"])("A26: are 0600 whatever the umask (%s)", (mask) => {
    const path = join(folder, "file");
    underUmask(mask, `m.writePrivateFile(${JSON.stringify(path)}, "text");`);
    expect(modeOf(path)).toBe(0o600);
    expect(readFileSync(path, "utf8")).toBe("text");
  });

  test.each(["000", "777"])("A26: programs are 0700 whatever the umask (%s)", (mask) => {
    const path = join(folder, "program");
    underUmask(mask, `m.writePrivateProgram(${JSON.stringify(path)}, "#!/bin/sh\\n");`);
    expect(modeOf(path)).toBe(0o700);
  });

  test("a rewrite replaces the whole, closes it to others and leaves nothing beside it", () => {
    const path = join(folder, "file");
    writeFileSync(path, "a longer old text", { mode: 0o644 });
    writePrivateFile(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("A27: a planted link is replaced, not followed", () => {
    const victim = join(folder, "victim");
    writeFileSync(victim, "untouched");
    for (const name of ["link", "dangling"]) {
      symlinkSync(name === "link" ? victim : join(folder, "nowhere"), join(folder, name));
      writePrivateFile(join(folder, name), "ours");
      expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    }
    expect(readFileSync(victim, "utf8")).toBe("untouched");
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });

  test("A27: a new file is never made through or over anything", () => {
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    writeFileSync(join(folder, "there"), "old");
    expect(codeOf(() => createPrivateFile(join(folder, "dangling"), "x"))).toBe("refused");
    expect(codeOf(() => createPrivateFile(join(folder, "there"), "x"))).toBe("refused");
    expect(readFileSync(join(folder, "there"), "utf8")).toBe("old");
    createPrivateFile(join(folder, "new"), "x");
    expect(modeOf(join(folder, "new"))).toBe(0o600);
  });

  test("a write that fails leaves nothing behind", () => {
    mkdirSync(join(folder, "taken"));
    expect(codeOf(() => writePrivateFile(join(folder, "taken"), "x"))).toBe("io");
    expect(codeOf(() => writePrivateFile(join(folder, "no", "where"), "x"))).toBe("io");
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});
