/**
 * What `doctor` looks at: each part of the machine and of the configuration that ctm leans on, what it found, and
 * what to do about it. A check that fails to run is itself a finding; none of them changes anything.
 */
import { existsSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { AgentKind } from "./agents/adapter.ts";
import { CtmError } from "./base/errors.ts";
import type { Config } from "./config-shape.ts";
import { alertChecks } from "./doctor-alerts.ts";
import { rosterChecks } from "./doctor-roster.ts";
import { limitsChecks } from "./doctor-limits.ts";
import { telemetryCheck } from "./doctor-telemetry.ts";
import { folderFault } from "./ledger/state-folder.ts";
import type { DoctorCheck, DoctorReport, Verdict } from "./reports/doctor.ts";
import { redisCheck, type RedisModel } from "./reports/redis.ts";
import type { TelemetryState } from "./reports/telemetry.ts";
import { askProgram, chooseAgent, findProgram } from "./workers/agent-finder.ts";
import { isAtLeast, parseTmuxVersion } from "./workers/tmux/version.ts";

export interface LedgerFacts {
  /** Why the manager cannot write now; null: it can, as far as it knows. */
  readonly fault: string | null;
  readonly sqliteVersion: string;
  readonly journalMode: string;
  /** 2 = FULL: every commit is on the disk before it is acknowledged. */
  readonly synchronous: number;
  /** Does this SQLite have the bug that can corrupt a WAL file? */
  readonly walResetBug: boolean;
}

export interface TerminalFacts {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
}

export interface ClockReading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface DoctorRequest {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a helper process gets of the environment. */
  readonly helperEnv: Readonly<Record<string, string>>;
  /** e.g. "v20.19.0". */
  readonly nodeVersion: string;
  /** The terminal of the person who asks; null = unknown (asked through another process). */
  readonly terminal: TerminalFacts | null;
  /** Reads both clocks. It is asked at the beginning and at the end. */
  clock(): ClockReading;
  /** Processes that outlived their worker; null = nobody can say which workers there are. */
  survivors(): readonly { readonly pid: number; readonly program: string }[] | null;
  /** Whether telemetry arrives; null = switched off, or nobody can say. */
  telemetry(): TelemetryState | null;
  /** How it stands with Redis; null = it is not wished for. */
  redis(): RedisModel | null;
  /** Opens the ledger as the manager would, and says what it is; throws what the manager would throw. */
  ledgerCheck(): LedgerFacts | Promise<LedgerFacts>;
}

/** Least free space below which the ledger may soon be unable to grow. */
const freeBytesMin = 200 * 1024 * 1024;
/** Drift between the two clocks that no slewing explains within one run. */
const clockDriftMaxMs = 1_000;
/** Network filesystems, by the magic number Linux gives them: SQLite's WAL does not work across hosts. */
const NETWORK_FILESYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB"],
  [0xff534d42, "CIFS"],
  [0x01021997, "9P"],
]);

/** Runs every check, in the order they are shown. Never throws. */
export async function runDoctor(request: DoctorRequest): Promise<DoctorReport> {
  const clockBefore = request.clock();
  const groups = await Promise.all([
    guarded("node", () => nodeCheck(request)),
    guarded("tmux", () => tmuxCheck(request)),
    guarded("agents", () => agentChecks(request)),
    guarded("attach", () => ptyCheck(request)),
    guarded("config", () => configCheck(request)),
    guarded("folders", () => folderChecks(request)),
    guarded("database", () => databaseCheck(request)),
    guarded("limits", () => limitsChecks(request.config)),
    guarded("roster", () => rosterChecks(request.config)),
    guarded("alerts", () => alertChecks(request.config)),
    guarded("telemetry", () => telemetryCheck(request.config, request.telemetry())),
    guarded("redis", () => redisCheck(request.redis())),
    guarded("survivors", () => survivorsCheck(request)),
    guarded("terminal", () => terminalCheck(request)),
  ]);
  const clock = await guarded("clock", () => clockCheck(clockBefore, request.clock(), request.config));
  return { checks: [...groups.flat(), ...clock] };
}

type Findings = DoctorCheck | readonly DoctorCheck[];

async function guarded(name: string, check: () => Findings | Promise<Findings>): Promise<DoctorCheck[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof CtmError && error.details.length > 0 ? error.details.join(" ") : null;
    return [{ name, verdict: "fail", found: message, remedy }];
  }
}

function finding(name: string, verdict: Verdict, found: string, remedy: string | null = null): DoctorCheck {
  return { name, verdict, found, remedy };
}

function nodeCheck({ nodeVersion }: DoctorRequest): DoctorCheck {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const good = (major === 20 && minor >= 19) || (major === 22 && minor >= 14) || major > 22;
  const remedy = good ? null : "Install Node 20.19 or later, 22.14 or later, or any newer one.";
  return finding("node", good ? "ok" : "fail", nodeVersion, remedy);
}

