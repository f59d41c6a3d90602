/** Tells when one of a record's files is written to, by events of their folders. */
import { statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

export class RecordEvents {
  readonly #onWrite: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #paths: readonly string[] = [];

  constructor(onWrite: () => void) {
    this.#onWrite = onWrite;
  }

  /** Files, and folders of files, of which some may not be there yet. Others than before are let go. */
  follow(paths: readonly string[]): void {
    if (paths.join("\n") !== this.#paths.join("\n")) this.close();
    this.#paths = paths;
    for (const path of paths) {
      if (isFolder(path)) this.#watch(path, null);
      else this.#watch(dirname(path), basename(path));
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** `name`: only this file of the folder; others' records may lie beside it. */
  #watch(folder: string, name: string | null): void {
    const key = `${folder}\n${name ?? ""}`;
    if (this.#watchers.has(key)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, written) => {
        if (name === null || written === null || written === name) this.#onWrite();
      });
      watcher.on("error", () => {
        watcher.close();
        this.#watchers.delete(key);
      });
      this.#watchers.set(key, watcher);
    } catch {
      // Not there yet, or no more watchers to be had: what the agent prints and signals has to do.
    }
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
