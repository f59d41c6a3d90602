/**
 * Control clients of a manager that died can stay on the server for ever (a tmux fault): those on our own hub whose
 * parent is gone are ended, and pastes they left behind are removed.
 */
import { execa } from "execa";
import { faultPoint } from "../../faults/fault-point.ts";
import { HUB_SESSION, type TmuxConnection } from "./connection.ts";

const LOOK_UP = faultPoint("clients.look-up");
const END = faultPoint("clients.end");
const BUFFERS = faultPoint("buffers.sweep");

/** Processes that take in orphans: a control client below one of them lost its manager. */
const REAPERS = new Set([
  "init",
  "systemd",
  "launchd",
  "tini",
  "dumb-init",
  "docker-init",
  "catatonit",
  "runit",
  "s6-svscan",
]);

/** Ends orphaned control clients of our own server. Returns their process ids. */
export async function sweepOrphans(connection: TmuxConnection): Promise<number[]> {
  const lines = await connection.command(
    `list-clients -F "#{client_pid} #{client_control_mode} #{client_session}"`,
  );
  const pids = lines
    .map((line) => /^(\d+) 1 (\S+)$/.exec(line))
    .filter((found) => found !== null && found[2] === HUB_SESSION)
    .map((found) => Number(found?.[1]))
    .filter((pid) => pid !== connection.clientPid);
  const orphans: number[] = [];
  for (const pid of pids) {
    if (await isOrphan(pid)) orphans.push(pid);
  }
  for (const pid of orphans) endClient(pid);
  return orphans;
}

/** Removes what an interrupted typing left in the server's paste buffers. */
export async function sweepBuffers(connection: TmuxConnection): Promise<void> {
  const names = await connection.command(`list-buffers -F "#{buffer_name}"`);
  const ours = names.filter((name) => /^ctm-[0-9a-f]{24}$/.test(name));
  if (ours.length > 0)
    await connection.batch(
      ours.map((name) => `delete-buffer -b ${name}`),
      BUFFERS,
    );
}

async function isOrphan(pid: number): Promise<boolean> {
  const parent = await processFact(pid, "ppid=");
  const parentPid = Number(parent.trim());
  if (!Number.isSafeInteger(parentPid) || parentPid <= 0) return false; // Gone by itself.
  if (parentPid === 1) return true;
  const name = await processFact(parentPid, "comm=");
  return REAPERS.has(name.trim().split("/").at(-1) ?? "");
}

async function processFact(pid: number, column: string): Promise<string> {
  const { stdout } = await LOOK_UP.passAsync(async () =>
    execa("ps", ["-o", column, "-p", String(pid)], { reject: false }),
  );
  return stdout;
}

function endClient(pid: number): void {
  try {
    END.pass(() => process.kill(pid, "SIGTERM"));
  } catch {
    // It left by itself in the meantime.
  }
}
