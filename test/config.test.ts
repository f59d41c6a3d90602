import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import {
  agentEnvironment,
  type ConfigOverrides,
  type Environment,
  harmlessEnvironment,
  loadConfig,
  pathsIn,
} from "../src/config.ts";
import { DEFAULT_LIMITS } from "../src/throttle/limits.ts";

let folder: string;
let env: Environment;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ctm-config-"));
  env = { HOME: folder };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The configuration of a file with this text. */
async function configOf(text: string, overrides: ConfigOverrides = {}) {
  const file = join(folder, "given.yaml");
  await writeFile(file, text);
  return loadConfig({ overrides: { configFile: file, ...overrides }, env, cwd: folder });
}

/** The error of a file with this text. */
async function faultsOf(text: string, overrides: ConfigOverrides = {}): Promise<CtmError> {
  const error: unknown = await configOf(text, overrides).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CtmError)) throw new Error(`no fault was found: ${String(error)}`);
  return error;
}

describe("without a file", () => {
  test("the defaults hold, frozen to the last leaf", async () => {
    const config = await loadConfig({ env, cwd: folder });
    expect(config.configFile).toBeNull();
    expect(config.workers).toMatchObject({ count: 3, agent: "auto", cwd: folder });
    expect(config.context).toBe("clear");
    expect(config.routes.ui).toEqual({ name: "comet", agent: null, model: "cheap" });
    expect(config.throttle).toMatchObject({
      timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
      criticalHeadroomPercent: 5,
      pauseAt: null,
      hardStop: false,
      oversized: "run",
      countCacheReads: false,
    });
    expect(Object.isFrozen(config.agents.claude.models)).toBe(true);
    expect(Object.isFrozen(config.throttle.limits[0]?.scope)).toBe(true);
  });

  test("C-24: the seven limits of the documents, and no others", async () => {
    const { limits } = (await loadConfig({ env, cwd: folder })).throttle;
    const written = limits.map((limit) => {
      const who = limit.scope.kind === "worker" ? `worker ${limit.scope.name}` : limit.scope.kind;
      return `${who} ${limit.unit}/${limit.window} ${limit.form} ${limit.amount}`;
    });
    expect(written).toEqual([
      "worker * tokens/hour rolling 100000",
      "worker * tokens/day calendar 1000000",
      "global tokens/hour rolling 500000",
      "global tokens/day calendar 5000000",
      "global cost/hour rolling 5000000000",
      "global cost/day calendar 50000000000",
      "global cost/month calendar 1000000000000",
    ]);
  });
});

test("the throttle's own defaults are the same limits", async () => {
  const { limits } = (await loadConfig({ env, cwd: folder })).throttle;
  expect(limits).toHaveLength(DEFAULT_LIMITS.length);
  expect(limits).toEqual(expect.arrayContaining([...DEFAULT_LIMITS]));
});

describe("which file is read", () => {
  const place = async (...parts: string[]) => {
    const file = join(folder, ...parts);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, "workers: { count: 2 }\n");
    return file;
  };

  test("the flag goes before CTM_CONFIG, that before ./ctm.yaml upward, that before the person's own", async () => {
    const deep = join(folder, "work", "deep");
    await mkdir(deep, { recursive: true });
    const own = await place("xdg", "ctm", "ctm.yaml");
    const surroundings = { ...env, XDG_CONFIG_HOME: join(folder, "xdg") };
    const found = async (more: Environment = {}, configFile?: string) => {
      const overrides = configFile === undefined ? {} : { configFile };
      return (await loadConfig({ overrides, env: { ...surroundings, ...more }, cwd: deep })).configFile;
    };
    expect(await found()).toBe(own);
    const above = await place("work", "ctm.json");
    await writeFile(above, '{"workers": {"count": 2}}');
    expect(await found()).toBe(above);
    const here = await place("work", "deep", "ctm.yml");
    expect(await found()).toBe(here);
    const fromEnv = await place("env.yaml");
    expect(await found({ CTM_CONFIG: fromEnv })).toBe(fromEnv);
    const flagged = await place("flag.yaml");
    expect(await found({ CTM_CONFIG: fromEnv }, flagged)).toBe(flagged);
  });

  test("a relative XDG folder does not count", async () => {
    await place("rel", "ctm", "ctm.yaml");
    const config = await loadConfig({ env: { ...env, XDG_CONFIG_HOME: "rel" }, cwd: folder });
    expect(config.configFile).toBeNull();
  });

  test("a named file that is not there is an error", async () => {
    await expect(loadConfig({ env: { ...env, CTM_CONFIG: "gone.yaml" }, cwd: folder })).rejects.toMatchObject(
      {
        code: "config",
        message: expect.stringContaining("there is no such file"),
      },
    );
  });

  test("a file that anybody can write is refused", async () => {
    const file = await place("ctm.yaml");
    await chmod(file, 0o666);
    await expect(loadConfig({ env, cwd: folder })).rejects.toMatchObject({ code: "refused" });
  });

  test("a named pipe, a folder, a device and a huge file are refused at once", async () => {
    const pipe = join(folder, "pipe.yaml");
    execFileSync("mkfifo", [pipe]);
    const zero = join(folder, "zero.yaml");
    await symlink("/dev/zero", zero);
    const huge = join(folder, "huge.yaml");
    await writeFile(huge, "#".repeat(300_000));
    for (const file of [pipe, folder, zero, huge]) {
      await expect(loadConfig({ env: { ...env, CTM_CONFIG: file }, cwd: folder })).rejects.toMatchObject({
        code: "config",
      });
    }
  });
});

