/** A disk of a test's own that can be full or read-only: a small tmpfs, where the machine lets us mount one. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly folder: string;
  readOnly(on: boolean): void;
  remove(): void;
}

/** Why there are no disks of one's own here; null: there are. */
export const noDisks: string | null = whyNot();

/** `at`: the folder it is mounted on, made if it is not there. */
export function smallDisk(kib: number, at?: string): SmallDisk {
  const folder = at ?? mkdtempSync(join(tmpdir(), "ctm-disk-"));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k,mode=0700`, "ctm-test", folder]);
  return {
    folder,
    readOnly: (on) => void execFileSync("mount", ["-o", `remount,${on ? "ro" : "rw"}`, folder]),
    remove: () => {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function whyNot(): string | null {
  if (process.getuid?.() !== 0) return "only root can mount a small disk";
  try {
    smallDisk(64).remove();
    return null;
  } catch (error) {
    return `no tmpfs can be mounted here: ${String(error).slice(0, 100)}`;
  }
}
