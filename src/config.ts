/**
 * Loads the configuration: one validated, frozen object, or one error that names every fault. The only file that
 * reads the environment.
 */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { CtmError } from "./base/errors.ts";
import { DEFAULTS, isSection, overDefaults } from "./config-defaults.ts";
import {
  type ConfigFile,
  findConfigFile,
  oneLine,
  placesOfConfigFile,
  readConfigFile,
} from "./config-file.ts";
import type { Config, Paths } from "./config-shape.ts";
import { findRoster, readRoster } from "./roster-file.ts";
import { accountFolders, recordFolders } from "./record-folders.ts";
import type { RecordFolders } from "./transcripts/formats.ts";
import { parseFaultOrders } from "./faults/fault-order.ts";
import type { FaultOrder } from "./faults/fault-point.ts";
import type { Level } from "./throttle/levels.ts";

export type { Config, Paths };

export type Environment = Readonly<Record<string, string | undefined>>;

/** What stands on the command line and goes over the file. Unset = the file decides. Texts are validated here. */
export interface ConfigOverrides {
  readonly configFile?: string;
  readonly stateDir?: string;
  readonly workers?: string | number;
  readonly agent?: string;
  readonly pauseAt?: string;
  readonly preferCheap?: boolean;
  readonly profile?: string;
  readonly context?: string;
  readonly redis?: string;
}

export interface LoadRequest {
  readonly overrides?: ConfigOverrides;
  /** The process's own environment by default. */
  readonly env?: Environment;
  /** The folder the process was started in by default. */
  readonly cwd?: string;
}

/** Longest path of a unix socket that every system takes, in bytes. */
const socketPathMaxBytes = 100;

/** Which key of the file each flag stands for. */
const FLAGS: readonly { flag: string; of: keyof ConfigOverrides; keys: readonly [string, ...string[]] }[] = [
  { flag: "--workers", of: "workers", keys: ["workers", "count"] },
  { flag: "--agent", of: "agent", keys: ["workers", "agent"] },
  { flag: "--pause-at", of: "pauseAt", keys: ["throttle", "pauseAt"] },
  { flag: "--prefer-cheap", of: "preferCheap", keys: ["preferCheap"] },
  { flag: "--profile", of: "profile", keys: ["prices", "profile"] },
  { flag: "--context", of: "context", keys: ["context"] },
  { flag: "--redis", of: "redis", keys: ["redis", "url"] },
];

/**
 * Finds, reads and validates the configuration and freezes it. Flags go over the file, the file over the defaults.
 * Throws CtmError `config` with one line a fault (place, key, what is wanted), or `refused` for an unsafe file.
 */
export async function loadConfig(request: LoadRequest = {}): Promise<Config> {
  const { overrides = {}, env = process.env, cwd = currentFolder() } = request;
  const path = findConfigFile(
    configFileNamed(overrides, env),
    cwd,
    join(xdgFolder(env, "CONFIG", ".config"), "ctm"),
  );
  const file = path === null ? null : await readConfigFile(path, process.getuid?.() ?? null);
  const { fileSchema, limitsOfFile } = await import("./config-schema.ts");
  const { declaredNames } = await import("./config-agents.ts");
  const { triggersOf } = await import("./trigger-schema.ts");
  const { alertsConfig } = await import("./config-alerts.ts");
  const written = withOverrides(file?.value, overrides);
  const parsed = fileSchema(declaredNames(written)).safeParse(overDefaults(DEFAULTS, written), {
    reportInput: true,
    // Checked once: compiling the checks first takes longer than it saves.
    jitless: true,
  });
  if (!parsed.success) throw configError(parsed.error.issues, file, overrides);
  const { limits, throttle, workers, usage, roster, reports, triggers, alerts, ...rest } = parsed.data;
  const base = file === null ? cwd : dirname(file.path);
  const workersCwd = workers.cwd === null ? resolve(cwd) : fromHome(workers.cwd, env, base);
  return deepFrozen({
    ...rest,
    paths: pathsIn(stateDirOf(overrides, env, cwd), env),
    configFile: path,
    workers: { ...workers, cwd: workersCwd },
    roster: await rosterSetting({
      named: roster.file === null ? null : fromHome(roster.file, env, base),
      cwd: workersCwd,
      metrics: (project) => metricsFolder(roster.metrics, project, env),
      agents: Object.keys(rest.agents),
    }),
    reports: { folder: reports.folder === null ? null : fromHome(reports.folder, env, base) },
    usage: {
      ...usage,
      folders: recordFolders(
        usage.folders,
        { ...env, HOME: homeOf(env) },
        (agent) => environmentsTold(agent, rest),
        (path) => fromHome(path, env, base),
      ),
      accounts: accountFolders(
        rest.accounts.named,
        { ...env, HOME: homeOf(env) },
        (agent) => rest.agents[agent]?.env ?? {},
      ),
    },
    triggers: triggersOf(triggers, throttle.timeZone),
    throttle: { ...throttle, pauseAt: levelOf(throttle.pauseAt), limits: limitsOfFile(limits) },
    alerts: alertsConfig(alerts, throttle.timeZone, (path) => fromHome(path, env, base)),
  });
}