async function tmuxCheck({ env, helperEnv, config }: DoctorRequest): Promise<DoctorCheck> {
  const program = findProgram("tmux", env["PATH"] ?? "", config.workers.cwd);
  if (program === null) {
    return finding(
      "tmux",
      "fail",
      "not installed",
      "Run `sh scripts/setup.sh`, or install tmux 3.2 or later.",
    );
  }
  const told = await askProgram(program, ["-V"], helperEnv);
  if ("fault" in told) return finding("tmux", "fail", `${program}: ${told.fault}`, "Install tmux anew.");
  const version = parseTmuxVersion(told.answer);
  const found = `${version.text} (${program})`;
  if (!isAtLeast(version, 3, 2))
    return finding("tmux", "fail", found, "Update tmux: 3.2 is the oldest that works.");
  const notes = [
    isAtLeast(version, 3, 4)
      ? null
      : "before 3.4 a paste into a dead pane ends its server (ctm guards against it)",
    isAtLeast(version, 3, 6)
      ? null
      : "before 3.6 the end of a pane can go unnoticed (ctm looks a second way)",
  ].filter((note) => note !== null);
  const said = notes.length === 0 ? found : `${found}: ${notes.join("; ")}`;
  return finding(
    "tmux",
    "ok",
    said,
    notes.length === 0 ? null : "It works; a newer tmux is better where you can.",
  );
}

async function agentChecks({ config, env, helperEnv }: DoctorRequest): Promise<DoctorCheck[]> {
  const programOf = (kind: AgentKind) => {
    const [name] = config.agents[kind]?.command ?? [];
    return name === undefined ? null : findProgram(name, env["PATH"] ?? "", config.workers.cwd);
  };
  const checks = await Promise.all(
    Object.keys(config.agents).map((kind) => agentCheck(kind, programOf(kind), config, helperEnv)),
  );
  if (config.workers.agent !== "auto") return checks;
  const { kind, because } = chooseAgent(programOf);
  const remedy = kind === "rehearsal" ? "Install Claude Code or Codex, or set workers.agent." : null;
  return [
    ...checks,
    finding("auto", kind === "rehearsal" ? "warn" : "ok", `workers run ${kind}: ${because}`, remedy),
  ];
}

/** Is it there, and which version? A program that nobody asked for may be missing. */
async function agentCheck(
  kind: AgentKind,
  program: string | null,
  config: Config,
  helperEnv: Readonly<Record<string, string>>,
): Promise<DoctorCheck> {
  const { command = [], declared = null } = config.agents[kind] ?? {};
  const wanted =
    config.workers.agent === kind || Object.values(config.routes).some((route) => route.agent === kind);
  if (kind === "rehearsal" && command.length === 0) {
    return finding(kind, "ok", "comes with ctm; it spends nothing");
  }
  if (program === null) {
    const name = command[0] ?? kind;
    const remedy = wanted ? `Install it, or name its program: agents.${kind}.command.` : null;
    return finding(
      kind,
      wanted ? "fail" : "ok",
      `${name} is not on the PATH${wanted ? "" : " (not needed)"}`,
      remedy,
    );
  }
  // What a declared program does when it is asked for its version, nobody knows.
  if (kind === "shell" || kind === "rehearsal" || declared !== null) return finding(kind, "ok", program);
  const told = await askProgram(program, ["--version"], helperEnv);
  if ("answer" in told) return finding(kind, "ok", `${told.answer} (${program})`);
  return finding(kind, wanted ? "fail" : "warn", `${program} --version: ${told.fault}`, "Install it anew.");
}

/** Loaded in a process of its own: a native module that crashes must not take the doctor with it. */
async function ptyCheck({ helperEnv }: DoctorRequest): Promise<DoctorCheck> {
  const remedy =
    "`attach` works without it, more plainly. To build it: npm rebuild node-pty (npm 12 first needs: npm config set allow-scripts=node-pty,better-sqlite3 --location=user).";
  const path = ptyPath();
  if (path === null) return finding("attach", "warn", "node-pty is not installed", remedy);
  const script = 'require(process.argv[1]); console.log("loaded")';
  const told = await askProgram(process.execPath, ["-e", script, path], helperEnv);
  if ("answer" in told) return finding("attach", "ok", "node-pty loads");
  return finding("attach", "warn", `node-pty does not load: ${told.fault}`, remedy);
}

function ptyPath(): string | null {
  try {
    return createRequire(import.meta.url).resolve("node-pty");
  } catch {
    return null;
  }
}

function configCheck({ config }: DoctorRequest): DoctorCheck {
  const { configFile } = config;
  return finding(
    "config",
    "ok",
    configFile ?? "no file: the defaults hold (`ctm init` writes one to change)",
  );
}

