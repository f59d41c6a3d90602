/**
 * Tells which records were written to, by events of the folders that hold them. Nothing is looked for by the clock:
 * what is in a folder that no event can be had of is seen when its files are looked for again.
 */
import { existsSync, lstatSync, readdirSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { recordRoots, type FoundFile } from "./find-files.ts";
import type { RecordFolders } from "./formats.ts";

/** Several lines of one answer are one change. */
const settleMs = 300;
/** Folders watched at once, those with the newest records first. */
const watchedMax = 1_000;

export class RecordWatch {
  readonly #roots: readonly string[];
  readonly #onChange: (paths: readonly string[]) => void;
  readonly #settleMs: number;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #soon: NodeJS.Timeout | null = null;

  /** `onChange`: files and folders that were written to, made or removed, some time after the first of them. */
  constructor(
    folders: RecordFolders,
    onChange: (paths: readonly string[]) => void,
    { settleMs: afterMs = settleMs } = {},
  ) {
    this.#roots = recordRoots(folders);
    this.#onChange = onChange;
    this.#settleMs = afterMs;
    for (const root of this.#roots) {
      if (existsSync(root)) this.#watch(root);
      else this.#watchRoot(root);
    }
  }

  /** Watches the folders of these files, and those that new ones appear in. */
  follow(files: readonly FoundFile[]): void {
    const newestFirst = [...files].sort((a, b) => b.changedMs - a.changedMs);
    for (const { root, path } of newestFirst) {
      for (let folder = dirname(path); folder.length >= root.length; folder = dirname(folder))
        if (!this.#watch(folder)) break;
    }
  }

  stop(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** A root that is not there yet is waited for in the folder above it that is. */
  #watchRoot(root: string): void {
    const key = `above ${root}`;
    for (;;) {
      this.#forget(key);
      const there = existing(root);
      if (there === root) break;
      this.#listen(key, there, () => this.#watchRoot(root));
      if (existing(root) === there) return;
    }
    this.#watchTree(root);
    this.#notice(root);
  }

  /** A folder and those in it: files may be made in any of them before another event tells of it. */
  #watchTree(folder: string): void {
    if (!this.#watch(folder)) return;
    for (const name of foldersIn(folder)) this.#watchTree(`${folder}/${name}`);
  }

  /** False: it is watched already, or cannot be. */
  #watch(folder: string): boolean {
    return this.#listen(folder, folder, (event, name) => {
      const path = name === null ? folder : `${folder}/${name}`;
      if (event === "rename" && isFolder(path)) this.#watchTree(path);
      this.#notice(path);
    });
  }

  #listen(key: string, folder: string, onEvent: (event: string, name: string | null) => void): boolean {
    if (this.#watchers.has(key) || this.#watchers.size >= watchedMax) return false;
    try {
      const watcher = watch(folder, { persistent: true }, onEvent);
      watcher.on("error", () => this.#forget(key));
      this.#watchers.set(key, watcher);
      return true;
    } catch {
      return false; // Gone again, or no more watchers to be had.
    }
  }

  #forget(key: string): void {
    this.#watchers.get(key)?.close();
    this.#watchers.delete(key);
  }

  #notice(path: string): void {
    this.#changed.add(path);
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      const paths = [...this.#changed];
      this.#changed.clear();
      this.#onChange(paths);
    }, this.#settleMs);
  }
}

/** The path itself, or the folder above it that is there. */
function existing(path: string): string {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  return there;
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return []; // It is gone again.
  }
}
