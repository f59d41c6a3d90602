/** What ctm keeps: closed to others from its creation on, never reached through a link, never somebody else's. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { History } from "../../src/repl/history.ts";
import { product, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

/** Everything below the state folder, with its kind and mode. */
function modes(folder: string): string[] {
  return [
    folder,
    ...readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  ]
    .flatMap((path) => (lstatSync(path, { throwIfNoEntry: false }) === undefined ? [] : [path]))
    .map((path) => {
      const facts = lstatSync(path);
      const kind = facts.isDirectory()
        ? "folder"
        : facts.isFile()
          ? "file"
          : facts.isSocket()
            ? "socket"
            : "other";
      return `${(facts.mode & 0o777).toString(8)} ${kind} ${relative(folder, path) || "."}`;
    });
}

/** Ours alone: nothing for group and others, and folders and files as we want them. */
const PRIVATE = /^(?:700 folder|[46]00 file|600 socket|700 socket|700 file hook\.sh$)/;

/** Starts a manager under this umask and waits until it has run a task. */
async function workUnder(umask: string, ctm: Product): Promise<void> {
  const [file, argv] = ctm.argv(["serve"]);
  const script = `umask ${umask}; exec "$@"`;
  const child = spawn("/bin/sh", ["-c", script, "sh", file, ...argv], { cwd: ctm.work, env: ctm.env });
  onTestFinished(() => void child.kill("SIGKILL"));
  const added = await waitFor("the manager", () => ctm.tell("Fix it [[delay:0]]").catch(() => null));
  await ctm.until(added.task.id, "completed");
}

describe("A26 (CVE-2023-45145, Redis: a socket was open to others until its chmod)", () => {
  it.each(["000", "0277"])("umask %s: everything is closed to others", async (umask) => {
    const ctm = product({ workers: 1 });
    const seen = new Set<string>();
    // Looked at all the while: what is closed a moment later would be seen open.
    const looking = setInterval(() => {
      if (existsSync(ctm.state)) for (const line of looked(ctm.state)) seen.add(line);
    }, 5);
    onTestFinished(() => clearInterval(looking));
    await workUnder(umask, ctm);
    const kept = modes(ctm.state);
    expect(kept.length).toBeGreaterThan(10);
    expect([...kept, ...seen].filter((line) => /^[0-7]*[1-7][0-7] |^[0-7]+[1-7] /.test(line))).toEqual([]);
    expect(kept.filter((line) => !PRIVATE.test(line))).toEqual([]);
  });

  it("files of ours that stand open are closed at the next start", async () => {
    const ctm = product({ workers: 0 });
    await ctm.ok(["add", "x"]);
    for (const name of ["ledger.sqlite", "."]) chmodSync(join(ctm.state, name), name === "." ? 0o755 : 0o644);
    await ctm.ok(["tasks"]);
    expect(modes(ctm.state).filter((line) => !PRIVATE.test(line))).toEqual([]);
  });
});

/** A file may go between the listing and the look. */
function looked(folder: string): string[] {
  try {
    return modes(folder);
  } catch {
    return [];
  }
}

function plantVictims(folder: string): void {
  writeFileSync(join(folder, "victim"), "untouched", { mode: 0o644 });
  mkdirSync(join(folder, "victims"), { mode: 0o755 });
}

function expectVictimsUntouched(folder: string): void {
  expect(readFileSync(join(folder, "victim"), "utf8")).toBe("untouched");
  expect(lstatSync(join(folder, "victim")).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(folder, "victims"))).toEqual([]);
  expect(lstatSync(join(folder, "victims")).mode & 0o777).toBe(0o755);
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
}

