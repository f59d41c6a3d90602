/**
 * The manager broken on purpose at every fault point there is: killed, told of errors that are none, standing still.
 * The next start brings everything to its end, and nothing is lost, doubled or held for nobody. CTM_TEST_LONG: every
 * action, and later passings of each point.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FAULT_ACTIONS, type FaultAction } from "../../src/faults/fault-point.ts";
import { productFolder } from "../support/built-product.ts";
import { FaultHistory } from "../support/fault-history.ts";
import { FaultBench, type Script } from "../support/fault-run.ts";
import { HISTORIES, quick, SCRIPTS } from "../support/fault-scripts.ts";
import { violations } from "../support/invariants.ts";
import { product, type Product } from "../support/product.ts";
import { writeTranscripts } from "../support/transcripts.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
/** Products at once: most of a run is waiting. */
const atOnce = 3;
const historiesAtOnce = 2;
/** In a long run: how many passings of one point are broken. */
const passingsMax = 2;

/** Points of commands that need no manager. */
const OF_COMMANDS =
  /^(?:backup\.(?:copy|discard)|file\.name|restore\.(?:aside|remove-old|rename)|mark\.remove|usage-index\.(?:open|begin|put|listings|update)|agent\.version|reprice\.commit|escalate\.commit|rebuild-hierarchy\.commit|round-(?:begin|end|import)\.commit|coordinator\.commit)$/;
/**
 * Points that nothing here comes to by need: they belong to a person's terminal, to what real agents and providers
 * say, to what agents tell by telemetry, to a project that has a roster, to an agent that queues work of its own or
 * is a coordinator, to an Enter that was swallowed, or to a client of tmux that outlived its manager.
 */
const RARELY_PASSED =
  /^(?:attach\.spawn|child\.commit|coordination\.commit|external-usage\.commit|telemetry\.(?:commit|listen)|history\.append|metrics-folder\.create|report\.commit|findings\.commit|context\.commit|provider-window\.commit|cancel-withdraw\.commit|clients\.(?:end|look-up)|enter-again\.\w+|extend\.commit|window\.resize)$/;
/** Points of events that wake agents: their own test breaks them (events.test.ts, inbox.test.ts, redis.test.ts). */
const OF_EVENTS = /^(?:(?:event|wake)(?:-\w+)?\.(?:commit|deliver)|(?:inbox|redis)\.\w+)$/;
/** Points of alerts: alerts.test.ts kills a manager that has one under way. */
const OF_ALERTS = /^alert(?:-\w+)?\.(?:commit|command|desktop|webhook)$/;

function elsewhere(point: string): boolean {
  return (
    OF_EVENTS.test(point) ||
    OF_ALERTS.test(point) ||
    OF_COMMANDS.test(point) ||
    RARELY_PASSED.test(point) ||
    BEHIND.some(([behind]) => behind === point)
  );
}

function allPoints(): string[] {
  const listed = execFileSync(process.execPath, [join(productFolder(), "ctm.cjs"), "--json", "tasks"], {
    env: { PATH: process.env["PATH"] ?? "", CTM_FAULT: "list" },
    encoding: "utf8",
  });
  return JSON.parse(listed) as string[];
}

