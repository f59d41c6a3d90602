/** The record files below the agents' folders. Inside of a folder links are not followed; the folder itself may be one. */
import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { listingOf, type Listing } from "./folder-listings.ts";
import { RECORDED_AGENTS, type FileKind, type RecordedAgent, type RecordFolders } from "./formats.ts";

/** Most files that are looked at; a person with more is told. */
export const recordFilesMax = 300_000;
const depthMax = 12;

export interface FoundFile {
  readonly agent: RecordedAgent;
  readonly kind: FileKind;
  readonly path: string;
  /** The folder all records of its kind lie below. */
  readonly root: string;
  /** The agent's name for the project, where its path says it: Claude's folder, Gemini's short name. */
  readonly project: string | null;
  readonly bytes: number;
  readonly changedMs: number;
  /** When anything of it changed last, its owner and mode included. */
  readonly statusMs: number;
  readonly inode: number;
}

/** All record files, each once, in the order of their paths. Folders that cannot be read are left out. */
export function findRecordFiles(
  folders: RecordFolders,
  listing: (folder: string) => Listing = listingOf,
): FoundFile[] {
  const found = new Map<string, FoundFile>();
  for (const place of rootsOf(folders)) {
    const root = realPath(place.root);
    if (root !== null) walk(root, { ...place, root }, found, listing);
  }
  return sorted(found);
}

/** All that was looked at to find these, and the folders that were looked for: a change of what was found shows there. */
export function placesOfRecords(
  folders: RecordFolders,
  walked: readonly string[],
  found: readonly FoundFile[],
): (string | FoundFile)[] {
  const roots = rootsOf(folders).map(({ root }) => root);
  // What stands here of a database is of two files.
  const files = found.flatMap((file): (string | FoundFile)[] =>
    file.kind === "database" ? [file.path, `${file.path}-wal`] : [file],
  );
  return [...new Set([...roots, ...walked]), ...files];
}

/** The record files among these paths and, of those that are folders, below them. Others are left out. */
export function recordFilesAt(folders: RecordFolders, paths: readonly string[]): FoundFile[] {
  const found = new Map<string, FoundFile>();
  for (const place of rootsOf(folders)) {
    const root = realPath(place.root);
    if (root === null) continue;
    for (const path of paths)
      if (path === root || path.startsWith(`${root}/`)) lookInto(path, { ...place, root }, found);
  }
  return sorted(found);
}

/** The folders that records lie in, as they are really called; those that are not there yet as they will be. */
export function recordRoots(folders: RecordFolders): string[] {
  return [...new Set(rootsOf(folders).map(({ root }) => realPath(root) ?? root))];
}

function rootsOf(folders: RecordFolders): Place[] {
  return RECORDED_AGENTS.flatMap((agent) =>
    folders[agent]
      .flatMap((own) => partsOf(agent, own))
      .map((root) => ({ agent, root, inside: "", depth: 0, project: null })),
  );
}

function sorted(found: ReadonlyMap<string, FoundFile>): FoundFile[] {
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** One path below a root: its place is what the walk would have come to. */
function lookInto(path: string, root: Place, found: Map<string, FoundFile>): void {
  const names = path.slice(root.root.length + 1).split("/");
  const last = names.pop() ?? "";
  let place = root;
  for (const name of names) {
    if (!mayHold(place, name)) return;
    place = below(place, name);
  }
  if (place.depth > depthMax) return;
  if (last === "") return walk(path, place, found, listingOf);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true && mayHold(place, last)) walk(path, below(place, last), found, listingOf);
  // What is written to a database stands in a file beside it.
  const name = place.agent === "opencode" ? last.replace(/-wal$/, "") : last;
  const kind = stat?.isFile() === true ? kindOf(place, name) : null;
  const file = kind === null ? null : lookAt(path.slice(0, path.length - last.length) + name, kind, place);
  if (file !== null) found.set(file.path, file);
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

/** Where in an agent's folder the walk is. */
interface Place {
  readonly agent: RecordedAgent;
  readonly root: string;
  /** The way from the root, with a stroke at its end; "" for the root itself. */
  readonly inside: string;
  readonly depth: number;
  readonly project: string | null;
}

/** There may be thousands of folders: a path is put together once, and looked into only where its name says nothing. */
function walk(
  folder: string,
  place: Place,
  found: Map<string, FoundFile>,
  listing: (folder: string) => Listing,
): void {
  const { folders, files } = listing(folder);
  for (const name of files) {
    if (found.size >= recordFilesMax) return;
    const kind = kindOf(place, name);
    const file = kind === null ? null : lookAt(`${folder}/${name}`, kind, place);
    if (file !== null) found.set(file.path, file);
  }
  for (const name of folders) {
    if (place.depth < depthMax && mayHold(place, name))
      walk(`${folder}/${name}`, below(place, name), found, listing);
  }
}

function below({ agent, root, inside, depth, project }: Place, name: string): Place {
  return { agent, root, inside: `${inside}${name}/`, depth: depth + 1, project: project ?? name };
}

/** Folders that hold no record, and may be large. */
function mayHold({ agent, inside, depth }: Place, name: string): boolean {
  if (agent === "claude") return name !== "tool-results" || depth === 0;
  if (agent === "opencode") return /^storage(\/message(\/[^/]+)?)?$/.test(inside + name);
  return true;
}

function kindOf({ agent, inside }: Place, name: string): FileKind | null {
  switch (agent) {
    case "claude":
    case "codex":
      return name.endsWith(".jsonl") ? "lines" : null;
    case "gemini":
      if (!/^[^/]+\/chats\//.test(inside)) return null;
      return name.endsWith(".jsonl") ? "lines" : name.endsWith(".json") ? "document" : null;
    case "opencode":
      if (inside === "") return /^opencode(-[\w.-]+)?\.db$/.test(name) ? "database" : null;
      return /^storage\/message\/[^/]+\/$/.test(inside) && name.endsWith(".json") ? "document" : null;
    default:
      return agent satisfies never;
  }
}

function lookAt(path: string, kind: FileKind, { agent, root, project }: Place): FoundFile | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  // What was written to a database last stands in a file beside it.
  const log = kind === "database" ? statSync(`${path}-wal`, { throwIfNoEntry: false }) : undefined;
  return {
    agent,
    kind,
    path,
    root,
    project: agent === "claude" || agent === "gemini" ? project : null,
    bytes: stat.size + (log?.size ?? 0),
    // An empty one was made by whoever looked last, ourselves included.
    changedMs: Math.max(stat.mtimeMs, log !== undefined && log.size > 0 ? log.mtimeMs : 0),
    statusMs: stat.ctimeMs,
    inode: stat.ino,
  };
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
