/**
 * The HTTP server: a table of routes behind one door. The order is fixed: is it meant for us, is there such a route, may
 * this caller, is what it sends within its size and shape; only then the route is asked. Everything a caller can make
 * grow or last has a limit, and what is refused is noted.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { answerOfError, answerOfRefusal, sendAnswer } from "./answering.ts";
import { doorRefusal, hostNames, KeyGuard, type Keys, type Refusal } from "./guard.ts";
import { listenSomewhere } from "./listening.ts";
import { RefusalLog, type NotedRefusal } from "./refusal-log.ts";
import type { Access, Answer, Call, Rights, Route } from "./route.ts";
import { Router } from "./router.ts";
import { SignedGate } from "./signed-gate.ts";
import { takenInput } from "./taken-input.ts";

const connectionsMax = 256;
const headersMaxBytes = 16 * 1024;
const headersMax = 64;
const headersWithinMs = 5_000;
const requestWithinMs = 20_000;
const idleMs = 10_000;
const targetMaxChars = 4_096;

/** Where WebSockets are taken. */
export interface SocketRoute {
  readonly path: string;
  readonly access: Access;
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    rights: Rights,
    query: URLSearchParams,
  ): void;
}

export interface HttpServerParts {
  /** Address to listen at. */
  readonly bind: string;
  /** Tried one after another; 0 = any that is free. */
  readonly ports: readonly number[];
  /** Names it may be called by, without the port. */
  readonly names: readonly string[];
  readonly keys: Keys;
  readonly routes: readonly Route[];
  readonly sockets: readonly SocketRoute[];
  now(): number;
  /** How long a request may take, in tests; absent: as above. */
  readonly withinMs?: number;
}

export interface HttpServer {
  readonly port: number;
  /** Newest last. */
  refusals(): readonly NotedRefusal[];
  /** How many were refused since it listens, by status. */
  refusedCounts(): ReadonlyMap<number, number>;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

/** Listens. Throws CtmError `io` when none of the ports can be had. */
export async function openHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const desk = new Desk(parts);
  const within = parts.withinMs ?? requestWithinMs;
  const server = createServer(
    {
      headersTimeout: Math.min(headersWithinMs, within),
      requestTimeout: within,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.min(1_000, within),
      maxHeaderSize: headersMaxBytes,
      insecureHTTPParser: false,
    },
    (request, response) => void desk.answer(request, response),
  );
  server.maxConnections = connectionsMax;
  server.maxHeadersCount = headersMax;
  server.on("upgrade", (request, socket, head) => desk.upgrade(request, socket, head));
  const port = await listenSomewhere(server, parts.bind, parts.ports);
  desk.listensAt(port);
  // It keeps no program alive.
  server.unref();
  const upgraded = desk.upgraded;
  return {
    port,
    refusals: () => desk.refusals.last,
    refusedCounts: () => desk.refusals.counts,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

class Desk {
  readonly refusals: RefusalLog;
  readonly upgraded = new Set<Duplex>();
  readonly #parts: HttpServerParts;
  readonly #router: Router;
  readonly #guard: KeyGuard;
  readonly #signed: SignedGate;
  #hosts: ReadonlySet<string> = new Set();

  constructor(parts: HttpServerParts) {
    this.#parts = parts;
    this.#router = new Router(parts.routes);
    this.#guard = new KeyGuard(parts.keys, parts.now);
    this.#signed = new SignedGate(parts.now);
    this.refusals = new RefusalLog(parts.now);
  }

  listensAt(port: number): void {
    this.#hosts = hostNames(this.#parts.names, port);
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Errors of a socket are the caller's going away.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    try {
      const answer = await this.#answerTo(request);
      if (!request.complete) hearNoMore(request, response);
      sendAnswer(response, answer);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else sendAnswer(response, answerOfError(error));
    }
  }

  async #answerTo(request: IncomingMessage): Promise<Answer> {
    const { method = "", headers } = request;
    const target = targetOf(request);
    const found = target === null ? null : this.#router.find(method, target.path);
    const isPage = found !== null && "route" in found && found.route.access === "public" && method === "GET";
    const door = doorRefusal(headers, this.#hosts, isPage);
    if (door !== null) return this.#refused(request, door);
    if (target === null || found === null) return this.#refused(request, BAD_TARGET);
    if (!("route" in found)) {
      return found.methods.length === 0
        ? this.#refused(request, NOTHING_HERE)
        : answerOfRefusal(this.refusals.note(request, WRONG_METHOD), found.methods);
    }
    const { route, params } = found;
    const rights = this.#guard.rightsOf(headers);
    const refusal =
      this.#guard.refusal(route.access, rights, headers) ??
      (route.access === "signed" ? this.#signed.refusal() : null);
    if (refusal !== null) return this.#refused(request, refusal);
    const taken = await takenInput(request, route, target.query);
    if ("status" in taken) return this.#refused(request, taken);
    const call: Call = { ...taken, params, headers, rights, peerPort: peerPortOf(request) };
    return await route.handle(call);
  }

  /** The same door as for every call, before the first byte of a WebSocket is answered. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const target = targetOf(request);
    const route = this.#parts.sockets.find(({ path }) => path === target?.path);
    const rights = this.#guard.rightsOf(request.headers);
    const refusal =
      doorRefusal(request.headers, this.#hosts, false) ??
      (route === undefined || target === null ? NOTHING_HERE : null) ??
      this.#guard.refusal(route?.access ?? "act", rights, request.headers);
    if (refusal !== null || route === undefined || target === null)
      return this.#closeUpgrade(request, socket, refusal ?? NOTHING_HERE);
    this.upgraded.add(socket);
    socket.once("close", () => this.upgraded.delete(socket));
    route.accept(request, socket, head, rights, target.query);
  }

  #closeUpgrade(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
    this.refusals.note(request, refusal);
    const body = `${refusal.why}\n`;
    const lines = [
      `HTTP/1.1 ${refusal.status} Refused`,
      "Connection: close",
      "Content-Type: text/plain",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }

  #refused(request: IncomingMessage, refusal: Refusal): Answer {
    return answerOfRefusal(this.refusals.note(request, refusal));
  }
}

const NOTHING_HERE: Refusal = { status: 404, why: "there is nothing at this address" };
const WRONG_METHOD: Refusal = { status: 405, why: "this address is not called in this way" };
const BAD_TARGET: Refusal = { status: 400, why: "this is no address" };

interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

function peerPortOf({ socket }: IncomingMessage): number | null {
  const { remoteAddress = "", remotePort } = socket;
  return /^(?:127\.|::1$|::ffff:127\.)/.test(remoteAddress) ? (remotePort ?? null) : null;
}

/** null: longer than an address may be, or not one of ours (a proxy would be asked `GET http://…`). */
function targetOf({ url = "" }: IncomingMessage): Target | null {
  if (!url.startsWith("/") || url.length > targetMaxChars) return null;
  const [path = "", ...query] = url.split("?");
  return { path, query: new URLSearchParams(query.join("?")) };
}

/** What is still coming of a request that is answered already is not waited for. */
function hearNoMore(request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
  response.once("finish", () => request.destroy());
}
