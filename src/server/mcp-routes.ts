/**
 * The tools for agents over HTTP, behind the same door as all else: `/mcp` for a person's agent, with a key of the dashboard;
 * `/mcp/worker` for an agent that works on a task of ours, with the word of its launch. What carries them out is loaded
 * at the first call.
 */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import type { McpCaller, McpSessions } from "../mcp/http-sessions.ts";
import { defineRoute, type Answer, type Call, type Route } from "./http/route.ts";
import { failureOf } from "./messages.ts";
import type { House } from "./routes.ts";

/** A call holds the texts of tasks. */
const callMaxBytes = 2 * 1024 * 1024;

export interface McpDoor {
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

type Parts = Pick<House, "app" | "host" | "version" | "server">;

export function openMcpDoor(parts: Parts): McpDoor {
  let opened: Promise<McpSessions> | null = null;
  const handle = async (method: "POST" | "DELETE", call: Call, caller: McpCaller): Promise<Answer> => {
    const sessions = await (opened ??= openSessions(parts));
    try {
      return await sessions.handle({ method, headers: call.headers, body: call.body }, caller);
    } catch (error) {
      if (!(error instanceof CtmError) || error.code !== "refused") throw error;
      return { status: 429, json: { error: failureOf(error) }, headers: { "retry-after": "60" } };
    }
  };
  const at = (path: string, access: "read" | "signed", callerOf: (call: Call) => McpCaller | null) =>
    (["POST", "DELETE"] as const).map((method) =>
      defineRoute<Readonly<Record<string, never>>, unknown>({
        method,
        path,
        access,
        summary: method === "POST" ? "A message of the Model Context Protocol" : "End its session",
        ...(method === "POST" ? { body: z.unknown(), bodyMaxBytes: callMaxBytes } : {}),
        handle: (call) => {
          const caller = callerOf(call);
          return caller === null ? UNKNOWN_WORD : handle(method, call, caller);
        },
      }),
    );
  const portsOf = ({ peerPort }: Call): McpCaller["ports"] =>
    peerPort === null ? null : { from: peerPort, to: parts.server().port };
  return {
    routes: [
      ...at("/mcp", "read", (call) => ({
        rights: call.rights === "act" ? "act" : "read",
        word: null,
        ports: portsOf(call),
      })),
      ...at("/mcp/worker", "signed", (call) => workerCaller(parts, call)),
    ],
    close: async () => {
      await (await opened)?.close();
    },
  };
}

const UNKNOWN_WORD: Answer = {
  status: 401,
  json: {
    error: { code: "refused", message: "the CTM_REPORT of a worker is needed in the head x-ctm-report" },
  },
};

function workerCaller({ app }: Parts, { headers }: Call): McpCaller | null {
  const word = headers["x-ctm-report"];
  if (typeof word !== "string" || !app.rounds.knowsWorker(word)) return null;
  return { rights: "worker", word, ports: null };
}

async function openSessions({ app, host, version }: Parts): Promise<McpSessions> {
  const { McpSessions: Sessions } = await import("../mcp/http-sessions.ts");
  const { config } = app;
  const refuse = (): never => {
    throw new CtmError("usage", "files are not read for an agent: hand over texts");
  };
  return new Sessions({
    ...{ version, host, now: () => Date.now() },
    caller: {
      ...{ cwd: config.workers.cwd, origin: "mcp", readText: refuse },
      config: () => Promise.resolve(config),
    },
    // What is wrong with a call is its caller's to know, and told there.
    trouble: () => undefined,
  });
}