function folderChecks({ config }: DoctorRequest): DoctorCheck[] {
  const { stateDir, spoolDir, workersDir, tmuxSocket } = config.paths;
  const folders = [...new Set([stateDir, spoolDir, workersDir, dirname(tmuxSocket)])];
  const private_ = folders.map((folder) => {
    if (!existsSync(folder)) return finding("folder", "ok", `${folder} is made at the first start`);
    const fault = folderFault(folder);
    if (fault === null) return finding("folder", "ok", `${folder} is private (700)`);
    return finding(
      "folder",
      "fail",
      `${folder}: ${fault}`,
      `Make it yours alone: chown and chmod 700 ${folder}`,
    );
  });
  return [...private_, diskCheck(stateDir)];
}

function diskCheck(stateDir: string): DoctorCheck {
  let folder = stateDir;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  const disk = statfsSync(folder);
  const network = NETWORK_FILESYSTEMS.get(disk.type);
  if (network !== undefined) {
    const remedy = "Put the state on a local disk: --state-dir or CTM_STATE_DIR.";
    return finding("disk", "fail", `${folder} is on ${network}, where the ledger is not safe`, remedy);
  }
  const freeBytes = disk.bavail * disk.bsize;
  const found = `${Math.floor(freeBytes / 1024 / 1024).toLocaleString("en-US")} MiB free for ${stateDir}`;
  const enough = freeBytes >= freeBytesMin;
  return finding(
    "disk",
    enough ? "ok" : "warn",
    found,
    enough ? null : "Make room: a full disk stops the queue.",
  );
}

async function databaseCheck({ ledgerCheck, config }: DoctorRequest): Promise<DoctorCheck> {
  const { fault, sqliteVersion, journalMode, synchronous, walResetBug } = await ledgerCheck();
  const durable = synchronous === 2 ? "every commit synced" : `synchronous=${synchronous}`;
  const found = `${config.paths.ledgerFile}: SQLite ${sqliteVersion}, ${journalMode}, ${durable}`;
  if (fault !== null)
    return finding(
      "database",
      "fail",
      `${config.paths.ledgerFile}: ${fault}`,
      "Make room, or mend the disk.",
    );
  if (journalMode !== "wal" || synchronous < 2) {
    return finding(
      "database",
      "fail",
      found,
      "The disk or filesystem refuses what keeps tasks safe: use a local one.",
    );
  }
  if (!walResetBug) return finding("database", "ok", found);
  return finding("database", "warn", `${found}, which has the WAL-reset bug`, "Update better-sqlite3.");
}

function survivorsCheck({ survivors }: DoctorRequest): DoctorCheck {
  const there = survivors();
  if (there === null) return finding("survivors", "ok", "not known without the database");
  const found = there.map(({ pid, program }) => `${program} (${pid})`);
  if (found.length === 0) return finding("survivors", "ok", "no process outlived its worker");
  const some = found.slice(0, 10).join(", ") + (found.length > 10 ? " and others" : "");
  const words = `${found.length === 1 ? "a process" : `${found.length} processes`} outlived their worker: ${some}`;
  return finding("survivors", "warn", words, "`survivors` lists them, `survivors --end` ends them.");
}

function terminalCheck({ terminal, env }: DoctorRequest): DoctorCheck {
  if (terminal === null) return finding("terminal", "ok", "not known here");
  const colour = env["NO_COLOR"]
    ? "no colour (NO_COLOR)"
    : env["TERM"] === "dumb"
      ? "no colour (TERM=dumb)"
      : "colour";
  if (!terminal.isTerminal) return finding("terminal", "ok", "none: plain text, no colour");
  const found = `${terminal.columns} x ${terminal.rows}, ${colour}, ${env["TERM"] ?? "TERM unset"}`;
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  if (terminal.columns < 80) {
    return finding(
      "terminal",
      "warn",
      found,
      "Make it 80 columns wide: narrower, the tables leave columns out.",
    );
  }
  if (/utf-?8/i.test(locale)) return finding("terminal", "ok", found);
  return finding(
    "terminal",
    "warn",
    `${found}, no UTF-8 locale`,
    "Set LANG to a UTF-8 locale, e.g. C.UTF-8.",
  );
}

function clockCheck(before: ClockReading, after: ClockReading, config: Config): DoctorCheck {
  const local = new Date(after.wallMs).toLocaleString("sv-SE", { timeZone: config.throttle.timeZone });
  const found = `${local} in ${config.throttle.timeZone}`;
  const drift = after.wallMs - before.wallMs - (after.monotonicMs - before.monotonicMs);
  if (Math.abs(drift) > clockDriftMaxMs) {
    const jump = `${found}; it jumped by ${Math.round(drift / 1_000)} s while this ran`;
    return finding(
      "clock",
      "warn",
      jump,
      "Let the system keep its clock (NTP): windows of limits follow it.",
    );
  }
  const year = new Date(after.wallMs).getUTCFullYear();
  if (year >= 2025 && year < 2100) return finding("clock", "ok", found);
  return finding("clock", "fail", `${found}, which cannot be`, "Set the clock: windows of limits follow it.");
}
