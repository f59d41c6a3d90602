/**
 * One persistent control-mode client of one tmux server: every command goes through it, every notification comes
 * from it. A command costs a pipe round trip instead of a process.
 *
 * On our own server it sits on a hub session, which keeps the server up while no worker runs. On a foreign server
 * it attaches to the adopted session itself (the person's list of sessions stays as it was), without output, without
 * a say in its size and without carrying our environment into it. It is not `read-only`: such a client may not paste.
 */
import { randomBytes } from "node:crypto";
import { execa } from "execa";
import { CtmError } from "../../base/errors.ts";
import { faultPoint, type FaultPoint } from "../../faults/fault-point.ts";
import { ControlParser, type Notification, type Reply } from "./protocol.ts";
import { clientEnvironment, type ServerAddress, serverArguments } from "./server-address.ts";
import { parseTmuxVersion, requireUsable, type TmuxVersion } from "./version.ts";

const ASK_VERSION = faultPoint("tmux.version");
const CONNECT = faultPoint("tmux.connect");
const FIND = faultPoint("tmux.find-session");
const CONFIGURE = faultPoint("tmux.configure");
/** Commands that only look. */
const LOOK = faultPoint("tmux.look");

/** The session that keeps our own server alive. */
export const HUB_SESSION = "ctm_hub";

export interface ConnectionOptions {
  readonly address: ServerAddress;
  /** Session of a foreign server to attach to; our own server has the hub. */
  readonly session: string | null;
  /** The person's environment; only what a terminal needs is taken from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A server that does not answer within this time (it may be stopped) must not hang us. */
  readonly commandTimeoutMs?: number;
}

/** Which server answers. After a restart of the server its pane ids begin again, so ids alone prove nothing. */
export interface ServerIdentity {
  readonly pid: number;
  /** Seconds since the epoch. */
  readonly startTime: number;
  readonly version: TmuxVersion;
}

const defaultTimeoutMs = 5_000;
const closeWithinMs = 1_000;
/** How long what an ended client said may still be on its way. A stopped server holds its end open for ever. */
const lastWordsMs = 250;
/** Unanswered batches after which a server counts as stuck. */
const batchesMax = 1_000;
const complaintMaxChars = 2_000;

interface Batch {
  readonly nonce: string;
  readonly replies: Reply[];
  readonly settle: (replies: readonly Reply[]) => void;
  readonly fail: (error: CtmError) => void;
}

export class TmuxConnection {
  readonly #child;
  readonly #parser = new ControlParser();
  readonly #batches: Batch[] = [];
  readonly #timeoutMs: number;
  readonly #listeners = new Set<(notification: Notification) => void>();
  readonly #exited: Promise<void>;
  readonly #attached: Promise<void>;
  #tellAttached = (): void => undefined;
  #closedBecause: string | null = null;
  #complaint = "";
  #server: ServerIdentity | null = null;

