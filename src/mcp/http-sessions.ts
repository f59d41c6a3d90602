/**
 * The tools over Streamable HTTP: one session for each agent that has begun one, bound to the key it was begun with. Who
 * may call at all is decided before. Sessions are bounded, for each caller and together, and end when they are not used.
 */
import { createHash, randomBytes } from "node:crypto";
import { isInitializeRequest, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { CtmError } from "../base/errors.ts";
import type { Caller } from "../commands/command.ts";
import type { CommandHost } from "../commands/host.ts";
import { processOfConnection } from "./peer-process.ts";
import { CoordinatingSession, driverAt } from "./session.ts";
import { toolServer, type ToolRights } from "./tool-server.ts";

export const sessionsMax = 64;
/** Of one key: an agent that starts again and again leaves its older ones behind. */
export const sessionsOfOneMax = 16;
export const callsAtOnceMax = 8;
export const sessionIdleMs = 30 * 60_000;

/** What of a request's heads the protocol is about; nothing else is handed on. */
const PROTOCOL_HEADERS = ["accept", "content-type", "mcp-protocol-version", "mcp-session-id"] as const;

/** Who calls, as was made sure of before. */
export interface McpCaller {
  readonly rights: ToolRights;
  /** The word of a worker; null: a person's agent. */
  readonly word: string | null;
  /** Of a connection on loopback; null: from elsewhere. */
  readonly ports: { readonly from: number; readonly to: number } | null;
}

export interface McpCall {
  readonly method: "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What was sent as JSON; null with DELETE. */
  readonly body: unknown;
}

export interface McpAnswer {
  readonly status: number;
  readonly text: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface McpSessionsParts {
  readonly version: string;
  readonly host: CommandHost;
  /** As what calls are made, but for the word of a worker. */
  readonly caller: Omit<Caller, "workerWord">;
  now(): number;
  trouble(error: unknown): void;
}

interface Session {
  readonly owner: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly coordinating: CoordinatingSession | null;
  usedAtMs: number;
  underWay: number;
}

export class McpSessions {
  readonly #parts: McpSessionsParts;
  readonly #sessions = new Map<string, Session>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: McpSessionsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** CtmError `not-found` for a session that has ended or is another's, `refused` where there are too many. */
  async handle(call: McpCall, caller: McpCaller): Promise<McpAnswer> {
    this.#expire();
    if (Array.isArray(call.body)) throw new CtmError("usage", "calls are taken one by one, not as a list");
    const id = call.headers["mcp-session-id"];
    const session = id === undefined ? await this.#begin(call, caller) : this.#found(id, caller);
    if (session.underWay >= callsAtOnceMax)
      throw new CtmError("refused", `${callsAtOnceMax} calls of this session are under way: wait for one`);
    session.underWay += 1;
    try {
      const answer = await answerOf(
        await session.transport.handleRequest(requestOf(call), { parsedBody: call.body }),
      );
      if (id === undefined && answer.status >= 400) this.#end(session);
      return answer;
    } finally {
      session.underWay -= 1;
      session.usedAtMs = this.#parts.now();
      this.#expireLater();
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  #found(id: unknown, caller: McpCaller): Session {
    const session = typeof id === "string" ? this.#sessions.get(id) : undefined;
    // One who holds another key is told what one without a session is told.
    if (session === undefined || session.owner !== ownerOf(caller))
      throw new CtmError("not-found", "there is no such session: begin another");
    return session;
  }

  async #begin({ method, body }: McpCall, caller: McpCaller): Promise<Session> {
    if (method !== "POST" || !isInitializeRequest(body))
      throw new CtmError("usage", "a session begins with `initialize`");
    const owner = ownerOf(caller);
    this.#makeRoom(owner);
    const id = randomBytes(18).toString("base64url");
    const { trouble } = this.#parts;
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      enableJsonResponse: true,
    });
    const session: Session = {
      ...{ owner, transport, coordinating: this.#coordinating(id, caller) },
      ...{ usedAtMs: this.#parts.now(), underWay: 0 },
    };
    const withHost = <T>(act: (host: CommandHost) => Promise<T>): Promise<T> => act(this.#parts.host);
    const server = toolServer({
      version: this.#parts.version,
      caller: { ...this.#parts.caller, workerWord: caller.word },
      rights: caller.rights,
      session: session.coordinating,
      withHost,
    });
    // However it ends: by its agent, unused, or with us. The SDK knows a property, and no listeners.
    Object.assign(server.server, {
      onerror: trouble,
      onclose: () => {
        this.#sessions.delete(id);
        session.coordinating?.end(withHost).catch(trouble);
      },
    });
    await server.connect(transport);
    this.#sessions.set(id, session);
    return session;
  }

  /** A person's agent that may act coordinates; which one it is, its end of the connection tells. */
  #coordinating(id: string, { rights, ports }: McpCaller): CoordinatingSession | null {
    if (rights !== "act") return null;
    const pid = ports === null ? null : processOfConnection(ports.from, ports.to);
    return new CoordinatingSession(() => driverAt(pid, `http-${id}`), this.#parts.trouble);
  }

  #makeRoom(owner: string): void {
    const own = [...this.#sessions.values()].filter((session) => session.owner === owner);
    if (own.length >= sessionsOfOneMax) {
      const idle = own
        .filter(({ underWay }) => underWay === 0)
        .sort((a, b) => a.usedAtMs - b.usedAtMs)
        .at(0);
      if (idle === undefined) throw new CtmError("refused", "all sessions of this key are at work");
      this.#end(idle);
    }
    if (this.#sessions.size >= sessionsMax)
      throw new CtmError("refused", `there are ${sessionsMax} sessions: no more are begun`);
  }

  #end({ transport }: Session): void {
    transport.close().catch(this.#parts.trouble);
  }

  #expire(): void {
    const endsMs = this.#parts.now() - sessionIdleMs;
    for (const session of this.#sessions.values())
      if (session.underWay === 0 && session.usedAtMs <= endsMs) this.#end(session);
  }

  /** At the time the one that was used longest ago may end. */
  #expireLater(): void {
    if (this.#timer !== null || this.#sessions.size === 0) return;
    const oldestMs = Math.min(...[...this.#sessions.values()].map(({ usedAtMs }) => usedAtMs));
    const inMs = Math.max(1_000, oldestMs + sessionIdleMs - this.#parts.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#expire();
      this.#expireLater();
    }, inMs);
    this.#timer.unref();
  }
}

/** Which key a session belongs to. A worker's word is kept as its hash alone. */
function ownerOf({ rights, word }: McpCaller): string {
  return word === null ? rights : createHash("sha256").update(word).digest("hex");
}

function requestOf({ method, headers }: McpCall): Request {
  const kept = PROTOCOL_HEADERS.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return new Request("http://127.0.0.1/mcp", { method, headers: kept });
}

async function answerOf(response: Response): Promise<McpAnswer> {
  const session = response.headers.get("mcp-session-id");
  return {
    status: response.status,
    text: await response.text(),
    type: response.headers.get("content-type") ?? "application/json",
    headers: session === null ? {} : { "mcp-session-id": session },
  };
}
