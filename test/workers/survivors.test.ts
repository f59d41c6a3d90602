import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { environmentOf, isStill } from "../../src/workers/processes.ts";
import { endSurvivors, findSurvivors, livingLaunches } from "../../src/workers/survivors.ts";
import { startRecorder, testServer } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { workerRecordOf } from "../support/worker-bench.ts";

/** Each test's own: a process that the one before has killed may take a while to be gone. */
let spoolDir = "";
/** Processes are shown by `/proc`, which is Linux's. */
const shown = process.platform === "linux";
const children: ChildProcess[] = [];

/** A process of a launch, as an agent's children are; it has begun. */
async function processOf(launch: string, script = "exec sleep 600", spool = spoolDir): Promise<number> {
  const env = { PATH: process.env["PATH"] ?? "", CTM_LAUNCH: launch, CTM_SPOOL: spool };
  const child = spawn("sh", ["-c", `${script} # begun`], { env, stdio: "ignore" });
  children.push(child);
  const { pid = -1 } = child;
  await waitFor("the process", () => environmentOf(pid)?.get("CTM_LAUNCH") === launch);
  return pid;
}

beforeEach(() => {
  spoolDir = `/nonexistent/spool-${process.pid}-${randomUUID()}`;
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

describe.skipIf(!shown)("processes that outlived their worker (read from /proc)", () => {
  it("are those of our launches that are none of the living, and no others", async () => {
    const gone = await processOf("w1-0a");
    await processOf("w2-0b");
    await processOf("w3-0c", "exec sleep 600", "/nonexistent/other");
    await processOf("w4 $(x)");
    const found = findSurvivors(spoolDir, new Set(["w2-0b"]));
    expect(found.map(({ pid, launchId }) => [pid, launchId])).toEqual([[gone, "w1-0a"]]);
    expect(found.every(isStill)).toBe(true);
  });

  it("are ended when asked, also when they do not listen; a number that was given anew is left alone", async () => {
    const meek = await processOf("w1-0a");
    const deaf = await processOf("w1-0a", "trap '' TERM; while :; do sleep 0.1; done");
    const other = await processOf("w2-0b");
    const found = findSurvivors(spoolDir, new Set(["w2-0b"]));
    expect(found.map(({ pid }) => pid)).toEqual(expect.arrayContaining([meek, deaf]));
    const stranger = { pid: other, startTime: 1, program: "sh", launchId: "w1-0a" };
    expect(await endSurvivors([...found, stranger])).toEqual([]);
    expect(findSurvivors(spoolDir, new Set()).map(({ pid }) => pid)).toContain(other);
    expect(environmentOf(other)).not.toBeNull();
  });

  it("that ended by themselves are not told, even before anybody noticed", async () => {
    await processOf("w1-0a");
    const [found] = findSurvivors(spoolDir, new Set());
    const child = children[0];
    if (found === undefined || child === undefined) throw new Error("nothing was found");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isStill(found)).toBe(false);
    expect(findSurvivors(spoolDir, new Set())).toEqual([]);
  });
});

describe.skipIf(!shown)("launches that live where no manager runs (read from /proc)", () => {
  it("are those whose process is still in a pane of its server", async () => {
    const server = await testServer();
    const { pane } = await startRecorder(server);
    const record = (change: object) =>
      workerRecordOf({ launchId: "here", pane: JSON.stringify({ ...pane, ...change }) });
    expect(livingLaunches([record({}), workerRecordOf({ launchId: "none", pane: null })])).toEqual(
      new Set(["here"]),
    );
    expect(livingLaunches([record({ panePidStartTime: 1 })])).toEqual(new Set());
    expect(livingLaunches([record({ serverPid: 1 })])).toEqual(new Set());
    await server.tmux("kill-server");
    await waitFor("the pane to end", () => livingLaunches([record({})]).size === 0);
  });
});