/** Runs all of it, on so many products at once. */
async function onBenches<T, R>(
  many: readonly T[],
  act: (one: T, bench: FaultBench) => Promise<R>,
): Promise<R[]> {
  const left = [...many.entries()];
  const results: R[] = [];
  const work = async (): Promise<void> => {
    const bench = new FaultBench();
    try {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        results[next[0]] = await act(next[1], bench);
    } finally {
      await bench.end();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

interface Plan {
  readonly script: Script;
  readonly point: string;
  /** How often the script passes it. */
  readonly times: number;
}

/** Each point with the first script that comes to it. */
async function plans(): Promise<Plan[]> {
  const counted = await onBenches(SCRIPTS, (script, bench) => bench.run(script, "count"));
  expect(counted.map(({ wrong }) => wrong)).toEqual(SCRIPTS.map(() => []));
  return allPoints().flatMap((point) => {
    const at = counted.findIndex(({ passings }) => point in passings);
    const script = SCRIPTS[at];
    return script === undefined ? [] : [{ script, point, times: counted[at]?.passings[point] ?? 0 }];
  });
}

/** What is wrong after this script was broken so. */
async function broken(bench: FaultBench, script: Script, fault: string): Promise<string[]> {
  try {
    const { killed, wrong } = await bench.run(script, fault);
    const unreached = !killed && fault.includes(":exit") ? ["it was never reached"] : [];
    return [...unreached, ...wrong].map((line) => `${fault}: ${line}`);
  } catch (error) {
    await bench.end();
    return [`${fault}: ${String(error)}`];
  }
}

describe("F1 a manager that is killed at every fault point, one death after the other", () => {
  it("loses nothing, doubles nothing, holds nothing for nobody", { timeout: 600_000 }, async () => {
    const points = allPoints();
    const left = new Set(points);
    const waiting = [...HISTORIES.entries()];
    const wrong: string[] = [];
    const inTurn = async (turn: number): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const first = next[0] < historiesAtOnce;
        const mine = (point: string): boolean => !first || points.indexOf(point) % historiesAtOnce === turn;
        const history = new FaultHistory(next[1], left, mine);
        try {
          const found = await history.run();
          if (found.length > 0) wrong.push(`killed at ${history.struck.join(", ")}`, ...found);
        } finally {
          await history.end();
        }
      }
    };
    await Promise.all(Array.from({ length: historiesAtOnce }, (_, turn) => inTurn(turn)));
    expect(wrong).toEqual([]);
    expect([...left].filter((point) => !elsewhere(point))).toEqual([]);
  });
});

describe("F1 a command that is killed at every point it comes to, without a manager", () => {
  it("leaves the ledger whole, and does what it is for when it is called again", async () => {
    const ctm = product({ workers: 1 });
    writeTranscripts(join(ctm.folder, "home"), 20_000, 1);
    // What stands in a folder is remembered once it has not changed for a while.
    utimesSync(join(ctm.folder, "home", ".claude", "projects"), 1_600_000_000, 1_600_000_000);
    const left = new Set(allPoints().filter((point) => OF_COMMANDS.test(point)));
    const insist = async (...args: readonly string[]): Promise<void> => {
      for (;;) {
        const armed = [...left].map((point) => `${point}:exit:1`).join();
        const { exitCode, stderr } = await ctm.run(args, { env: { CTM_FAULT: armed } });
        const at = /^Killed at (\S+)$/m.exec(stderr)?.[1];
        if (at === undefined)
          return expect([exitCode, stderr], args.join(" ")).toEqual([0, expect.anything()]);
        left.delete(at);
      }
    };
    await insist("add", "--key", "once", "Fix it once");
    await insist("backup");
    await insist("add", "--key", "late", "Fix it too");
    const backups = join(ctm.state, "backups");
    const [newest = ""] = readdirSync(backups).sort().reverse();
    await insist("restore", join(backups, newest), "--yes");
    await insist("usage");
    await insist("doctor");
    await insist("reprice", "--yes");
    await insist("escalate", "1", "--to", "human");
    await insist("metrics", "rebuild");
    await insist("dispatch", "start", "first");
    await insist("dispatch", "end", "first");
    await insist("dispatches", "import", join(import.meta.dirname, "../fixtures/dispatch-log.md"));
    await insist("coordinate", "claude", "1f0c9a52-7d2e-4b53-9a52-7d2e4b53aaaa");
    expect((await ctm.tasks()).map(({ draft }) => draft.text)).toEqual(["Fix it once"]);
    expect(violations(ctm)).toEqual([]);
    expect([...left]).toEqual([]);
  });
});

/** What a run comes to only behind something that went wrong: its point, the call, and what is wrong. */
const BEHIND: readonly (readonly [string, readonly string[], string | ((ctm: Product) => void)])[] = [
  ["backup.failed", ["backup"], "backup.copy:throw-before:1"],
  ["restore.discard", ["restore", "BACKUP", "--yes"], "restore.aside:throw-before:1"],
  ["file.close", ["tasks"], (ctm) => chmodSync(join(ctm.state, "ledger.sqlite"), 0o644)],
  ["folder.close", ["tasks"], (ctm) => chmodSync(ctm.state, 0o755)],
  ["usage-index.discard", ["usage"], "usage-index.open:throw-before:1"],
  [
    "opencode-database.open",
    ["usage"],
    (ctm) => leave(ctm.folder, "home/.local/share/opencode", "opencode.db"),
  ],
  ["file.discard", ["serve"], "file.replace:throw-before:1"],
  ["launch.forget-environment", ["serve"], "launch.new-session:throw-before:1"],
  ["spool.tidy", ["serve"], (ctm) => utimesSync(leave(ctm.state, "spool", ".cut-off"), 0, 0)],
  ["backup.prune", ["tasks"], makeOld],
];

function leave(folder: string, inside: string, name: string): string {
  mkdirSync(join(folder, inside), { recursive: true, mode: 0o700 });
  const path = join(folder, inside, name);
  writeFileSync(path, "", { mode: 0o600 });
  return path;
}

/** The ledger of an earlier version, with as many backups as are kept. */
function makeOld(ctm: Product): void {
  const old = new URL("../fixtures/ledgers/version-1.sqlite.gz", import.meta.url);
  for (const end of ["-wal", "-shm"]) rmSync(join(ctm.state, `ledger.sqlite${end}`), { force: true });
  writeFileSync(join(ctm.state, "ledger.sqlite"), gunzipSync(readFileSync(old)));
  for (const n of [1, 2, 3]) leave(ctm.state, "backups", `before-v1-${n}.sqlite`);
}

describe("F1 a command that is killed at what it does behind a failure", () => {
  it("leaves what the next one needs", async () => {
    const ctm = product({ workers: 1 });
    await ctm.ok(["add", "--key", "once", "Fix it once"]);
    await ctm.ok(["backup"]);
    const [backup = ""] = readdirSync(join(ctm.state, "backups"));
    for (const [point, args, wrong] of BEHIND) {
      const words = args.map((word) => (word === "BACKUP" ? join(ctm.state, "backups", backup) : word));
      const faults = typeof wrong === "string" ? [wrong] : [];
      if (typeof wrong !== "string") wrong(ctm);
      const ran = await ctm.run(words, { env: { CTM_FAULT: [...faults, `${point}:exit:1`].join() } });
      expect(ran.stderr, point).toContain(`Killed at ${point}`);
      if (wrong === makeOld) continue;
      expect((await ctm.tasks()).map(({ draft }) => draft.text)).toEqual(["Fix it once"]);
      expect(violations(ctm)).toEqual([]);
    }
    await ctm.serve(["--no-auto"]);
    await ctm.worker("concurrent_worker1", "idle");
    // The old ledger, with all its tasks.
    expect((await ctm.tasks()).length).toBeGreaterThan(3);
  });
});

describe.runIf(LONG)("F1 a manager that breaks at one fault point, in every way (CTM_TEST_LONG)", () => {
  const actions: readonly FaultAction[] = FAULT_ACTIONS;

  it("loses nothing, doubles nothing, holds nothing for nobody", { timeout: 3 * 3_600_000 }, async () => {
    const planned = await plans();
    const reached = new Set(planned.map(({ point }) => point));
    // Those of a day at least; what only histories come to stays theirs.
    expect(reached.size).toBeGreaterThan(70);
    const only = new RegExp(process.env["CTM_FAULT_POINTS"] ?? "");
    const faults = planned
      .filter(({ point }) => only.test(point))
      .flatMap(({ script, point, times }) =>
        actions.flatMap((action) =>
          Array.from({ length: Math.min(times, passingsMax) }, (_, n) => ({
            script,
            fault: `${point}:${action}:${n + 1}`,
          })),
        ),
      );
    const wrong = await onBenches(faults, ({ script, fault }, bench) => broken(bench, script, fault));
    expect(wrong.flat()).toEqual([]);
  });
});

describe("F4 an answer that is lost after the commit", () => {
  it.each(["reply.send:exit:1", "submit.commit:exit-after:1", "submit.commit:throw-after:1"])(
    "%s: tried again with its key it is the same task",
    async (fault) => {
      const ctm = product({ workers: 1, recorded: true });
      const add = ["add", "--key", "once", `Fix it once ${quick}`];
      const broken = await ctm.serve([], true, fault);
      expect((await ctm.run(add)).exitCode).not.toBe(0);
      await broken.kill9();
      await ctm.serve();
      await ctm.ok(add);
      await ctm.ok(add);
      await ctm.until(1, "completed");
      expect(await ctm.tasks()).toHaveLength(1);
      expect(violations(ctm)).toEqual([]);
    },
  );

  it("the same without a manager", async () => {
    const ctm = product({ workers: 1, recorded: true });
    const add = ["add", "--key", "once", `Fix it once ${quick}`];
    const failed = await ctm.run(add, { env: { CTM_FAULT: "submit.commit:throw-after:1" } });
    expect(failed.exitCode).toBe(74);
    await ctm.ok(add);
    expect(await ctm.tasks()).toHaveLength(1);
  });
});

describe("F16 the tmux server dies between the typing and its commit", () => {
  it.each([true, false])("the task is lost and not typed again (the manager dies too: %s)", async (both) => {
    const ctm = product({ workers: 1, recorded: true });
    const manager = await ctm.serve([], true, "type.attempt:hang-after:1");
    await ctm.tell("Fix it [[delay:600000]]", { type: "coding" });
    await waitFor("the text to be in the pane", () => ctm.typedPrompts().length === 1);
    // On a busy machine its agent may have said by now that it took it up; the typing is not committed either way.
    expect((await ctm.task(1)).state.name).toEqual(expect.toBeOneOf(["dispatching", "running"]));
    if (both) await manager.kill9();
    await ctm.tmux("kill-server");
    if (both) await ctm.serve();
    expect(await ctm.until(1)).toMatchObject({ state: { name: "lost" }, attempts: 1 });
    await ctm.worker("concurrent_worker1", "idle");
    expect(ctm.typedPrompts()).toHaveLength(1);
    expect(violations(ctm)).toEqual([]);
  });
});

describe("F22 a crash with holds, and usage that nobody can tell any more", () => {
  it("what is held stays held until the task ends, is then booked as used, and no room is lost", async () => {
    const ctm = product({ workers: 1, recorded: true });
    const rounds = LONG ? 1_000 : 2;
    const hour = async (): Promise<{ used: number; held: number }> => {
      const limits = await ctm.ask<{ limitId: string; used: number; held: number }[]>("limits", {}, []);
      return limits.find(({ limitId }) => limitId === "global tokens/hour") ?? { used: -1, held: -1 };
    };
    let manager = await ctm.serve(["--no-auto"]);
    await ctm.ask("limits set", { id: "tokens/hour", amount: "none" }, null);
    let used = 0;
    for (let round = 1; round <= rounds; round += 1) {
      await ctm.ask("auto", { mode: "on" }, null);
      await ctm.tell(`Fix ${round} [[delay:1500]] [[say:done ${round}]]`, { type: "coding" });
      await ctm.until(round, "running");
      const { held } = await hour();
      expect(held).toBeGreaterThan(0);
      await manager.kill9();
      await waitFor("the agent to end alone", async () =>
        (await ctm.screen("concurrent_worker1")).includes(`● done ${round}`),
      );
      expect(recordFiles(ctm).map((file) => rmSync(file))).toHaveLength(1);
      manager = await ctm.serve(["--no-auto"]);
      await ctm.until(round, "completed");
      used += held;
      expect(await hour()).toMatchObject({ used, held: 0 });
      expect((await ctm.attempts(round))[0]?.tokens).toMatchObject({ value: null, source: "unknown" });
      expect(violations(ctm)).toEqual([]);
    }
  });
});

function recordFiles(ctm: Product): string[] {
  const folder = join(ctm.state, "workers");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => join(folder, name));
}
