/** Starts `ledger-child.ts` as a process of its own: bundled once a run, so that it starts fast and can be preloaded into. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = new URL("../..", import.meta.url).pathname;

export interface LedgerProgram {
  readonly child: ChildProcess;
  /** The lines it has printed so far. */
  acknowledged(): string[];
  faults(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

let bundled: Promise<string> | null = null;

export async function ledgerProgram(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly prefix?: readonly string[] } = {},
): Promise<LedgerProgram> {
  const script = await (bundled ??= bundle());
  const [program = "", ...argv] = [...(options.prefix ?? []), process.execPath, script, ...args];
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...options.env };
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let [said, faults] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (faults += text));
  const ended = new Promise<Awaited<LedgerProgram["ended"]>>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  // A line without its end was cut off by the death of its writer: nobody was told.
  return { child, ended, acknowledged: () => said.split("\n").slice(0, -1), faults: () => faults };
}

/** Below node_modules, so that it finds the packages it leaves outside. */
async function bundle(): Promise<string> {
  const folder = join(root, "node_modules", ".cache", "ctm-test");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `ledger-child-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, "test/support/ledger-child.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "error",
  });
  process.once("exit", () => rmSync(outfile, { force: true }));
  return outfile;
}
