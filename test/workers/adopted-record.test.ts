import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processInFront, recordOfProcess, type FrontProcess } from "../../src/workers/adopted-record.ts";

const UUID = "0199a213-81c0-7800-8aa1-bbab2a035a53";

let folder: string;
let running: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-adopted-"));
  running = [];
});

afterEach(async () => {
  for (const child of running) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  rmSync(folder, { recursive: true });
});

/** A process with this environment and nothing else; it only sleeps. */
async function frontWith(env: Record<string, string>, argv: readonly string[] = []): Promise<FrontProcess> {
  const child = spawn("/bin/sleep", ["300"], { env, stdio: "ignore" });
  running.push(child);
  await new Promise((resolve) => child.once("spawn", resolve));
  return { pid: child.pid ?? 0, argv, cwd: "/srv/my.project" };
}

function write(path: string, text: string, atMs?: number): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  if (atMs !== undefined) utimesSync(path, atMs / 1_000, atMs / 1_000);
  return path;
}

describe.runIf(process.platform === "linux")("the record of Claude Code", () => {
  const state = (pid: number, sessionId: unknown, root = folder): string =>
    write(join(root, "sessions", `${pid}.json`), JSON.stringify({ pid, sessionId }));

  it("is where its process keeps it: the folder of its environment, the session it names", async () => {
    const front = await frontWith({ CLAUDE_CONFIG_DIR: folder });
    state(front.pid, UUID);
    expect(recordOfProcess("claude", front)).toEqual({
      sessionId: UUID,
      recordPath: join(folder, "projects", "-srv-my-project", `${UUID}.jsonl`),
    });
  });

  it("is below its home where no folder is named", async () => {
    const front = await frontWith({ HOME: folder });
    state(front.pid, UUID, join(folder, ".claude"));
    expect(recordOfProcess("claude", front)?.recordPath).toContain(join(folder, ".claude", "projects"));
  });

  it.each([["../../etc/passwd"], ["a/b/c/d/e/f"], [""], [7], [null], ["x".repeat(200)]])(
    "is not known when its state names %j as the session",
    async (sessionId) => {
      const front = await frontWith({ CLAUDE_CONFIG_DIR: folder });
      state(front.pid, sessionId);
      expect(recordOfProcess("claude", front)).toBeNull();
    },
  );

  it("is not known without a state, with a broken one, or when the process is gone", async () => {
    const front = await frontWith({ CLAUDE_CONFIG_DIR: folder });
    expect(recordOfProcess("claude", front)).toBeNull();
    write(join(folder, "sessions", `${front.pid}.json`), "{ half");
    expect(recordOfProcess("claude", front)).toBeNull();
    expect(recordOfProcess("claude", { ...front, pid: 2 ** 30 })).toBeNull();
  });
});

describe.runIf(process.platform === "linux")("the record of Codex", () => {
  const rollout = (day: string, uuid: string, cwd: string, atMs: number): string =>
    write(
      join(folder, "sessions", ...day.split("-"), `rollout-${day}T10-00-00-${uuid}.jsonl`),
      `${JSON.stringify({ type: "session_meta", payload: { id: uuid, cwd } })}\n{"more":1}\n`,
      atMs,
    );
  const other = (n: number): string => UUID.slice(0, -1) + String(n);

  it("is the newest rollout that was begun in its folder", async () => {
    const front = await frontWith({ CODEX_HOME: folder });
    rollout("2026-02-12", other(1), front.cwd, 1_000_000);
    const newest = rollout("2026-02-13", other(2), front.cwd, 3_000_000);
    rollout("2026-02-13", other(3), front.cwd, 2_000_000);
    rollout("2026-02-13", other(4), "/srv/my", 4_000_000);
    expect(recordOfProcess("codex", front)).toEqual({ sessionId: other(2), recordPath: newest });
  });

  it("is not known when none was begun there, or there are none at all", async () => {
    const front = await frontWith({ CODEX_HOME: folder });
    expect(recordOfProcess("codex", front)).toBeNull();
    rollout("2026-02-13", UUID, "/elsewhere", 1_000_000);
    write(
      join(folder, "sessions", "2026", "02", "13", "notes.jsonl"),
      `{"cwd":${JSON.stringify(front.cwd)}}\n`,
    );
    expect(recordOfProcess("codex", front)).toBeNull();
  });
});

describe("other records", () => {
  it("a rehearsal's is named by its own arguments", () => {
    const argv = ["node", "rehearsal-agent.js", "--session", UUID, "--dir", "/state/x"];
    expect(recordOfProcess("rehearsal", { pid: 1, argv, cwd: "/" })).toEqual({
      sessionId: UUID,
      recordPath: `/state/x/rehearsal-${UUID}.jsonl`,
    });
    expect(recordOfProcess("rehearsal", { pid: 1, argv: argv.slice(0, 4), cwd: "/" })).toBeNull();
  });

  it("a shell has none", () => {
    expect(recordOfProcess("shell", { pid: process.pid, argv: ["sh"], cwd: "/" })).toBeNull();
  });

  it("no process is in front of what has no terminal, or is gone", async () => {
    const child = spawn("/bin/sleep", ["300"], { detached: true, stdio: "ignore" });
    running.push(child);
    expect([processInFront(child.pid ?? 0), processInFront(2 ** 30)]).toEqual([null, null]);
  });
});
