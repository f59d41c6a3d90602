/** Tells when an agent records something: events of the folders that hold records, and a slow sweep behind them. */
import { watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import type { FoundFile } from "./find-files.ts";
import type { RecordFolders } from "./formats.ts";

/** Several lines of one answer are one change. */
const settleMs = 300;
/** Finds what no event told: folders that are new, and file systems that tell nothing. */
const sweepMs = 30_000;
/** Folders watched at once, those with the newest records first; the sweep looks after the others. */
const watchedMax = 1_000;

export class RecordWatch {
  readonly #folders: RecordFolders;
  readonly #onChange: () => void;
  readonly #sweep: NodeJS.Timeout;
  readonly #watchers = new Map<string, FSWatcher>();
  #soon: NodeJS.Timeout | null = null;

  constructor(folders: RecordFolders, onChange: () => void) {
    this.#folders = folders;
    this.#onChange = onChange;
    this.#sweep = setInterval(() => this.#notice(), sweepMs);
  }

  /** Watches the folders of these files, and those that new ones appear in. */
  follow(files: readonly FoundFile[]): void {
    const newestFirst = [...files].sort((a, b) => b.changedMs - a.changedMs);
    const wanted = [
      ...Object.values(this.#folders).flat(),
      ...newestFirst.flatMap(({ path }) => [dirname(path), dirname(dirname(path))]),
    ];
    for (const folder of new Set(wanted)) {
      if (this.#watchers.size >= watchedMax) return;
      if (!this.#watchers.has(folder)) this.#watch(folder);
    }
  }

  stop(): void {
    clearInterval(this.#sweep);
    if (this.#soon !== null) clearTimeout(this.#soon);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: true }, () => this.#notice());
      watcher.on("error", () => this.#forget(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Not there (yet), or no more watchers to be had: the sweep finds what changes.
    }
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #notice(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.#onChange();
    }, settleMs);
  }
}