describe("A27 (Faktory 1.10.0: a planted /tmp/redis.conf was followed)", () => {
  it.each([
    ["ledger.sqlite", "victim"],
    ["ledger.sqlite-wal", "nowhere"],
    ["manager.lock", "nowhere"],
    ["manager.sock", "victim"],
    ["tmux.sock", "nowhere"],
    ["hook.sh", "victim"],
    ["spool", "victims"],
    ["workers", "nowhere"],
    ["workers/concurrent_worker1", "victims"],
    ["paste", "victims"],
  ])("a link in the place of %s, to a %s, is refused or replaced and never followed", async (path, aim) => {
    const ctm = product({ workers: 1 });
    plantVictims(ctm.folder);
    mkdirSync(join(ctm.state, "workers"), { recursive: true, mode: 0o700 });
    chmodSync(ctm.state, 0o700);
    rmSync(join(ctm.state, path), { recursive: true, force: true });
    symlinkSync(join(ctm.folder, aim), join(ctm.state, path));
    const batch = await ctm.run(["Fix this and that [[delay:0]]"]);
    if (batch.exitCode !== 0) {
      expect([2, 69, 70, 74]).toContain(batch.exitCode);
      expect(batch.stderr).toMatch(/^ctm: |\nctm: /);
      expect(batch.stderr).not.toMatch(/\n\s+at /);
    }
    expectVictimsUntouched(ctm.folder);
  });

  it("a link in the place of the prompt's history is neither read nor written", () => {
    const ctm = product();
    plantVictims(ctm.folder);
    mkdirSync(join(ctm.folder, "kept"), { mode: 0o700 });
    for (const aim of ["victim", "nowhere"]) {
      const file = join(ctm.folder, "kept", "history");
      rmSync(file, { force: true });
      symlinkSync(join(ctm.folder, aim), file);
      const history = new History(file);
      expect(history.lines()).toEqual([]);
      history.add("add something");
      expectVictimsUntouched(ctm.folder);
    }
  });

  it.runIf(process.getuid?.() === 0)(
    "a folder or a ledger that belongs to somebody else is refused",
    async () => {
      const ctm = product({ workers: 0 });
      await ctm.ok(["add", "x"]);
      chownSync(join(ctm.state, "ledger.sqlite"), 12_345, 12_345);
      expect(await ctm.run(["tasks"])).toMatchObject({ exitCode: 2, stdout: "" });
      chownSync(join(ctm.state, "ledger.sqlite"), 0, 0);
      await ctm.ok(["tasks"]);
      chownSync(ctm.state, 12_345, 12_345);
      const refused = await ctm.run(["tasks"]);
      expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
      expect(refused.stderr).toContain("belongs to another user");
    },
  );

  it("a state folder that anybody could swap is refused", async () => {
    const ctm = product({ workers: 0 });
    mkdirSync(ctm.state);
    chmodSync(ctm.folder, 0o777);
    const refused = await ctm.run(["add", "x"]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain("anybody can write");
  });
});

describe("A28 (one tmux socket for all of a user's sessions)", () => {
  it("neither the person's tmux configuration, hooks nor default server are touched or obeyed", async () => {
    const ctm = product({ workers: 1 });
    const trap = `set-hook -g session-created 'run-shell "touch ${ctm.folder}/PWNED"'\nset -g default-command "touch ${ctm.folder}/PWNED"\nset -g status-right '#(touch ${ctm.folder}/PWNED)'\n`;
    mkdirSync(join(ctm.folder, "home", ".config", "tmux"), { recursive: true });
    for (const name of [".tmux.conf", ".config/tmux/tmux.conf"])
      writeFileSync(join(ctm.folder, "home", name), trap);
    await ctm.ok(["--", "Fix it [[delay:0]]"]);
    expect(existsSync(join(ctm.folder, "PWNED"))).toBe(false);
    expect(existsSync(ctm.defaultSocket)).toBe(false);
  });

  it("a socket of somebody else's server in our place is not taken for ours", async () => {
    const ctm = product({ workers: 1 });
    mkdirSync(ctm.state, { mode: 0o700 });
    // A server with a person's sessions, bound where ours would be: its sessions are not ours to end.
    await ctm.tmux("new-session", "-d", "-s", "private", "cat");
    await ctm.ok(["--", "Fix it [[delay:0]]"]);
    expect(await ctm.tmux("list-sessions", "-F", "#{session_name}")).toContain("private");
  });
});

describe("A29 (Jupyter GHSA-hrw6-wg82-cm62, mcp-server-git CVE-2025-68143: a name led out of its folder)", () => {
  it("names of workers, tasks and launches are generated: what is given as one names nothing outside", async () => {
    const ctm = product({ workers: 1 });
    const manager = await ctm.serve();
    const before = readdirSync(ctm.folder).sort();
    for (const name of [
      "../../x",
      "..%2f..%2fx",
      "a/../../b",
      "w1/../../x",
      "x".repeat(300),
      "W1\u0000",
      ".",
      "..",
    ]) {
      for (const command of ["kill", "restart", "drain"])
        await expect(ctm.ask(command, { workers: [name] }, null)).rejects.toThrow(/worker/);
      for (const command of ["output", "attach"])
        await expect(ctm.ask(command, { worker: name }, null)).rejects.toThrow(/worker/);
      await expect(ctm.tell("x", { worker: name })).rejects.toThrow(/worker/);
      await expect(ctm.ask("show", { id: name }, null)).rejects.toThrow(/task number/);
    }
    // Twins by case and a folder reached through a link are the person's to name: used as they are given.
    mkdirSync(join(ctm.work, "Case"));
    mkdirSync(join(ctm.work, "case"), { recursive: true });
    symlinkSync(join(ctm.work, "Case"), join(ctm.work, "link"));
    for (const cwd of ["Case", "case", "link"].map((name) => join(ctm.work, name))) {
      const { task } = await ctm.tell("Fix it [[delay:0]]", { cwd, key: `../${cwd}` });
      await ctm.until(task.id, "completed");
    }
    expect(readdirSync(ctm.folder).sort()).toEqual(before);
    expect(readdirSync(join(ctm.state, "workers"))).toEqual(["concurrent_worker1"]);
    await manager.stop();
  });
});
