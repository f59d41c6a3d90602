/** Sessions of a tmux server somebody else runs, before anything is adopted: one look, no client left behind. */
import { execa } from "execa";
import { faultPoint } from "../../faults/fault-point.ts";
import { type ConnectionOptions, requireTmux } from "./connection.ts";
import { clientEnvironment, serverArguments } from "./server-address.ts";

const LIST = faultPoint("foreign.list");

const lookWithinMs = 5_000;

/**
 * Names of the sessions of a foreign server (socket null = the person's default one), none when no server runs.
 * Throws CtmError `tmux-missing` or `tmux-too-old`.
 */
export async function foreignSessions(
  socket: string | null,
  env: ConnectionOptions["env"],
): Promise<string[]> {
  await requireTmux(env);
  const server = serverArguments({ kind: "foreign", socket });
  const { stdout, exitCode } = await LIST.passAsync(async () =>
    execa("tmux", [...server, "list-sessions", "-F", "#{session_name}"], {
      reject: false,
      timeout: lookWithinMs,
      extendEnv: false,
      env: clientEnvironment(env),
      cwd: "/",
    }),
  );
  return exitCode === 0 ? stdout.split("\n").filter((name) => name !== "") : [];
}
