/**
 * A tmux server whose socket file was removed (a cleaned temporary folder, a slip) runs on with all its panes, but
 * nobody reaches it, and a new server would start beside it. It makes its socket again when told by SIGUSR1.
 */
import { existsSync } from "node:fs";
import { faultPoint } from "../../faults/fault-point.ts";
import { argumentsOf, ownProcesses } from "../processes.ts";

const RECREATE = faultPoint("tmux.recreate-socket");

const withinMs = 2_000;
const lookAgainMs = 20;

/** Does nothing where the socket is there, or no server of ours is known to have listened on it. Linux only. */
export async function recreateSocket(socket: string): Promise<boolean> {
  if (existsSync(socket)) return false;
  const servers = ownProcesses().filter(
    ({ pid, program }) => program === "tmux: server" && listensOn(pid, socket),
  );
  for (const { pid } of servers) {
    try {
      RECREATE.pass(() => process.kill(pid, "SIGUSR1"));
    } catch {
      // It ended in the meantime.
    }
  }
  if (servers.length === 0) return false;
  for (let waitedMs = 0; waitedMs < withinMs && !existsSync(socket); waitedMs += lookAgainMs)
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  return existsSync(socket);
}

/** A server keeps the arguments of the client that started it. */
function listensOn(pid: number, socket: string): boolean {
  const words = argumentsOf(pid);
  return words[words.indexOf("-S") + 1] === socket && words.includes("-S");
}
