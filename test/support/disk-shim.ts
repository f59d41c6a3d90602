/** Compiles `disk-shim.c`, where there is a compiler, and says how a process is given such a disk. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const source = new URL("disk-shim.c", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "ctm-shim-"));
const library = join(folder, "disk-shim.so");
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Why there are no such disks here; null: there are. */
export const noShim: string | null = compile();

export interface BreakingDisk {
  /** Only files below it count. */
  readonly root: string;
  /** Where what a power cut would leave is kept. */
  readonly shadow?: string;
  /** Unsynced pages reach the shadow at random. */
  readonly randomSeed?: number;
  /** The n-th call of this kind fails, and all after it. */
  readonly fail?: { readonly kind: "sync" | "write" | "open"; readonly nth: number; readonly errno: number };
  /** So many of 1,000 calls fail or come short. */
  readonly flaky?: { readonly permille: number; readonly seed: number };
}

export function shimEnvironment({
  root,
  shadow,
  randomSeed,
  fail,
  flaky,
}: BreakingDisk): Record<string, string> {
  return {
    LD_PRELOAD: library,
    DISK_ROOT: `${root}/`,
    ...(shadow === undefined ? {} : { DISK_SHADOW: shadow }),
    ...(randomSeed === undefined ? {} : { DISK_RANDOM: String(randomSeed) }),
    ...(fail === undefined ? {} : { DISK_FAIL: `${fail.kind}:${fail.nth}:${fail.errno}` }),
    ...(flaky === undefined ? {} : { DISK_FLAKY: `${flaky.permille}:${flaky.seed}` }),
  };
}

function compile(): string | null {
  if (process.platform !== "linux") return "the shim is for Linux";
  try {
    mkdirSync(folder, { recursive: true });
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { stdio: "pipe" });
    return null;
  } catch (error) {
    return `no C compiler: ${String(error).slice(0, 100)}`;
  }
}
