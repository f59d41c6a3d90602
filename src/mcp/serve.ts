/** The server an agent talks to by the Model Context Protocol on standard input and output: the agent has started it. */
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { toolServer, type ToolServerParts } from "./tool-server.ts";

export interface McpParts extends ToolServerParts {
  trouble(error: unknown): void;
}

/** Serves until the agent has closed its end; resolves then. */
export async function serveMcp(parts: McpParts, ended: Promise<void>): Promise<void> {
  const handle = serveStdio(() => toolServer(parts), { onerror: (error) => parts.trouble(error) });
  await ended;
  await handle.close();
  await parts.session?.end(parts.withHost);
}