/** The files that may hold the configuration: what they are decides on all that `loadConfig` gives. */
export function configPlaces(overrides: ConfigOverrides, env: Environment = process.env): readonly string[] {
  const named = configFileNamed(overrides, env);
  return placesOfConfigFile(named, currentFolder(), join(xdgFolder(env, "CONFIG", ".config"), "ctm"));
}

/** Where the agents keep their records if no configuration says otherwise. */
export function usualRecordFolders(env: Environment = process.env): RecordFolders {
  const named = { claude: null, codex: null, gemini: null, opencode: null };
  return recordFolders(
    named,
    { ...env, HOME: homeOf(env) },
    () => [],
    (path) => path,
  );
}

/** Where state is kept. Throws CtmError `usage`. */
export function stateFolder(overrides: ConfigOverrides = {}, env: Environment = process.env): string {
  return stateDirOf(overrides, env, currentFolder());
}

/** The person's own `~/.claude` is Claude Code's: nothing is written there. */
function metricsFolder(named: string | null, project: string, env: Environment): string | null {
  if (named === null) return null;
  const folder = fromHome(named, env, project);
  const ofClaude = join(homeOf(env), ".claude");
  return folder === ofClaude || folder.startsWith(`${ofClaude}/`) ? null : folder;
}

interface RosterWish {
  readonly named: string | null;
  /** Where it is looked for when it is not named. */
  readonly cwd: string;
  metrics(project: string): string | null;
  /** The kinds of agent CLI there are. */
  readonly agents: readonly string[];
}

async function rosterSetting({ named, cwd, metrics, agents }: RosterWish): Promise<Config["roster"]> {
  const file = findRoster(named, cwd);
  if (file === null) return null;
  return { file, roster: await readRoster(file, agents), metricsDir: metrics(dirname(file)) };
}

/** What the settings of an agent and its accounts put into its environment. */
function environmentsTold(
  agent: string,
  { agents, accounts }: Pick<Config, "agents" | "accounts">,
): Environment[] {
  const settings = Object.entries(agents).filter(([kind]) => kind === agent);
  const named = Object.values(accounts.named).filter((account) => account.agent === agent);
  return [...settings.map(([, { env }]) => env), ...named.map(({ env }) => env)];
}

/** The folder the process was called in. Throws CtmError `usage` when it is gone. */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new CtmError("usage", "the current folder does not exist any more", [], { cause: error });
  }
}

/** Every path the product uses, below one state folder; sockets elsewhere when their path would be too long. */
export function pathsIn(stateDir: string, env: Environment = process.env): Paths {
  const sockets = socketFolder(stateDir, env);
  return {
    stateDir,
    ledgerFile: join(stateDir, "ledger.sqlite"),
    lockFile: join(stateDir, "manager.lock"),
    managerSocket: join(sockets, "manager.sock"),
    tmuxSocket: join(sockets, "tmux.sock"),
    spoolDir: join(stateDir, "spool"),
    workersDir: join(stateDir, "workers"),
    historyFile: join(stateDir, "history"),
    usageIndex: join(stateDir, "usage-index.sqlite"),
    usageAnswers: join(stateDir, "usage-answers.json"),
    pricesFile: join(stateDir, "prices.json"),
    dashboardFile: join(stateDir, "dashboard.json"),
    reportsDir: join(stateDir, "reports"),
  };
}

/**
 * What $CTM_FAULT asks of a test run: to break this process at fault points (point:action:n), to list the points, or
 * to count how often each is passed. Throws CtmError `usage`.
 */
export function faultWish(env: Environment = process.env): readonly FaultOrder[] | "list" | "count" | null {
  const wish = env["CTM_FAULT"];
  if (wish === undefined || wish === "") return null;
  return wish === "list" || wish === "count" ? wish : parseFaultOrders(wish);
}

/** The state folder of the manager that started the agent we are called by; null: none did. */
export function stateDirOfWorker(env: Environment = process.env): string | null {
  const { CTM_REPORT: key, CTM_SPOOL: spool } = env;
  return key === undefined || key === "" || spool === undefined || !isAbsolute(spool) ? null : dirname(spool);
}

/** The process's environment, for those who start processes or ask what the terminal can show. */
export function processEnvironment(): Environment {
  return { ...process.env };
}

/**
 * What an agent is started with: the person's whole environment, keys included, as if they had started it in their
 * own shell; without what belongs to the program we were started from (npm, tmux, another agent) or to us.
 */
export function agentEnvironment(env: Environment = process.env): Record<string, string> {
  const foreign =
    /^(npm_|TMUX|CTM_|CLAUDECODE$|CLAUDE_CODE_(ENTRYPOINT|SESSION_ID|SSE_PORT)$|INIT_CWD$|NODE$|NODE_OPTIONS$|VITEST)/;
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !foreign.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * What a helper process needs of the environment (to find programs, folders, language and time zone) and nothing
 * that may be secret or that belongs to the terminal we run in.
 */
export function harmlessEnvironment(env: Environment = process.env): Record<string, string> {
  const harmless =
    /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TMUX_TMPDIR|XDG_[A-Z]+_(HOME|DIR))$/;
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && harmless.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}