describe("what a file may say", () => {
  test("sections are laid over the defaults, empty ones change nothing", async () => {
    const config = await configOf("workers:\n  count: 5\n  restart:\nthrottle:\ncontext: keep\n");
    expect(config.workers).toMatchObject({ count: 5, cols: 200, restart: { maxInRow: 5 } });
    expect(config.context).toBe("keep");
  });

  test("an empty file is the defaults", async () => {
    expect((await configOf("# nothing\n")).workers.count).toBe(3);
  });

  test("limits: money exact, tokens with suffixes, null, forms, names", async () => {
    const { limits } = (
      await configOf(`
limits:
  windows: { hour: calendar }
  worker: { tokens: { hour: 1.5M, day: null } }
  global:
    tokens: { hour: "250,000", day: { amount: 1000000, form: rolling }, month: 0 }
    cost: { hour: 0.1, day: "5.50", month: null }
  workers: { w2: { tokens: { hour: null } } }
  models: { opus: { cost: { day: 10 } } }
  agents: { codex: { cost: { hour: $2 } } }
`)
    ).throttle;
    expect(limits).toEqual([
      {
        scope: { kind: "worker", name: "*" },
        unit: "tokens",
        window: "hour",
        form: "calendar",
        amount: 1_500_000,
      },
      { scope: { kind: "global" }, unit: "tokens", window: "hour", form: "calendar", amount: 250_000 },
      { scope: { kind: "global" }, unit: "tokens", window: "day", form: "rolling", amount: 1_000_000 },
      { scope: { kind: "global" }, unit: "tokens", window: "month", form: "calendar", amount: 0 },
      { scope: { kind: "global" }, unit: "cost", window: "hour", form: "calendar", amount: 100_000_000 },
      { scope: { kind: "global" }, unit: "cost", window: "day", form: "calendar", amount: 5_500_000_000 },
      {
        scope: { kind: "worker", name: "concurrent_worker2" },
        unit: "tokens",
        window: "hour",
        form: "calendar",
        amount: null,
      },
      {
        scope: { kind: "model", name: "opus" },
        unit: "cost",
        window: "day",
        form: "calendar",
        amount: 10_000_000_000,
      },
      {
        scope: { kind: "agent", name: "codex" },
        unit: "cost",
        window: "hour",
        form: "calendar",
        amount: 2_000_000_000,
      },
    ]);
  });

  test("folders: ~ and the file's own folder", async () => {
    expect((await configOf("workers: { cwd: ~/src }")).workers.cwd).toBe(join(folder, "src"));
    expect((await configOf("workers: { cwd: sub }")).workers.cwd).toBe(join(folder, "sub"));
  });

  test("agents, prices, time zone, levels", async () => {
    const config = await configOf(`
agents: { claude: { command: [/opt/claude, --verbose], permissionMode: acceptEdits, env: { A_KEY: "1" } } }
prices: { overrides: { my-model: { input: 1.5, output: 3 } } }
throttle: { timeZone: America/New_York, pauseAt: HARD }
`);
    expect(config.agents.claude).toEqual({
      command: ["/opt/claude", "--verbose"],
      permissionMode: "acceptEdits",
      env: { A_KEY: "1" },
      models: { cheap: "haiku", premium: "sonnet" },
      mode: "interactive",
      declared: null,
    });
    expect(config.prices.overrides).toEqual({ "my-model": { input: 1.5, output: 3 } });
    expect(config.throttle).toMatchObject({ timeZone: "America/New_York", pauseAt: "HARD" });
  });
});

