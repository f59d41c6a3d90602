/** The record files below the agents' folders. Inside of a folder links are not followed; the folder itself may be one. */
import { readdirSync, realpathSync, statSync, type Dirent } from "node:fs";
import { basename, join } from "node:path";
import { RECORDED_AGENTS, type FileKind, type RecordedAgent, type RecordFolders } from "./formats.ts";

/** Most files that are looked at; a person with more is told. */
export const recordFilesMax = 300_000;
const depthMax = 12;

export interface FoundFile {
  readonly agent: RecordedAgent;
  readonly kind: FileKind;
  readonly path: string;
  /** The agent's name for the project, where its path says it: Claude's folder, Gemini's short name. */
  readonly project: string | null;
  readonly bytes: number;
  readonly changedMs: number;
  readonly inode: number;
}

/** All record files, each once, in the order of agents and paths. Folders that cannot be read are left out. */
export function findRecordFiles(folders: RecordFolders): FoundFile[] {
  const found = new Map<string, FoundFile>();
  for (const agent of RECORDED_AGENTS) {
    for (const folder of folders[agent]) {
      for (const part of partsOf(agent, folder)) walk(part, "", 0, agent, found);
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** The folders inside of an agent's own that hold records. */
function partsOf(agent: RecordedAgent, folder: string): string[] {
  switch (agent) {
    case "claude":
      return [basename(folder) === "projects" ? folder : join(folder, "projects")];
    case "codex":
      return [join(folder, "sessions"), join(folder, "archived_sessions")];
    case "gemini":
      return [folder];
    case "opencode":
      return [folder];
    default:
      return agent satisfies never;
  }
}

function walk(
  root: string,
  below: string,
  depth: number,
  agent: RecordedAgent,
  found: Map<string, FoundFile>,
): void {
  const folder = depth === 0 ? realPath(root) : root;
  if (folder === null) return;
  for (const entry of entriesOf(folder)) {
    if (found.size >= recordFilesMax) return;
    const inside = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth < depthMax && mayHold(agent, inside))
        walk(join(folder, entry.name), inside, depth + 1, agent, found);
    } else if (entry.isFile()) {
      const kind = kindOf(agent, inside);
      const file = kind === null ? null : lookAt(join(folder, entry.name), agent, kind, inside);
      if (file !== null) found.set(file.path, file);
    }
  }
}

/** Folders that hold no record, and may be large. */
function mayHold(agent: RecordedAgent, inside: string): boolean {
  if (agent === "claude") return !inside.endsWith("/tool-results");
  if (agent === "opencode") return /^storage(\/message(\/[^/]+)?)?$/.test(inside);
  return true;
}

function kindOf(agent: RecordedAgent, inside: string): FileKind | null {
  switch (agent) {
    case "claude":
    case "codex":
      return inside.endsWith(".jsonl") ? "lines" : null;
    case "gemini":
      if (!/^[^/]+\/chats\//.test(inside)) return null;
      return inside.endsWith(".jsonl") ? "lines" : inside.endsWith(".json") ? "document" : null;
    case "opencode":
      if (/^opencode(-[\w.-]+)?\.db$/.test(inside)) return "database";
      return /^storage\/message\/[^/]+\/[^/]+\.json$/.test(inside) ? "document" : null;
    default:
      return agent satisfies never;
  }
}

function lookAt(path: string, agent: RecordedAgent, kind: FileKind, inside: string): FoundFile | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const project = agent === "claude" || agent === "gemini" ? (inside.split("/")[0] ?? null) : null;
  // What was written to a database last stands in a file beside it.
  const log = kind === "database" ? statSync(`${path}-wal`, { throwIfNoEntry: false }) : undefined;
  return {
    agent,
    kind,
    path,
    project: inside.includes("/") ? project : null,
    bytes: stat.size + (log?.size ?? 0),
    // An empty one was made by whoever looked last, ourselves included.
    changedMs: Math.max(stat.mtimeMs, log !== undefined && log.size > 0 ? log.mtimeMs : 0),
    inode: stat.ino,
  };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // Gone or not ours to read: nothing to count is all that can be said.
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
