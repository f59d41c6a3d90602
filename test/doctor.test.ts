import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import { loadConfig } from "../src/config.ts";
import { type DoctorRequest, runDoctor } from "../src/doctor.ts";
import type { DoctorCheck } from "../src/reports/doctor.ts";

let folder: string;
let bin: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ctm-doctor-"));
  bin = join(folder, "bin");
  await mkdir(bin);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program on the PATH of the tests, and of nobody else. */
async function program(name: string, says: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${says}\n`);
  await chmod(join(bin, name), 0o755);
}

const healthyLedger = {
  fault: null,
  sqliteVersion: "3.53.2",
  journalMode: "wal",
  synchronous: 2,
  walResetBug: false,
};

async function checks(file = "", changes: Partial<DoctorRequest> = {}): Promise<readonly DoctorCheck[]> {
  const configFile = join(folder, "ctm.yaml");
  await writeFile(configFile, file);
  const env = { HOME: folder, PATH: bin, LANG: "C.UTF-8", TERM: "xterm" };
  const config = await loadConfig({ overrides: { configFile }, env, cwd: folder });
  let ticks = 0;
  const report = await runDoctor({
    config,
    env,
    helperEnv: { PATH: "/usr/bin:/bin" },
    nodeVersion: "v20.19.0",
    terminal: { isTerminal: true, columns: 120, rows: 40 },
    clock: () => ({ wallMs: Date.UTC(2026, 10, 23) + ticks, monotonicMs: ticks++ }),
    ledgerCheck: () => healthyLedger,
    survivors: () => [],
    telemetry: () => null,
    redis: () => null,
    ...changes,
  });
  return report.checks;
}

async function check(name: string, file = "", changes: Partial<DoctorRequest> = {}): Promise<DoctorCheck[]> {
  return (await checks(file, changes)).filter((one) => one.name === name);
}

test("on a healthy machine nothing fails, and every part is looked at", async () => {
  await program("tmux", "echo tmux 3.6");
  await program("claude", 'echo "2.1.330 (Claude Code)"');
  await program("sh", "");
  const found = await checks();
  expect(found.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  const names = new Set(found.map(({ name }) => name));
  for (const name of ["node", "tmux", "claude", "codex", "shell", "rehearsal", "auto", "attach", "config"]) {
    expect(names).toContain(name);
  }
  for (const name of ["folder", "disk", "database", "limits", "capacity", "terminal", "clock"]) {
    expect(names).toContain(name);
  }
  expect(found.find(({ name }) => name === "claude")?.found).toBe(`2.1.330 (Claude Code) (${bin}/claude)`);
  expect(found.find(({ name }) => name === "auto")?.found).toContain("workers run claude");
});

test.each([
  ["v20.19.0", "ok"],
  ["v20.18.3", "fail"],
  ["v22.13.0", "fail"],
  ["v22.14.0", "ok"],
  ["v24.0.0", "ok"],
  ["v18.20.0", "fail"],
  ["v21.7.0", "fail"],
  ["rubbish", "fail"],
])("node %s: %s", async (nodeVersion, verdict) => {
  expect(await check("node", "", { nodeVersion })).toMatchObject([{ verdict }]);
});

describe("tmux", () => {
  test("missing, it names the script that installs it", async () => {
    expect(await check("tmux")).toMatchObject([
      { verdict: "fail", remedy: expect.stringContaining("scripts/setup.sh") },
    ]);
  });

  test.each([
    ["tmux 3.1c", "fail", "3.1c"],
    ["tmux 3.3a", "ok", "before 3.4"],
    ["tmux 3.5", "ok", "before 3.6"],
    ["tmux 3.7", "ok", "3.7"],
  ])("%s: %s", async (version, verdict, found) => {
    await program("tmux", `echo ${version}`);
    expect(await check("tmux")).toMatchObject([{ verdict, found: expect.stringContaining(found) }]);
  });

  test("broken, it fails with what it said", async () => {
    await program("tmux", "echo no library >&2; exit 127");
    expect(await check("tmux")).toMatchObject([
      { verdict: "fail", found: expect.stringContaining("exit code 127: no library") },
    ]);
  });
});

describe("agents", () => {
  test("none there: auto is rehearsal, said as something to look at", async () => {
    expect(await check("auto")).toMatchObject([
      { verdict: "warn", found: expect.stringContaining("workers run rehearsal") },
    ]);
    expect(await check("claude")).toMatchObject([
      { verdict: "ok", found: "claude is not on the PATH (not needed)" },
    ]);
  });

  test("one that the configuration names must be there", async () => {
    expect(await check("codex", "workers: { agent: codex }")).toMatchObject([{ verdict: "fail" }]);
    expect(await check("codex", "routes: { ui: { agent: codex } }")).toMatchObject([{ verdict: "fail" }]);
    expect(await check("auto", "workers: { agent: codex }")).toEqual([]);
  });

  test("one that does not start is told with its own words", async () => {
    await program("codex", "echo cannot find wasm >&2; exit 2");
    expect(await check("codex")).toMatchObject([
      { verdict: "warn", found: expect.stringContaining("exit code 2: cannot find wasm") },
    ]);
  });
});

describe("folders", () => {
  test("one that stands open fails", async () => {
    const stateDir = join(folder, ".local/state/ctm");
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    await chmod(stateDir, 0o755);
    const found = await check("folder");
    expect(found).toContainEqual({
      name: "folder",
      verdict: "fail",
      found: `${stateDir}: its mode is 755, not 700`,
      remedy: expect.stringContaining(`chmod 700 ${stateDir}`),
    });
  });

  test("those to come are named, and not made", async () => {
    expect(await check("folder")).toMatchObject([
      { verdict: "ok", found: expect.stringContaining("first start") },
      {},
      {},
    ]);
    await expect(chmod(join(folder, ".local"), 0o700)).rejects.toThrow("ENOENT");
  });
});

describe("the database", () => {
  const ledger = (changes: object) => ({ ledgerCheck: () => ({ ...healthyLedger, ...changes }) });

  test.each([
    [{}, "ok"],
    [{ journalMode: "delete" }, "fail"],
    [{ synchronous: 1 }, "fail"],
    [{ fault: "the disk is full" }, "fail"],
    [{ walResetBug: true }, "warn"],
  ])("%j: %s", async (changes, verdict) => {
    expect(await check("database", "", ledger(changes))).toMatchObject([{ verdict }]);
  });

  test("one that does not open is a finding, and the other checks go on", async () => {
    const ledgerCheck = () => {
      throw new CtmError("ledger", "the database cannot be used: it is torn", ["Put a copy in its place."]);
    };
    const found = await checks("", { ledgerCheck });
    expect(found.find(({ name }) => name === "database")).toEqual({
      name: "database",
      verdict: "fail",
      found: "the database cannot be used: it is torn",
      remedy: "Put a copy in its place.",
    });
    expect(found.some(({ name }) => name === "clock")).toBe(true);
  });
});

describe("C-24: limits that can bind", () => {
  test("three workers cannot reach the global limits of tokens, five can", async () => {
    const three = (await check("limits")).map(({ found }) => found).join("\n");
    expect(three).toContain("with 3 workers these can bind: ");
    expect(three).toMatch(/^tokens\/hour 500K cannot bind: .*3 workers.* 300K at most$/m);
    const five = (await check("limits", "workers: { count: 5 }")).map(({ found }) => found).join("\n");
    expect(five).not.toMatch(/^tokens\/hour 500K cannot bind/m);
  });

  test("C-31: the capacity is that of the least limit", async () => {
    expect(await check("capacity")).toMatchObject([
      { found: "3 workers can do about 75 tasks of 4,000 tokens an hour" },
    ]);
    expect(await check("capacity", "workers: { count: 9 }")).toMatchObject([
      { found: expect.stringContaining("125 tasks") },
    ]);
  });

  test("no limits at all, and limits of nothing, are to look at", async () => {
    const none =
      "limits: { worker: { tokens: { hour: null, day: null } }, global: { tokens: { hour: null, day: null }, cost: { hour: null, day: null, month: null } } }";
    expect(await check("limits", none)).toMatchObject([
      { verdict: "warn", found: expect.stringContaining("none") },
    ]);
    expect(await check("limits", "limits: { global: { cost: { hour: 0 } } }")).toContainEqual(
      expect.objectContaining({ verdict: "warn", found: expect.stringContaining("cost/hour is 0") }),
    );
  });
});

describe("terminal and clock", () => {
  test.each([
    [{ terminal: null }, "ok", "not known"],
    [{ terminal: { isTerminal: false, columns: 80, rows: 24 } }, "ok", "plain text"],
    [{ terminal: { isTerminal: true, columns: 60, rows: 24 } }, "warn", "60 x 24"],
    [{ env: { LANG: "C" } }, "warn", "no UTF-8"],
    [{ env: { LANG: "de_DE.utf8", NO_COLOR: "1" } }, "ok", "no colour"],
  ])("%j: %s, %s", async (changes, verdict, found) => {
    expect(await check("terminal", "", changes)).toMatchObject([
      { verdict, found: expect.stringContaining(found) },
    ]);
  });

  test.each([
    ["runs evenly", [0, 0, 900, 900], "ok"],
    ["jumps ahead", [0, 0, 90_000, 900], "warn"],
    ["jumps back", [0, 0, -90_000, 900], "warn"],
  ])(
    "a clock that %s",
    async (_, [wallBefore = 0, monotonicBefore = 0, wallAfter = 0, monotonicAfter = 0], verdict) => {
      const start = Date.UTC(2026, 10, 23);
      const readings = [
        { wallMs: start + wallBefore, monotonicMs: monotonicBefore },
        { wallMs: start + wallAfter, monotonicMs: monotonicAfter },
      ];
      const clock = () => readings.shift() ?? { wallMs: 0, monotonicMs: 0 };
      expect(await check("clock", "", { clock })).toMatchObject([{ verdict }]);
    },
  );

  test("a clock that was never set fails", async () => {
    expect(await check("clock", "", { clock: () => ({ wallMs: 0, monotonicMs: 0 }) })).toMatchObject([
      { verdict: "fail" },
    ]);
  });

  test("it is told in the configured zone", async () => {
    const found = await check("clock", "throttle: { timeZone: Asia/Tokyo }");
    expect(found).toMatchObject([{ found: "2026-11-23 09:00:00 in Asia/Tokyo" }]);
  });
});

test("telemetry: whether it is asked for, and whether it arrives", async () => {
  const state = { nowMs: 60_000, lastMs: 0, tasks: 2, silent: 0, differenceTokens: 0 };
  const asked = "telemetry: { receive: true }";
  expect((await check("telemetry"))[0]?.found).toBe("not received (telemetry.receive is off)");
  expect((await check("telemetry", asked))[0]?.found).toMatch(/not known without the database/);
  const arrives = await check("telemetry", asked, { telemetry: () => state });
  expect(arrives).toMatchObject([
    { verdict: "ok", found: "last received 1m ago; the last 2 tasks: as recorded", remedy: null },
  ]);
  const silent = await check("telemetry", asked, { telemetry: () => ({ ...state, silent: 1 }) });
  expect(silent).toMatchObject([{ verdict: "warn", remedy: expect.stringContaining("restart") }]);
});
