/**
 * Where agents' telemetry exporters send to: OTLP over HTTP, as JSON, on loopback. Anybody on this machine can connect,
 * so nothing is read before the sender has named a launch and its secret, and what it sends, how long it takes and how
 * many send at once is bounded. Traces and metrics are taken and forgotten: an exporter that is refused tries again.
 */
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";

const LISTEN = faultPoint("telemetry.listen");

const HOST = "127.0.0.1";
/** Largest document: an exporter sends 512 log records at most, Gemini's with its instructions in them. */
export const telemetryBodyMaxBytes = 16 * 1024 * 1024;
/** Of all senders together. */
const bodiesMaxBytes = 64 * 1024 * 1024;
const connectionsMax = 200;
const headersWithinMs = 5_000;
const requestWithinMs = 20_000;
const idleMs = 10_000;

export interface OtlpHttpParts {
  /** 0 = any that is free. */
  readonly port: number;
  /** The secret of a launch. */
  secretOf(launchId: string): string;
  /** Takes the log records of a launch. Returns how many were passed over, or a sentence: it was no such document. */
  take(launchId: string, text: string): { readonly rejected: number } | { readonly faulty: string };
  /** How long a request may take, in tests; absent: as above. */
  readonly withinMs?: number;
}

export interface OtlpHttp {
  readonly port: number;
  /** What the exporter of a launch is told, without `/v1/…`. */
  endpoint(launchId: string): string;
  close(): Promise<void>;
}

interface Refusal {
  readonly status: number;
  readonly why: string;
}

const PATH = /^\/([A-Za-z0-9-]{1,100})\/([0-9a-f]{64})\/v1\/(logs|traces|metrics)$/;
const NOT_FOUND: Refusal = { status: 404, why: "nothing is received here" };

/** Listens. Throws CtmError `io` when the port cannot be had. */
export async function openOtlpHttp(parts: OtlpHttpParts): Promise<OtlpHttp> {
  const receiver = new Receiver(parts);
  const within = parts.withinMs ?? requestWithinMs;
  const server = createServer(
    {
      headersTimeout: Math.min(headersWithinMs, within),
      requestTimeout: within,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.min(1_000, within),
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => receiver.answer(request, response),
  );
  server.maxConnections = connectionsMax;
  server.maxHeadersCount = 50;
  await listen(server, parts.port);
  const { port } = server.address() as AddressInfo;
  receiver.port = port;
  // It keeps no program alive.
  server.unref();
  return {
    port,
    endpoint: (launchId) => `http://${HOST}:${port}/${launchId}/${parts.secretOf(launchId)}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((listening, failed) => {
    server.once("error", (error) =>
      failed(
        new CtmError("io", `telemetry cannot be received on port ${port}: ${error.message}`, [], {
          cause: error,
        }),
      ),
    );
    LISTEN.pass(() => server.listen({ port, host: HOST, exclusive: true }, () => listening()));
  });
}

class Receiver {
  port = 0;
  readonly #parts: OtlpHttpParts;
  #bodiesBytes = 0;

  constructor(parts: OtlpHttpParts) {
    this.#parts = parts;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const [, launchId = "", secret = "", what = ""] = PATH.exec(request.url ?? "") ?? [];
    const refusal = this.#refusalOf(request, launchId, secret);
    if (refusal !== null) return refuse(request, response, refusal);
    if (what !== "logs") {
      let bytes = 0;
      request.on("data", (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > telemetryBodyMaxBytes) request.destroy();
      });
      request.on("end", () => reply(response, 200, {}));
      return;
    }
    this.#receive(request, response, launchId);
  }

  #refusalOf(request: IncomingMessage, launchId: string, secret: string): Refusal | null {
    const { host, origin, "content-type": type = "", "content-encoding": encoding } = request.headers;
    // A page in a browser could name any address that leads here: it does not know the secret, and is not heard at all.
    if (host !== `${HOST}:${this.port}` && host !== `localhost:${this.port}`)
      return { status: 421, why: "this address is not served here" };
    if (origin !== undefined) return { status: 403, why: "nothing is taken from a browser" };
    if (launchId === "" || !equal(secret, this.#parts.secretOf(launchId))) return NOT_FOUND;
    if (request.method !== "POST") return { status: 405, why: "telemetry is sent by POST" };
    if (/^application\/(?:x-)?protobuf/i.test(type))
      return {
        status: 415,
        why: "telemetry is taken as JSON, not as protobuf: the exporter's protocol must be http/json",
      };
    if (!/^application\/json\s*(?:;|$)/i.test(type))
      return { status: 415, why: "telemetry is taken as JSON (content-type: application/json)" };
    if (encoding !== undefined && encoding !== "identity")
      return { status: 415, why: "telemetry is taken as it is, not compressed" };
    return Number(request.headers["content-length"] ?? 0) > telemetryBodyMaxBytes ? TOO_LARGE : null;
  }

  #receive(request: IncomingMessage, response: ServerResponse, launchId: string): void {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let over = false;
    const giveBack = (): void => {
      this.#bodiesBytes -= bytes;
      bytes = 0;
      pieces.length = 0;
    };
    request.on("data", (piece: Buffer) => {
      if (over) return;
      bytes += piece.length;
      this.#bodiesBytes += piece.length;
      over = bytes > telemetryBodyMaxBytes || this.#bodiesBytes > bodiesMaxBytes;
      if (!over) return void pieces.push(piece);
      const refusal = bytes > telemetryBodyMaxBytes ? TOO_LARGE : BUSY;
      giveBack();
      refuse(request, response, refusal);
    });
    request.on("close", giveBack);
    request.on("end", () => {
      if (over) return;
      const text = Buffer.concat(pieces).toString("utf8");
      giveBack();
      this.#tell(response, launchId, text);
    });
  }

  #tell(response: ServerResponse, launchId: string, text: string): void {
    const taken = this.#parts.take(launchId, text);
    if ("faulty" in taken) return reply(response, 400, { message: taken.faulty });
    if (taken.rejected === 0) return reply(response, 200, {});
    const errorMessage = `${taken.rejected} log records could not be read`;
    reply(response, 200, { partialSuccess: { rejectedLogRecords: taken.rejected, errorMessage } });
  }
}

const TOO_LARGE: Refusal = {
  status: 413,
  why: `telemetry is taken up to ${telemetryBodyMaxBytes / 1024 / 1024} MiB at once`,
};
const BUSY: Refusal = { status: 503, why: "too much telemetry at once" };

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function reply(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Says why, and hears no more of it. */
function refuse(request: IncomingMessage, response: ServerResponse, { status, why }: Refusal): void {
  response.shouldKeepAlive = false;
  response.once("finish", () => request.destroy());
  reply(response, status, { message: why });
}
