/**
 * A storm of signed events over HTTP, as many small senders would send them: connections that are kept open, one request
 * at a time on each. Written to the sockets as it is, so that the sender takes as little of the machine as it can.
 */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { standardSignature } from "../../src/activation/signature.ts";

export interface StormOptions {
  readonly port: number;
  readonly secret: string;
  readonly events: readonly object[];
  readonly connections: number;
  /** Over how long they are spread; 0 = as fast as they are taken. */
  readonly withinMs: number;
  /** Is one that is told to come later sent again? Yes, unless told otherwise. */
  readonly again?: boolean;
}

export interface StormSent {
  /** How many were answered so; one that was told to come later was sent again. */
  readonly statuses: ReadonlyMap<number, number>;
  /** From the first one sent to the last one taken. */
  readonly tookMs: number;
  /** From the moment each was due until it was taken. */
  readonly waitsMs: readonly number[];
}

export async function sendStorm(options: StormOptions): Promise<StormSent> {
  const { port, events, connections, withinMs } = options;
  const requests = events.map((event, at) => requestOf(options, event, at));
  const statuses = new Map<number, number>();
  const waitsMs: number[] = [];
  const startMs = performance.now();
  let next = 0;
  const send = async (): Promise<void> => {
    let line = await Line.to(port);
    for (let at = next++; at < requests.length; at = next++) {
      const dueMs = startMs + (withinMs * at) / requests.length;
      await until(dueMs);
      for (let later = true; later; ) {
        // One that is refused early is cut off too: what it would still send is not heard.
        if (line.isOver) line = await Line.to(port);
        const status = await line.ask(requests[at] ?? "");
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        later = options.again !== false && (status === 429 || status === 503);
        if (later) await until(performance.now() + 100);
      }
      waitsMs.push(performance.now() - dueMs);
    }
    line.close();
  };
  await Promise.all(Array.from({ length: connections }, send));
  return { statuses, tookMs: performance.now() - startMs, waitsMs };
}

function requestOf({ port, secret }: StormOptions, event: object, at: number): string {
  const body = JSON.stringify(event);
  const seconds = Math.floor(Date.now() / 1_000);
  const id = `storm-${at}`;
  const lines = [
    "POST /events HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/cloudevents+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${seconds}`,
    `webhook-signature: ${standardSignature(secret, Buffer.from(body), id, seconds)}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

async function until(atMs: number): Promise<void> {
  const leftMs = atMs - performance.now();
  if (leftMs > 1) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

/** One connection: what is asked is answered before the next is asked. */
class Line {
  readonly #socket: Socket;
  #text = "";
  #isOver = false;
  #answered: { resolve: (status: number) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (piece: Buffer) => this.#hear(piece.toString("latin1")));
    socket.on("error", (error) => this.#answered?.reject(error));
    socket.on("close", () =>
      this.#answered?.reject(new Error("the server closed a connection of the storm")),
    );
  }

  static async to(port: number): Promise<Line> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Line(socket);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  ask(request: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(piece: string): void {
    this.#text += piece;
    const head = this.#text.indexOf("\r\n\r\n");
    if (head < 0) return;
    if (/^connection: close/im.test(this.#text.slice(0, head))) this.#isOver = true;
    const bytes = Number(/^content-length: (\d+)/im.exec(this.#text.slice(0, head))?.[1] ?? 0);
    if (this.#text.length < head + 4 + bytes) return;
    const status = Number(this.#text.slice(9, 12));
    this.#text = this.#text.slice(head + 4 + bytes);
    const answered = this.#answered;
    this.#answered = null;
    answered?.resolve(status);
  }
}