  private constructor(options: ConnectionOptions, session: string) {
    this.#timeoutMs = options.commandTimeoutMs ?? defaultTimeoutMs;
    this.#attached = new Promise((resolve) => {
      this.#tellAttached = resolve;
    });
    this.#child = CONNECT.pass(() => controlClient(options, session));
    this.#child.stdout.on("data", (piece: Buffer) => this.#take(piece));
    this.#child.stderr.on("data", (piece: Buffer) => this.#hearComplaint(piece.toString("utf8")));
    this.#child.stdin.on("error", () => undefined); // The exit tells the same, and more.
    this.#child.on("exit", () => setTimeout(() => this.#cut(), lastWordsMs));
    this.#exited = this.#child.then((result) => this.#end(result.message ?? "its client ended"));
  }

  /**
   * Connects, starting our own server where there is none. Throws CtmError `tmux-missing`, `tmux-too-old`, or
   * `tmux-failed` with what tmux said.
   */
  static async open(options: ConnectionOptions): Promise<TmuxConnection> {
    await requireTmux(options.env);
    const connection = new TmuxConnection(options, await targetOf(options));
    try {
      connection.#server = await connection.#identify();
      await connection.#requireAttached(options.session ?? HUB_SESSION);
      if (options.address.kind === "own") await connection.batch(OWN_SERVER_OPTIONS, CONFIGURE);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  get server(): ServerIdentity {
    if (this.#server === null) throw new Error("the connection was not opened");
    return this.#server;
  }

  /** Process id of our control client. */
  get clientPid(): number | undefined {
    return this.#child.pid;
  }

  /** Why there is no connection any more; null while there is one. */
  get closedBecause(): string | null {
    return this.#closedBecause;
  }

  /** Resolves when the client is gone: closed by us, or with its server or session. */
  get closed(): Promise<void> {
    return this.#exited;
  }

  /** Hears every notification until the returned function is called. */
  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lines that a command line printed. Throws CtmError `tmux-failed` when a command of it failed. */
  async command(line: string, point: FaultPoint = LOOK): Promise<string[]> {
    const replies = await this.batch([line], point);
    const failed = replies.find((reply) => !reply.ok);
    if (failed !== undefined)
      throw new CtmError("tmux-failed", `tmux refused: ${failed.lines.join(" ") || "no reason given"}`);
    return replies.flatMap((reply) => reply.lines);
  }

  /**
   * Sends command lines and resolves with one reply for each command that ran. A failing command drops the rest of
   * its own line, not of the others. Throws CtmError `tmux-failed` when the server is gone or silent; the commands
   * may then have run all the same. What does more than look names its fault point.
   */
  batch(lines: readonly string[], point: FaultPoint = LOOK): Promise<readonly Reply[]> {
    for (const line of lines) requireOneLine(line);
    return point.passAsync(() => this.#send(lines));
  }

  async #send(lines: readonly string[]): Promise<readonly Reply[]> {
    if (this.#closedBecause !== null) throw this.#gone(this.#closedBecause);
    if (this.#batches.length >= batchesMax) throw this.#gone("it does not answer any more");
    // Everything up to the reply that is exactly this word belongs to the batch, however many replies that are.
    const nonce = randomBytes(16).toString("hex");
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(this.#gone(`it did not answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      this.#batches.push({
        nonce,
        replies: [],
        settle: (replies) => {
          clearTimeout(timer);
          resolve(replies);
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#say(`${[...lines, `display-message -p ${nonce}`].join("\n")}\n`);
    });
  }

  /** What is said in one turn goes to the server in one piece. */
  #say(lines: string): void {
    const { stdin } = this.#child;
    if (stdin.writableCorked === 0) {
      stdin.cork();
      process.nextTick(() => stdin.uncork());
    }
    stdin.write(lines);
  }

  /** Leaves the server: end of input first, then waits for the client's exit. The server and its panes go on. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill("SIGTERM"), closeWithinMs);
    // A client whose server is stopped does not hear SIGTERM either.
    const tooLate = setTimeout(() => this.#child.kill("SIGKILL"), 2 * closeWithinMs);
    await this.#exited;
    clearTimeout(late);
    clearTimeout(tooLate);
  }

  /**
   * A client is answered before it has attached, when it hears of no pane's end yet, and for a moment after it could
   * not: only the server's own word that it is in a session, or the client's end, tells which.
   */
  async #requireAttached(session: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(this.#gone("it does not let us attach")), this.#timeoutMs);
    });
    const gone = this.#exited.then(() => {
      throw new CtmError("tmux-failed", `There is no tmux session named ${session} any more.`);
    });
    await Promise.race([this.#attached, gone, late]).finally(() => clearTimeout(timer));
  }

  async #identify(): Promise<ServerIdentity> {
    const [line] = await this.command(`display-message -p "#{pid} #{start_time} #{version}"`);
    const [pid, startTime, ...version] = (line ?? "").split(" ");
    const identity = {
      pid: Number(pid),
      startTime: Number(startTime),
      version: parseTmuxVersion(version.join(" ")),
    };
    if (!Number.isSafeInteger(identity.pid) || !Number.isSafeInteger(identity.startTime)) {
      throw new CtmError("tmux-failed", "The tmux server did not say which one it is.");
    }
    requireUsable(identity.version);
    return identity;
  }

  #take(piece: Buffer): void {
    try {
      for (const event of this.#parser.feed(piece)) {
        if (event.kind === "notification") this.#notify(event);
        else if (event.ours) this.#answer(event);
      }
    } catch (error) {
      this.#hearComplaint(error instanceof Error ? error.message : String(error));
      this.#child.kill("SIGTERM");
    }
  }

  #answer(reply: Reply): void {
    const batch = this.#batches[0];
    if (batch === undefined) return;
    if (!(reply.ok && reply.lines.length === 1 && reply.lines[0] === batch.nonce)) {
      batch.replies.push(reply);
      return;
    }
    this.#batches.shift();
    batch.settle(batch.replies);
  }

  #notify(notification: Notification): void {
    if (notification.name === "exit" && notification.rest !== "") this.#hearComplaint(notification.rest);
    if (notification.name === "session-changed") this.#tellAttached();
    for (const listener of this.#listeners) listener(notification);
  }

  #hearComplaint(text: string): void {
    this.#complaint = `${this.#complaint}${text.trim()} `.slice(0, complaintMaxChars);
  }

  #end(why: string): void {
    this.#closedBecause = this.#complaint.trim() || why;
    for (const batch of this.#batches.splice(0)) batch.fail(this.#gone(this.#closedBecause));
  }

  #cut(): void {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
  }

  #gone(why: string): CtmError {
    return new CtmError("tmux-failed", `The tmux server cannot be used: ${why}.`);
  }
}

