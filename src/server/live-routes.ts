/** Live events over HTTP: as server-sent events for pages, as a WebSocket for programs, and the last ones as a list. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import * as z from "zod";
import type { WebSocket } from "ws";
import { beginStream } from "./http/answering.ts";
import type { SocketRoute } from "./http/http-server.ts";
import { defineRoute, type Route } from "./http/route.ts";
import { followerLagMaxBytes, followersMax, heartbeatMs, type Live, type LiveFact } from "./live.ts";

/** Longest frame a WebSocket may bring. */
const frameMaxBytes = 256 * 1024;

const since = z.string().max(64).optional();

export function liveRoutes(live: Live): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/facts",
      access: "read",
      summary: "The last things that happened, oldest first",
      handle: () => ({ json: live.recent() }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/live",
      access: "read",
      summary: "What happens, as server-sent events; goes on behind `since` or Last-Event-ID",
      query: z.strictObject({ since }),
      handle: ({ query, headers }) => {
        if (live.readers >= followersMax) return { status: 503, json: TOO_MANY };
        const seen = query.since ?? headers["last-event-id"]?.toString() ?? null;
        return { stream: (response) => streamFacts(response, live, seen) };
      },
    }),
  ];
}

const TOO_MANY = {
  error: { code: "refused", message: `at most ${followersMax} readers at once`, details: [] },
};

function streamFacts(response: ServerResponse, live: Live, seen: string | null): void {
  beginStream(response, "text/event-stream; charset=utf-8");
  const send = (text: string): void => {
    response.write(text);
    if (response.writableLength > followerLagMaxBytes) response.destroy();
  };
  const event = (kind: string, id: string | null, data: unknown): void =>
    send(`event: ${kind}\n${id === null ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  const beginning = live.beginning(seen);
  // A reader that is cut off amid what it missed goes on from what it has seen of it.
  event(beginning.reset ? "reset" : "hello", beginning.missed.length === 0 ? beginning.id : null, {});
  for (const fact of beginning.missed) event("fact", fact.id, fact);
  const stop = live.follow((fact) => event("fact", fact.id, fact));
  const heartbeat = setInterval(() => send(": still here\n\n"), heartbeatMs);
  heartbeat.unref();
  response.once("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}

/** The WebSocket: nothing it is sent means anything, so whatever comes is read and forgotten within its bounds. */
export async function liveSocket(live: Live): Promise<SocketRoute> {
  const { WebSocketServer } = await import("ws");
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: frameMaxBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (protocols) => (protocols.has("ctm.v1") ? "ctm.v1" : false),
  });
  return {
    path: "/api/socket",
    access: "read",
    accept: (request: IncomingMessage, socket: Duplex, head: Buffer, _rights, query) => {
      if (live.readers >= followersMax)
        return void socket.end("HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n");
      server.handleUpgrade(request, socket, head, (opened) => follow(opened, live, query.get("since")));
    },
  };
}

function follow(socket: WebSocket, live: Live, seen: string | null): void {
  const send = (message: unknown): void => {
    socket.send(JSON.stringify(message));
    if (socket.bufferedAmount > followerLagMaxBytes) socket.terminate();
  };
  const { id, reset, missed } = live.beginning(seen);
  send({ kind: reset ? "reset" : "hello", id });
  const tell = (fact: LiveFact): void => send({ kind: "fact", ...fact });
  for (const fact of missed) tell(fact);
  const stop = live.follow(tell);
  let answered = true;
  const heartbeat = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, heartbeatMs);
  heartbeat.unref();
  socket.on("pong", () => (answered = true));
  // A frame too long, or none at all: it is closed by the library, and that is all there is to say.
  socket.on("error", () => undefined);
  socket.once("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}
