/**
 * One address of the HTTP server: who may call it, what it takes, what it answers. A part of the product that wants to be
 * reached by HTTP gives a list of these; what guards them (hosts, origins, keys, sizes, times) is the server's.
 */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type * as z from "zod";

/** Who may call. */
export const ACCESS = [
  /** Anybody who reaches the port: pages and health, nothing of the person's. */
  "public",
  /** With one of the two keys. */
  "read",
  /** With the acting key. */
  "act",
  /** No key: the handler itself checks who sent it, over the bytes as they came. Browsers are refused. */
  "signed",
] as const;
export type Access = (typeof ACCESS)[number];

/** What a caller has shown: the class of its key, or none. */
export type Rights = "none" | "read" | "act";

export interface Call<Query = unknown, Body = unknown> {
  /** The parts of the path a route names with a colon, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The body, byte for byte; empty where there is none. */
  readonly raw: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly rights: Rights;
  /** The port it was called from, on this machine; null: from elsewhere. */
  readonly peerPort: number | null;
}

export type Answer =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly status?: number;
      readonly text: string | Buffer;
      readonly type: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Writes its own head and body, and ends it. */
  | { readonly stream: (response: ServerResponse) => void };

export interface RouteSpec<Query, Body> {
  readonly method: "GET" | "POST" | "DELETE";
  /** `/api/tasks/:id` */
  readonly path: string;
  readonly access: Access;
  /** One line, no full stop: what its description says. */
  readonly summary: string;
  /** Of what stands behind the question mark; none = nothing may stand there. */
  readonly query?: z.ZodType<Query>;
  /** Of a JSON body. None = no JSON is read: a handler that wants a body takes `raw`. */
  readonly body?: z.ZodType<Body>;
  /** Largest body, in bytes; else that of the server. */
  readonly bodyMaxBytes?: number;
  /** Throws CtmError. */
  readonly handle: (call: Call<Query, Body>) => Answer | Promise<Answer>;
}

/** A route as the server holds it: its types checked inside, `unknown` outside. */
export type Route = RouteSpec<unknown, unknown>;

/** Makes a definition into a route. The cast is sound because the server hands over what these schemas gave. */
export function defineRoute<Query = Readonly<Record<string, never>>, Body = null>(
  spec: RouteSpec<Query, Body>,
): Route {
  return spec as unknown as Route;
}