describe("flags", () => {
  test("go over the file", async () => {
    const config = await configOf("workers: { count: 5, agent: codex }\n", {
      workers: "2",
      agent: "shell",
      pauseAt: "warning",
      preferCheap: true,
      profile: "flat-10",
    });
    expect(config.workers).toMatchObject({ count: 2, agent: "shell" });
    expect(config.throttle.pauseAt).toBe("WARNING");
    expect(config.preferCheap).toBe(true);
    expect(config.prices.profile).toBe("flat-10");
  });

  test.each([
    [{ workers: "101" }, "--workers workers.count must be a whole number from 0 to 100, not 101"],
    [{ workers: "-3" }, "--workers workers.count must be a whole number from 0 to 100, not -3"],
    [{ workers: "many" }, '--workers workers.count must be a whole number from 0 to 100, not "many"'],
    [
      { agent: "claud" },
      '--agent workers.agent must be one of claude, codex, gemini, opencode, shell, rehearsal, auto, not "claud" (did you mean claude?)',
    ],
    [
      { pauseAt: "none" },
      '--pause-at throttle.pauseAt must be one of warning, soft, hard, critical, not "none"',
    ],
  ])("%j is refused", async (overrides: ConfigOverrides, fault) => {
    expect((await faultsOf("", overrides)).details).toEqual([fault]);
  });
});

describe("faults", () => {
  test("all are listed at once, each with its place and what is wanted", async () => {
    const error = await faultsOf(`wokrers: { count: 1 }
workers:
  count: 101
  agnet: claude
limits:
  global:
    tokens: { hour: -5, day: .nan, month: 1e99 }
    cost: { hour: lots, day: -.inf, month: 2000001 }
throttle: { timeZone: Mars/Olympus, hardStop: "yes" }
context: claer
agents: { claud: {} }
auto: 7
`);
    const at = (place: string) => `${join(folder, "given.yaml")}:${place}`;
    expect(error.code).toBe("config");
    expect(error.message).toBe("the configuration has 14 faults");
    expect([...error.details].sort()).toEqual(
      [
        `${at("1:1")} the file has no key "wokrers" (did you mean workers?)`,
        `${at("3:3")} workers.count must be a whole number from 0 to 100, not 101`,
        `${at("4:3")} workers has no key "agnet" (did you mean agent?)`,
        `${at("7:15")} limits.global.tokens.hour must be tokens (250000, 100K or 5M, at most 1000G) or null for no limit, not -5`,
        `${at("7:25")} limits.global.tokens.day must be tokens (250000, 100K or 5M, at most 1000G) or null for no limit, not NaN`,
        `${at("7:36")} limits.global.tokens.month must be tokens (250000, 100K or 5M, at most 1000G) or null for no limit, not 1e+99`,
        `${at("8:13")} limits.global.cost.hour must be dollars (5 or 5.50, at most 1000000) or null for no limit, not "lots"`,
        `${at("8:25")} limits.global.cost.day must be dollars (5 or 5.50, at most 1000000) or null for no limit, not -Infinity`,
        `${at("8:37")} limits.global.cost.month must be dollars (5 or 5.50, at most 1000000) or null for no limit, not 2000001`,
        `${at("9:13")} throttle.timeZone must be a time zone such as Europe/Berlin, or null for the machine's own, not "Mars/Olympus"`,
        `${at("9:37")} throttle.hardStop must be true or false, not "yes"`,
        `${at("10:1")} context must be one of keep, clear, fresh, not "claer" (did you mean clear?)`,
        `${at("11:11")} agents has no key "claud" (did you mean claude?)`,
        `${at("12:1")} auto must be a section of keys, not 7`,
      ].sort(),
    );
  });

  test.each([
    ["a list", "- 1\n- 2\n", "must be a section of keys, not a list"],
    ["a key twice", "context: keep\ncontext: clear\n", "Map keys must be unique"],
    ["broken syntax", "workers: {count: 1\n", "given.yaml:2:1 "],
    [
      "a command in one text",
      "agents: { shell: { command: sh -c } }",
      "must be a list of program and arguments",
    ],
    ["a flag as a model", "routes: { ui: { model: --evil } }", "must be a model name"],
    ["a worker of another name", "limits: { workers: { bob: {} } }", "has a key that is not a worker"],
    [
      "a bad variable name",
      "agents: { shell: { env: { 'A B': x } } }",
      "has a key that is not the name of an environment",
    ],
    ["terminal control", 'context: "\\e[31mred"', '"\\u001b[31mred"'],
    ["terminal control in a key", '"\\e[31m": 1', "given.yaml:1:1 the file has no key"],
    ["a prototype", "__proto__: { count: 9 }\n", "no key may be named __proto__"],
    [
      "too many entries",
      `agents: { shell: { env: {${Array.from({ length: 201 }, (_, i) => `A${i}: ""`).join(", ")}} } }`,
      "more than 200",
    ],
  ])("%s", async (_, text, fault) => {
    const error = await faultsOf(text);
    expect(error.code).toBe("config");
    expect([error.message, ...error.details].join("\n")).toContain(fault);
  });

  test("a swarm of aliases is stopped", async () => {
    const swarm = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [name, of] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"]) {
      swarm.push(`${name}: &${name} [${`*${of},`.repeat(9)}]`);
    }
    expect((await faultsOf(swarm.join("\n"))).message).toContain("alias");
  });

  test("a secret is never repeated", async () => {
    const error = await faultsOf('agents: { claude: { env: { KEY: ["sk-secret"] } } }');
    expect(`${error.message} ${error.details.join(" ")}`).not.toContain("sk-secret");
  });

  test("whatever the file holds, the answer is a configuration or a CtmError", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: "binary" }), fc.json()), async (text) => {
        await configOf(text).catch((error: unknown) => expect(error).toBeInstanceOf(CtmError));
      }),
      { numRuns: 300 },
    );
  });
});