/** The same, with what a program needs to find the person's desktop. */
export function desktopEnvironment(env: Environment = process.env): Record<string, string> {
  const desktop = /^(DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS)$/;
  const found = Object.entries(env).filter(([name, value]) => value !== undefined && desktop.test(name));
  return { ...harmlessEnvironment(env), ...(Object.fromEntries(found) as Record<string, string>) };
}

function configFileNamed(overrides: ConfigOverrides, env: Environment): string | null {
  return overrides.configFile ?? (env["CTM_CONFIG"] || null);
}

function stateDirOf(overrides: ConfigOverrides, env: Environment, cwd: string): string {
  const named = overrides.stateDir ?? (env["CTM_STATE_DIR"] || null);
  if (named === "") throw new CtmError("usage", "--state-dir must name a folder");
  if (named?.includes("\0")) throw new CtmError("usage", "the state folder's name holds a NUL character");
  return named === null ? join(xdgFolder(env, "STATE", ".local/state"), "ctm") : resolve(cwd, named);
}

/** XDG base folders: the variable counts only when it is absolute, as its specification wants. */
function xdgFolder(env: Environment, kind: "CONFIG" | "STATE", fallback: string): string {
  const named = env[`XDG_${kind}_HOME`];
  return named !== undefined && isAbsolute(named) ? named : join(homeOf(env), fallback);
}

function homeOf(env: Environment): string {
  const home = env["HOME"];
  return home !== undefined && isAbsolute(home) ? home : homedir();
}

function fromHome(path: string, env: Environment, base: string): string {
  return resolve(base, path === "~" || path.startsWith("~/") ? join(homeOf(env), path.slice(1)) : path);
}

function socketFolder(stateDir: string, env: Environment): string {
  const longest = Buffer.byteLength(join(stateDir, "manager.sock"));
  if (longest <= socketPathMaxBytes) return stateDir;
  const hash = createHash("sha256").update(stateDir).digest("hex").slice(0, 8);
  const name = `ctm-${process.getuid?.() ?? 0}-${hash}`;
  const wanted = env["TMPDIR"];
  const temporary = wanted !== undefined && isAbsolute(wanted) ? wanted : "/tmp";
  const fits = Buffer.byteLength(join(temporary, name, "manager.sock")) <= socketPathMaxBytes;
  return join(fits ? temporary : "/tmp", name);
}

/** The file's content with the flags laid over it; what is no section stays as it is, for validation to name. */
function withOverrides(written: unknown, overrides: ConfigOverrides): unknown {
  let result = written;
  for (const { of, keys } of FLAGS) {
    const value = overrides[of];
    if (value !== undefined) result = withValue(result, keys, numberIfDigits(value));
  }
  return result;
}

function withValue(section: unknown, keys: readonly string[], value: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (section !== undefined && section !== null && !isSection(section)) return section;
  return { ...section, [key]: withValue(section?.[key], rest, value) };
}

function numberIfDigits(value: string | number | boolean): string | number | boolean {
  return typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of unknown keys: one a line of the message. */
  readonly keys?: readonly string[];
}

function configError(
  issues: readonly Issue[],
  file: ConfigFile | null,
  overrides: ConfigOverrides,
): CtmError {
  const faults = issues.flatMap((issue) =>
    issue.message.split("\n").map((line, index) => {
      const unknownKey = issue.keys?.[index];
      const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
      const place = flagOf(issue.path, overrides) ?? file?.place(path);
      const name = nameOf(issue.path);
      return oneLine(place === undefined ? `${name} ${line}` : `${place} ${name} ${line}`);
    }),
  );
  // One value can break two rules that are told in the same words.
  const told = [...new Set(faults)];
  const count = told.length === 1 ? "a fault" : `${told.length} faults`;
  return new CtmError("config", `the configuration has ${count}`, told);
}

function flagOf(path: readonly PropertyKey[], overrides: ConfigOverrides): string | undefined {
  return FLAGS.find(({ of, keys }) => overrides[of] !== undefined && keys.join(".") === path.join("."))?.flag;
}

/** A key as a person writes it; the amount of a limit is the limit itself. */
function nameOf(path: readonly PropertyKey[]): string {
  const keys = path[0] === "limits" && path.at(-1) === "amount" ? path.slice(0, -1) : path;
  return keys.map(String).join(".") || "the file";
}

function levelOf(pauseAt: "warning" | "soft" | "hard" | "critical" | null): Level | null {
  const levels = { warning: "WARNING", soft: "SOFT", hard: "HARD", critical: "CRITICAL" } as const;
  return pauseAt === null ? null : levels[pauseAt];
}

function deepFrozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) deepFrozen(part);
    Object.freeze(value);
  }
  return value;
}
