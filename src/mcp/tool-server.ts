/**
 * The tools of one connection, as the official SDK serves them: each call is a command, checked as every other. Nothing is
 * kept between calls.
 */
import { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { redacted } from "../base/redact.ts";
import type { Caller, RawInput } from "../commands/command.ts";
import type { CommandHost } from "../commands/host.ts";
import { findCommand } from "../commands/index.ts";
import { jsonText } from "../reports/json-text.ts";
import type { CoordinatingSession } from "./session.ts";
import { PERSON_TOOLS, WORKER_TOOLS, type ToolSpec } from "./tools.ts";
import { waitForNews } from "./wait-for-news.ts";

/** Longest answer: an agent reads all of it, and pays for it. */
const answerMaxChars = 40_000;

/** A person's agent may add and look, with the reading key it may look; one of our workers has its own three tools. */
export type ToolRights = "act" | "read" | "worker";

export interface ToolServerParts {
  readonly version: string;
  readonly caller: Caller;
  readonly rights: ToolRights;
  /** The agent that drives us; null: it only looks, or is a worker, whose tokens are its task's. */
  readonly session: CoordinatingSession | null;
  /** Carries out at the manager, or at the ledger where none runs. */
  withHost<T>(act: (host: CommandHost) => Promise<T>): Promise<T>;
}

/** A server for one connection or session. */
export function toolServer(parts: ToolServerParts): McpServer {
  const server = new McpServer({ name: "ctm", version: parts.version });
  for (const tool of toolsOf(parts.rights)) register(server, tool, parts);
  if (parts.rights !== "worker") registerWait(server, parts);
  return server;
}

function toolsOf(rights: ToolRights): readonly ToolSpec[] {
  switch (rights) {
    case "act":
      return PERSON_TOOLS;
    case "read":
      return PERSON_TOOLS.filter(({ readOnly }) => readOnly);
    case "worker":
      return WORKER_TOOLS;
    default:
      return rights satisfies never;
  }
}

function register(server: McpServer, tool: ToolSpec, parts: ToolServerParts): void {
  const { name, title, description, schema, readOnly } = tool;
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: schema,
      annotations: { title, readOnlyHint: readOnly, openWorldHint: false },
    },
    async (given) => answered(() => parts.withHost((host) => carryOut(tool, given as RawInput, host, parts))),
  );
}

/** The one tool that answers later: an agent that waits for news reads nothing meanwhile. */
function registerWait(server: McpServer, parts: ToolServerParts): void {
  const description =
    "Waits until a task ends, asks something or is stopped, and returns what happened and how the tasks named stand; after the time given it returns without news. Use it in place of looking again and again.";
  const inputSchema = z.strictObject({
    tasks: z
      .array(z.int().positive())
      .max(200)
      .optional()
      .describe("Only of these; answers at once when all have ended"),
    seconds: z.int().min(1).max(600).optional().describe("How long at most (default 45)"),
    until: z
      .enum(["any", "all"])
      .optional()
      .describe("all: ends are told once all of these have ended; a question or a stop at once"),
  });
  server.registerTool(
    "wait_for_news",
    {
      title: "Wait for news",
      description,
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ tasks = [], seconds = 45, until = "any" }, { mcpReq }) =>
      answered(() =>
        parts.withHost(async (host) => {
          await parts.session?.coordinates(host);
          return waitForNews(host, tasks, { withinMs: seconds * 1_000, until, signal: mcpReq.signal });
        }),
      ),
  );
}

async function carryOut(
  tool: ToolSpec,
  given: RawInput,
  host: CommandHost,
  parts: ToolServerParts,
): Promise<unknown> {
  await parts.session?.coordinates(host);
  const { command: name, raw } = tool.call(given);
  const command = findCommand(name);
  if (command === null) throw new Error(`no command ${name}`);
  const since = name === "dispatch start" ? { sinceMs: parts.session?.turnBeganMs ?? null } : {};
  const input = command.check(await command.prepare({ ...raw, ...since }, parts.caller));
  return host.run(name, input);
}

interface Answer {
  [key: string]: unknown;
  content: { type: "text"; text: string }[];
  isError?: boolean;
}

/** What a person could be told is told; what is a fault of ours breaks the call. */
async function answered(act: () => Promise<unknown>): Promise<Answer> {
  try {
    return { content: [{ type: "text", text: bounded(jsonText((await act()) ?? null)) }] };
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    const text = redacted([error.message, ...error.details].join("\n"));
    return { content: [{ type: "text", text: `${error.code}: ${text}` }], isError: true };
  }
}

function bounded(text: string): string {
  if (text.length <= answerMaxChars) return text;
  return `${text.slice(0, answerMaxChars)}\n[cut: ${text.length} characters; ask for less]`;
}