/** The process that we talk to the server through. */
function controlClient(options: ConnectionOptions, session: string) {
  return execa("tmux", [...serverArguments(options.address), "-C", ...attachArguments(options, session)], {
    buffer: false,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    encoding: "buffer",
    reject: false,
    extendEnv: false,
    env: clientEnvironment(options.env),
    // The server we may start inherits the folder: it must not pin the person's.
    cwd: "/",
    // A process group of its own: Ctrl+C at our prompt is not meant for it. Our end closes its input, so it leaves.
    detached: true,
    cleanup: false,
  });
}

// Nothing of our environment goes into sessions; programs cannot reach the clipboard or plant paste buffers; a pane
// ends with its program (a dead pane that stays can crash older servers when something is pasted into it).
const OWN_SERVER_OPTIONS = [
  `set-option -g update-environment ""`,
  "set-option -s set-clipboard off",
  "set-option -g allow-passthrough off",
  "set-option -g remain-on-exit off",
  "set-option -g history-limit 10000",
  "set-option -s escape-time 20",
];

/**
 * How the session is named to tmux: by its id. A person's name for it is data, and `-t` would take one that ends in
 * `;` for a separator and one that begins with `$` for an id.
 */
async function targetOf({ address, env, session }: ConnectionOptions): Promise<string> {
  if (address.kind === "own") return HUB_SESSION;
  const list = [...serverArguments(address), "list-sessions", "-F", "#{session_id} #{session_name}"];
  const { stdout, exitCode } = await FIND.passAsync(async () =>
    execa("tmux", list, {
      reject: false,
      timeout: defaultTimeoutMs,
      extendEnv: false,
      env: clientEnvironment(env),
      cwd: "/",
    }),
  );
  // Where no server answers, attaching tells why.
  if (exitCode !== 0) return "=";
  const found = stdout.split("\n").find((line) => line.slice(line.indexOf(" ") + 1) === session);
  if (found === undefined)
    throw new CtmError("tmux-failed", `There is no tmux session named ${session ?? ""} any more.`);
  return found.slice(0, found.indexOf(" "));
}

function attachArguments({ address }: ConnectionOptions, session: string): string[] {
  const flags = ["-f", "no-output,ignore-size"];
  if (address.kind === "own")
    return ["new-session", "-A", "-E", "-s", session, "-x", "80", "-y", "24", ...flags, "--", "cat", "-"];
  return ["attach-session", "-E", ...flags, "-t", session];
}

/** Throws CtmError `tmux-missing` or `tmux-too-old`. Returns the version of the tmux program. */
export async function requireTmux(env: ConnectionOptions["env"]): Promise<TmuxVersion> {
  const { stdout, exitCode } = await ASK_VERSION.passAsync(async () =>
    execa("tmux", ["-V"], {
      reject: false,
      timeout: defaultTimeoutMs,
      extendEnv: false,
      env: clientEnvironment(env),
    }),
  );
  if (exitCode !== 0) {
    throw new CtmError("tmux-missing", "tmux is not installed. `sh scripts/setup.sh` installs it if it can.");
  }
  const version = parseTmuxVersion(stdout);
  requireUsable(version);
  return version;
}

/** A blank line would detach the client, a line feed inside would begin another command. */
function requireOneLine(line: string): void {
  // oxlint-disable-next-line no-control-regex
  if (line.trim() === "" || /[\u0000\n\r]/.test(line))
    throw new CtmError("refused", "A tmux command must be one line.");
}
