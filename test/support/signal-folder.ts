/** A folder that hooks write signals into, as tests read it: whole files, in the order of their names. */
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AgentEvent, Signal } from "../../src/agents/adapter.ts";
import { hookScript } from "../../src/workers/hook-script.ts";
import { SignalLog } from "../../src/workers/signal-log.ts";
import { waitFor } from "./wait-for.ts";
import { removeFolder } from "./remove-folder.ts";

export const TEST_LAUNCH_ID = "launch-1";

export interface SignalFolder {
  readonly dir: string;
  readonly hookScript: string;
  /** What a launched agent has in its environment. */
  readonly env: Readonly<Record<string, string>>;
  all(): Promise<readonly Signal[]>;
  /** The first event that `interpret` gives of the signals from `skip` on and that matches. */
  waitForEvent<K extends AgentEvent["kind"]>(
    interpret: (signal: Signal) => AgentEvent | null,
    kind: K,
    skip?: number,
  ): Promise<Extract<AgentEvent, { kind: K }>>;
}

export async function signalFolder(): Promise<SignalFolder> {
  const dir = await mkdtemp(join(tmpdir(), "ctm-signals-"));
  onTestFinished(() => removeFolder(dir));
  const script = join(dir, "hook.sh");
  await writeFile(script, hookScript(), { mode: 0o700 });
  const all = async () => {
    const names = (await readdir(dir)).filter((name) => /^launch-1\..*\.json$/.test(name));
    // Progress is one file that is written over and over, without a time: it comes last.
    names.sort(
      (a, b) => Number(a.includes(".progress.")) - Number(b.includes(".progress.")) || (a < b ? -1 : 1),
    );
    const logged = new SignalLog(join(dir, `${TEST_LAUNCH_ID}.log`), TEST_LAUNCH_ID, "all").read();
    const written = await Promise.all(names.map((name) => readSignal(dir, name)));
    return Array.isArray(logged) ? [...logged, ...written] : written;
  };
  return {
    dir,
    hookScript: script,
    env: { CTM_LAUNCH: TEST_LAUNCH_ID, CTM_SPOOL: dir },
    all,
    waitForEvent: (interpret, kind, skip = 0) =>
      waitFor(`the event ${kind}`, async () => {
        const events = (await all()).slice(skip).map(interpret);
        return events.find(
          (event): event is Extract<AgentEvent, { kind: typeof kind }> => event?.kind === kind,
        );
      }),
  };
}

async function readSignal(dir: string, name: string): Promise<Signal> {
  const [, order = "", event = ""] = /^[^.]+\.(\d+)-\d+\.(.+)\.json$/.exec(name) ?? [];
  let payload: unknown = null;
  try {
    payload = JSON.parse(await readFile(join(dir, name), "utf8"));
  } catch {
    // Still being written, or broken: the product hands out null as well.
  }
  return { launchId: TEST_LAUNCH_ID, event, atMs: Math.floor(Number(order) / 1e6), payload };
}
