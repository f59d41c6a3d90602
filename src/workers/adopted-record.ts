/**
 * Where the record of an adopted session lies. Nobody told its agent to call our hooks, so the agent's process is
 * asked: its arguments, its environment's folders, and what it wrote about itself. Linux only; elsewhere nothing is
 * found, and the usage of such a task is unknown.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { rehearsalRecordName } from "../agents/rehearsal.ts";

export interface FoundRecord {
  readonly sessionId: string;
  readonly recordPath: string;
}

/** A process in front of a terminal. */
export interface FrontProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly cwd: string;
}

const SESSION_ID = /^[A-Za-z0-9-]{8,80}$/;
/** Newest days of rollouts that are searched. */
const daysMax = 7;
const firstLineMaxBytes = 1024 * 1024;

/** The process group in front in the terminal of a pane's process; null where the system does not tell. */
export function processInFront(panePid: number): FrontProcess | null {
  try {
    const stat = readFileSync(`/proc/${panePid}/stat`, "utf8");
    const pid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[5]);
    const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .split("\0")
      .filter((word) => word !== "");
    return argv.length === 0 ? null : { pid, argv, cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return null;
  }
}

/** The record of the session this process works on; null when it cannot be told. */
export function recordOfProcess(agent: string, front: FrontProcess): FoundRecord | null {
  try {
    if (agent === "claude") return claudeRecord(front);
    if (agent === "codex") return codexRecord(front);
    return agent === "rehearsal" ? rehearsalRecord(front) : null;
  } catch {
    return null; // A file that is not there, or not what it should be: the record is not known.
  }
}

/** Claude Code keeps `sessions/<pid>.json` with the id of the session it works on. */
function claudeRecord({ pid, cwd }: FrontProcess): FoundRecord | null {
  const root = folderOf(pid, "CLAUDE_CONFIG_DIR", ".claude");
  const state: unknown = JSON.parse(readFileSync(join(root, "sessions", `${pid}.json`), "utf8"));
  const sessionId =
    typeof state === "object" && state !== null && "sessionId" in state ? state.sessionId : null;
  if (typeof sessionId !== "string" || !SESSION_ID.test(sessionId)) return null;
  return {
    sessionId,
    recordPath: join(root, "projects", cwd.replace(/[^A-Za-z0-9]/g, "-"), `${sessionId}.jsonl`),
  };
}

/** The newest rollout that was begun in this folder. */
function codexRecord({ pid, cwd }: FrontProcess): FoundRecord | null {
  const root = join(folderOf(pid, "CODEX_HOME", ".codex"), "sessions");
  for (const path of newestRollouts(root)) {
    const sessionId = /-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/.exec(path)?.[1];
    if (sessionId !== undefined && firstLine(path).includes(`"cwd":${JSON.stringify(cwd)}`))
      return { sessionId, recordPath: path };
  }
  return null;
}

function rehearsalRecord({ argv }: FrontProcess): FoundRecord | null {
  const value = (flag: string): string | null =>
    argv.includes(flag) ? (argv[argv.indexOf(flag) + 1] ?? null) : null;
  const [sessionId, dir] = [value("--session"), value("--dir")];
  return sessionId === null || dir === null
    ? null
    : { sessionId, recordPath: join(dir, rehearsalRecordName(sessionId)) };
}

/** A folder named by a variable of that process, else below its home. */
function folderOf(pid: number, variable: string, below: string): string {
  const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  const value = (name: string): string | undefined =>
    entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  return value(variable) ?? join(value("HOME") ?? "/nonexistent", below);
}

/** Rollouts of the newest days (folders year/month/day), newest first. */
function newestRollouts(root: string): string[] {
  const below = (folder: string): string[] =>
    readdirSync(folder)
      .sort()
      .reverse()
      .map((name) => join(folder, name));
  const days = below(root).flatMap(below).flatMap(below).slice(0, daysMax);
  return days
    .flatMap(below)
    .filter((path) => path.endsWith(".jsonl"))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

function firstLine(path: string): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(firstLineMaxBytes);
    const text = buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, 0));
    return text.slice(0, text.indexOf("\n") + 1 || undefined);
  } finally {
    closeSync(file);
  }
}
