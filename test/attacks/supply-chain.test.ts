/** What is installed, what an agent's folder may do to us, what is promised about neighbours. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { watchProcesses } from "../support/process-watch.ts";
import { product } from "../support/product.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly resolved?: string;
}

const manifest = JSON.parse(read("package.json")) as Manifest;
const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> };
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");
const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

describe("A35 (the Shai-Hulud worm and nx s1ngularity: install scripts of packages took keys)", () => {
  it("every package is pinned to its content", () => {
    expect(installed.length).toBeGreaterThan(50);
    for (const [path, { integrity, version }] of installed) {
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-[A-Za-z0-9+/]{86}==$/)]);
      expect([path, version]).toEqual([path, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
    }
  });

  it("only these may run a script at their installation", () => {
    const scripted = installed.filter(
      ([, { hasInstallScript, optional }]) => hasInstallScript === true && optional !== true,
    );
    expect(new Set(scripted.map(([path]) => nameOf(path)))).toEqual(
      new Set(["better-sqlite3", "esbuild", "node-pty"]),
    );
    expect(
      Object.entries(manifest.allowScripts)
        .filter(([, allowed]) => allowed)
        .map(([name]) => name)
        .sort(),
    ).toEqual(["better-sqlite3", "esbuild", "node-pty"]);
  });

  it("what is depended on directly is this list: a new one is a decision, made here too", () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual([
      "@modelcontextprotocol/server",
      "@redis/client",
      "better-sqlite3",
      "chalk",
      "commander",
      "croner",
      "execa",
      "inquirer",
      "node-pty",
      "p-queue",
      "string-width",
      "ws",
      "yaml",
      "zod",
    ]);
    const [own] = Object.entries(lock.packages)
      .filter(([path]) => path === "")
      .map(([, facts]) => facts as unknown as Manifest);
    expect(own?.dependencies).toEqual(manifest.dependencies);
    expect(own?.devDependencies).toEqual(manifest.devDependencies);
    for (const wanted of Object.values({ ...manifest.dependencies, ...manifest.devDependencies }))
      expect(wanted).toMatch(/^[\^~]?\d+\.\d+\.\d+(?: \|\| [\^~]?\d+\.\d+\.\d+)*$/);
  });

  it("all of it comes from one place, and ours names none", () => {
    const hosts = installed.flatMap(([, { resolved }]) =>
      resolved === undefined ? [] : [new URL(resolved).origin],
    );
    expect(new Set(hosts).size).toBeLessThanOrEqual(1);
    for (const name of [".npmrc", ".yarnrc", ".yarnrc.yml"])
      expect(existsSync(new URL(name, root))).toBe(false);
    expect(Object.values(manifest.scripts).join("\n")).not.toMatch(/https?:|npx |--registry/);
    expect(
      readdirSync(new URL("scripts", root))
        .map((name) => read(`scripts/${name}`))
        .join("\n"),
    ).not.toMatch(/curl |wget |--registry|\| *sh\b/);
  });
});

describe("A30 (git hooks and core.fsmonitor of a hostile repository; mcp-server-git CVE-2025-68144)", () => {
  it("ctm starts no git: a repository as a task's folder runs nothing of its own", async () => {
    const processes = watchProcesses();
    const ctm = product({ workers: 1 });
    const repository = join(ctm.work, "repository");
    const trap = `touch ${ctm.folder}/PWNED`;
    for (const folder of [".git/hooks", ".git/objects", ".git/refs", "bin"])
      mkdirSync(join(repository, folder), { recursive: true });
    writeFileSync(join(repository, ".git/HEAD"), "ref: refs/heads/-x\n");
    writeFileSync(
      join(repository, ".git/config"),
      `[core]\n\trepositoryformatversion = 0\n\tfsmonitor = ${trap}\n\thooksPath = hooks\n\tpager = ${trap}\n\tsshCommand = ${trap}\n[alias]\n\tstatus = !${trap}\n`,
    );
    writeFileSync(
      join(repository, ".gitmodules"),
      `[submodule "x"]\n\turl = ext::sh -c '${trap}'\n\tpath = x\n`,
    );
    for (const name of [".git/hooks/post-checkout", ".git/hooks/pre-commit", "bin/git", "bin/tmux"]) {
      writeFileSync(join(repository, name), `#!/bin/sh\n${trap}\n`);
      chmodSync(join(repository, name), 0o755);
    }
    for (const name of [".env", ".envrc", ".npmrc", "package.json", ".tmux.conf"])
      writeFileSync(join(repository, name), trap);
    await ctm.serve();
    const { task } = await ctm.tell("Fix it [[delay:0]]", { cwd: repository });
    await ctm.until(task.id, "completed");
    await ctm.run([], { input: "status\nshow 1\nwhy 1\nwhy w1\ndoctor\nadd --cwd repository more\n" });
    expect(existsSync(join(ctm.folder, "PWNED"))).toBe(false);
    // Others on this machine may use git meanwhile; what names our folder would be ours.
    const ours = [...processes.lines].filter((line) => line.includes(ctm.folder));
    expect(ours.length).toBeGreaterThan(2);
    expect(ours.filter((line) => /(?:^|\/)git\b/.test(line))).toEqual([]);
  });

  it("and no source of it names git as a program", () => {
    const sources = readdirSync(new URL("src", root), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".ts"),
    );
    const starts = /\b(?:execa|spawn|execFile|pty\.spawn)\(\s*["'`]([^"'`]+)/g;
    const programs = sources.flatMap((path) =>
      [...read(`src/${path}`).matchAll(starts)].map(([, program]) => program),
    );
    expect(new Set(programs)).toEqual(new Set(["tmux", "ps"]));
  });
});

describe("A36 (a process of the same user: out of reach of any program's promise)", () => {
  it("README says so", () => {
    const promises = /\*\*Not promised:\*\*([^]*?)\n## /.exec(read("README.md"))?.[1] ?? "";
    expect(promises).toMatch(/Safety from other processes of the same user/);
    expect(promises).toMatch(/ctm\.yaml` found[^]*programs/);
  });
});
