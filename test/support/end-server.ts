/** The end of a tmux server of a test's own, also of one that does not come to it by itself. */
import { isThere } from "./is-there.ts";
import { waitFor } from "./wait-for.ts";

/**
 * `tmux` runs the program on that server and never fails. A server does not end while it still owes a control client
 * lines, and a client whose manager was killed never takes them: such a server is ended by its pid.
 */
export async function endServer(tmux: (...args: string[]) => Promise<string>): Promise<void> {
  const pid = Number(await tmux("display-message", "-p", "#{pid}"));
  await tmux("kill-server");
  if (!Number.isInteger(pid) || pid <= 1) return;
  const ended = await waitFor("the tmux server to end", () => !isThere(pid), 2_000).catch(() => false);
  if (!ended && isThere(pid)) process.kill(pid, "SIGKILL");
}
