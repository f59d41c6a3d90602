/** The other end of the manager's socket: a host whose commands another process carries out. */
import { connect, type Socket } from "node:net";
import { CtmError } from "../base/errors.ts";
import type { RawInput } from "../commands/command.ts";
import type { Following } from "../commands/following.ts";
import type { CommandHost } from "../commands/host.ts";
import { findCommand } from "../commands/index.ts";
import { encodeMessage, MessageDecoder } from "./frames.ts";
import { errorOf, PROTOCOL, reply, type Reply } from "./messages.ts";

/** How long the manager may take to greet, and to answer what it answers at once. */
const greetingTimeoutMs = 10_000;
const answerTimeoutMs = 120_000;

export interface RemoteHost extends CommandHost {
  readonly role: "client";
  readonly managerPid: number;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Connects to the manager at `path`; null when none listens there. Throws CtmError `io` or `refused`. */
export async function connectManager(path: string): Promise<RemoteHost | null> {
  const socket = await open(path);
  if (socket === null) return null;
  const link = new Link(socket);
  const pid = await link.greeting();
  return {
    role: "client",
    managerPid: pid,
    closed: link.closed,
    run: (command, raw) => link.run(command, raw),
    follow: (command, raw, onItem) => link.follow(command, raw, onItem),
    close: () => socket.end(),
  };
}

function open(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(null);
      else
        reject(
          new CtmError("io", `the manager's socket ${path} cannot be reached: ${error.message}`, [], {
            cause: error,
          }),
        );
    });
  });
}

interface Pending {
  readonly onItem: ((item: unknown) => void) | null;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

class Link {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #decoder = new MessageDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #greeted: Promise<number>;
  #greet: (pid: number) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;
  #nextId = 1;
  #greetingSeen = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#greeted = new Promise((greet, refuse) => {
      this.#greet = greet;
      this.#refuse = refuse;
    });
    this.closed = new Promise((closed) => socket.once("close", () => closed()));
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => this.#take(bytes));
    socket.once("close", () => this.#fail(gone()));
  }

  async greeting(): Promise<number> {
    const timer = setTimeout(() => {
      this.#refuse(new CtmError("io", "a manager holds its socket but does not answer"));
      this.#socket.destroy();
    }, greetingTimeoutMs);
    try {
      return await this.#greeted;
    } finally {
      clearTimeout(timer);
    }
  }

  run(command: string, raw: RawInput): Promise<unknown> {
    const patient = findCommand(command)?.patient ?? false;
    return this.#call({ command, input: raw }, null, patient ? null : answerTimeoutMs).answer;
  }

  follow(command: string, raw: RawInput, onItem: (item: unknown) => void): Following {
    const { id, answer } = this.#call({ command, input: raw, follow: true }, onItem, null);
    return {
      done: answer.then(() => undefined),
      stop: () => {
        if (this.#pending.has(id)) this.#socket.write(encodeMessage({ id, stop: true }));
      },
    };
  }

  #call(
    call: { command: string; input: RawInput; follow?: true },
    onItem: Pending["onItem"],
    timeoutMs: number | null,
  ): { id: number; answer: Promise<unknown> } {
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#socket.destroyed) return reject(gone());
      const timer = timeoutMs === null ? null : setTimeout(() => this.#expire(id, call.command), timeoutMs);
      const settle = (): void => {
        if (timer !== null) clearTimeout(timer);
        this.#pending.delete(id);
      };
      this.#pending.set(id, {
        onItem,
        resolve: (result) => (settle(), resolve(result)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#socket.write(encodeMessage({ id, ...call }));
    });
    return { id, answer };
  }

  #take(bytes: Buffer): void {
    try {
      for (const message of this.#decoder.push(bytes)) this.#hear(message);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
    }
  }

  #hear(message: unknown): void {
    if (!this.#greetingSeen) return this.#hearGreeting(message);
    const checked = reply.safeParse(message);
    if (!checked.success) throw new CtmError("io", "the manager's answer cannot be read");
    this.#settle(checked.data);
  }

  #hearGreeting(message: unknown): void {
    this.#greetingSeen = true;
    const { hello } = message as { hello?: { protocol?: unknown; version?: unknown; pid?: unknown } };
    if (hello?.protocol === PROTOCOL && typeof hello.pid === "number") return this.#greet(hello.pid);
    throw new CtmError(
      "refused",
      "the running manager is of another version of ctm: end it and start it again",
    );
  }

  #settle(answer: Reply): void {
    const pending = answer.id === null ? undefined : this.#pending.get(answer.id);
    if ("error" in answer) {
      if (pending === undefined) this.#fail(errorOf(answer.error));
      else pending.reject(errorOf(answer.error));
    } else if ("item" in answer) pending?.onItem?.(answer.item);
    else pending?.resolve(answer.result);
  }

  #expire(id: number, command: string): void {
    const message = `the manager did not answer \`${command}\` in ${answerTimeoutMs / 1000} s; whether it was done is not known`;
    this.#pending.get(id)?.reject(new CtmError("io", message));
  }

  #fail(error: Error): void {
    this.#refuse(error);
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}

function gone(): CtmError {
  return new CtmError("io", "the manager went away; whether the last call was carried out is not known");
}
