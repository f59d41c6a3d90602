/** One caller at the manager's socket: reads requests, carries them out, answers, and is cut when it misbehaves. */
import type { Socket } from "node:net";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import type { Following } from "../commands/following.ts";
import type { CommandHost } from "../commands/host.ts";
import { encodeMessage, MessageDecoder, wholeMessageMaxBytes } from "./frames.ts";
import { failureOf, PROTOCOL, request, type Hello, type Reply, type Request } from "./messages.ts";

const REPLY = faultPoint("reply.send");

/** Requests of one connection under way at once. */
const requestsMax = 64;
/** A follower that leaves more than this unread is cut, not waited for. */
const followerLagMaxBytes = 8 * 1024 * 1024;
/** A caller that does not read its answers is cut beyond this. */
const outboxMaxBytes = 2 * wholeMessageMaxBytes;

/** Serves a connection until it ends. */
export function serveConnection(socket: Socket, host: CommandHost, version: string): void {
  new Connection(socket, host).start({ hello: { protocol: PROTOCOL, version, pid: process.pid } });
}

class Connection {
  readonly #socket: Socket;
  readonly #host: CommandHost;
  readonly #decoder = new MessageDecoder();
  readonly #following = new Map<number, Following>();
  #underWay = 0;

  constructor(socket: Socket, host: CommandHost) {
    this.#socket = socket;
    this.#host = host;
  }

  start(hello: Hello): void {
    // Errors of a socket are the caller's going away; `close` follows them and cleans up.
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => this.#stopAll());
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#send(hello, outboxMaxBytes);
  }

  #take(bytes: Buffer): void {
    try {
      for (const message of this.#decoder.push(bytes)) this.#handle(message);
    } catch (error) {
      this.#send({ id: null, error: failureOf(error) }, outboxMaxBytes);
      this.#socket.removeAllListeners("data");
      this.#socket.resume();
      this.#socket.end();
    }
  }

  #handle(message: unknown): void {
    const checked = request.safeParse(message);
    if (!checked.success) throw new CtmError("usage", "a line on the socket is no request");
    const { data } = checked;
    if ("stop" in data) this.#following.get(data.id)?.stop();
    else if (this.#underWay >= requestsMax) this.#answer(data.id, tooMany());
    else void this.#carryOut(data);
  }

  async #carryOut(call: Exclude<Request, { stop: true }>): Promise<void> {
    const { id, command, input = {}, follow = false } = call;
    this.#underWay++;
    try {
      const result = follow ? await this.#follow(id, command, input) : await this.#host.run(command, input);
      REPLY.pass(() => this.#reply({ id, ok: true, result: result ?? null }));
    } catch (error) {
      this.#answer(id, error);
    } finally {
      this.#underWay--;
      this.#following.delete(id);
    }
  }

  async #follow(id: number, command: string, input: Record<string, unknown>): Promise<null> {
    if (this.#following.has(id)) throw new CtmError("usage", "this id is being followed already");
    const following = this.#host.follow(command, input, (item) =>
      this.#send({ id, item }, followerLagMaxBytes),
    );
    this.#following.set(id, following);
    if (this.#socket.destroyed) following.stop();
    await following.done;
    return null;
  }

  #reply(answer: Reply): void {
    this.#send(answer, outboxMaxBytes);
  }

  #answer(id: number, error: unknown): void {
    this.#reply({ id, error: failureOf(error) });
  }

  #send(message: Reply | Hello, lagMaxBytes: number): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(encodeMessage(message));
    if (this.#socket.writableLength > lagMaxBytes) this.#socket.destroy();
  }

  #stopAll(): void {
    for (const following of this.#following.values()) following.stop();
    this.#following.clear();
  }
}

function tooMany(): CtmError {
  return new CtmError("usage", `at most ${requestsMax} requests at once`);
}
