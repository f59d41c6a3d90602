/** A folder that hooks write signals into, as tests read it: whole files, in the order of their names. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AgentEvent, Signal } from "../../src/agents/adapter.ts";
import { waitFor } from "./wait-for.ts";

export const TEST_LAUNCH_ID = "launch-1";

// One file a signal, named by time and process; the product's own script has the same contract and more care.
const HOOK_SCRIPT = `#!/bin/sh
umask 077
at=$(date +%s%N)
cat >"$CTM_SPOOL/.$at-$$"
mv "$CTM_SPOOL/.$at-$$" "$CTM_SPOOL/$CTM_LAUNCH.$at-$$.$1.json"
`;

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
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const hookScript = join(dir, "hook.sh");
  await writeFile(hookScript, HOOK_SCRIPT, { mode: 0o700 });
  const all = async () => {
    const names = (await readdir(dir)).filter((name) => name.startsWith(`${TEST_LAUNCH_ID}.`)).sort();
    return Promise.all(names.map((name) => readSignal(dir, name)));
  };
  return {
    dir,
    hookScript,
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
