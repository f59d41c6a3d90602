/** Where a tmux server listens: a socket of a known path, or the person's default server. */
import { CtmError } from "../../base/errors.ts";

export type ServerAddress =
  /** The server of our own: started by us, with no configuration file of a person. */
  | { readonly kind: "own"; readonly socket: string }
  /** A server somebody else started, for sessions we adopt; socket null = that person's default one. */
  | { readonly kind: "foreign"; readonly socket: string | null };

/** The kernel's limit for the path of a unix socket, with a margin for the platforms that have less. */
const socketPathMaxBytes = 103;

/** The first arguments of every tmux call to this server. Throws CtmError `refused` for a path no socket can have. */
export function serverArguments(address: ServerAddress): string[] {
  const { socket } = address;
  if (socket !== null) requireSocketPath(socket);
  const where = socket === null ? ["-L", "default"] : ["-S", socket];
  // -N: a foreign server is never started by us. -u: without it replies lose everything beyond ASCII in a C locale.
  return address.kind === "own" ? [...where, "-f", "/dev/null", "-u"] : [...where, "-N", "-u"];
}

// Everything a program in a pane needs to be at home, and nothing that could be secret: the environment of the
// first client becomes that of the server and of every pane.
const CARRIED = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TMPDIR",
  "TMUX_TMPDIR",
]);

/** What of an environment a tmux client of ours is given. */
export function clientEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const carried: Record<string, string> = { TERM: "xterm-256color" };
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (CARRIED.has(name) || /^LC_[A-Z]+$/.test(name))) carried[name] = value;
  }
  return carried;
}

function requireSocketPath(path: string): void {
  if (!path.startsWith("/") || path.includes("\0")) {
    throw new CtmError("refused", "The path of a tmux socket must be absolute.");
  }
  if (Buffer.byteLength(path) > socketPathMaxBytes) {
    throw new CtmError(
      "refused",
      `The path of the tmux socket is longer than ${socketPathMaxBytes} bytes: ${path}`,
    );
  }
}