describe("paths", () => {
  test("the flag goes before CTM_STATE_DIR, that before XDG_STATE_HOME, that before ~/.local/state", async () => {
    const stateDir = async (more: Environment, overrides: ConfigOverrides = {}) =>
      (await loadConfig({ overrides, env: { ...env, ...more }, cwd: folder })).paths.stateDir;
    expect(await stateDir({})).toBe(join(folder, ".local/state/ctm"));
    expect(await stateDir({ XDG_STATE_HOME: "/x" })).toBe("/x/ctm");
    expect(await stateDir({ XDG_STATE_HOME: "/x", CTM_STATE_DIR: "mine" })).toBe(join(folder, "mine"));
    expect(await stateDir({ CTM_STATE_DIR: "/y" }, { stateDir: "/z" })).toBe("/z");
  });

  test("sockets stay within 100 bytes, in a folder of this state folder alone", () => {
    const short = pathsIn("/home/me/.local/state/ctm", {});
    expect(short.managerSocket).toBe("/home/me/.local/state/ctm/manager.sock");
    const paths = ["/a", "/b"].map((start) =>
      pathsIn(`${start}${"/long".repeat(30)}`, { TMPDIR: "/var/tmp" }),
    );
    for (const { managerSocket, tmuxSocket, ledgerFile, stateDir } of paths) {
      expect(Buffer.byteLength(managerSocket)).toBeLessThanOrEqual(100);
      expect(tmuxSocket).toMatch(/^\/var\/tmp\/ctm-\d+-[0-9a-f]{8}\/tmux\.sock$/);
      expect(ledgerFile.startsWith(stateDir)).toBe(true);
    }
    expect(paths[0]?.tmuxSocket).not.toBe(paths[1]?.tmuxSocket);
    expect(pathsIn(`/${"x".repeat(99)}`, { TMPDIR: `/${"t".repeat(99)}` }).tmuxSocket).toMatch(
      /^\/tmp\/ctm-/,
    );
  });
});

test("helper processes get no secret and no terminal", () => {
  const given = {
    PATH: "/bin",
    HOME: "/h",
    LC_ALL: "C",
    XDG_STATE_HOME: "/s",
    TMUX: "x",
    ANTHROPIC_API_KEY: "k",
    NODE_OPTIONS: "o",
  };
  expect(harmlessEnvironment(given)).toEqual({ PATH: "/bin", HOME: "/h", LC_ALL: "C", XDG_STATE_HOME: "/s" });
});

test("an agent gets the person's environment and keys, without what belongs to us, to npm or to tmux", () => {
  const kept = { PATH: "/bin", ANTHROPIC_API_KEY: "k", CLAUDE_CODE_USE_BEDROCK: "1" };
  const dropped = {
    TMUX: "x",
    TMUX_PANE: "%1",
    CTM_STATE_DIR: "/s",
    npm_config_x: "1",
    CLAUDECODE: "1",
    NODE_OPTIONS: "o",
  };
  expect(agentEnvironment({ ...kept, ...dropped })).toEqual(kept);
});
