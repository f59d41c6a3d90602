/** `mcp`: ctm as tools of an agent, by the Model Context Protocol on standard input and output. The face runs it. */
import * as z from "zod";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const mcp = defineCommand<z.output<typeof schema>, null>({
  name: "mcp",
  group: "Program",
  summary: "Serve ctm as tools to an agent (MCP on standard streams)",
  examples: ["mcp"],
  notes: [
    "For an agent of yours: `claude mcp add ctm -- ctm mcp`. It can add tasks, open rounds, wait for news and look; it can",
    "approve nothing and change no limit. Inside a worker of ctm it has three tools: child tasks, messages, reports.",
    "The dashboard's server has the same tools at /mcp (Streamable HTTP), with a key of dashboard.json as bearer.",
  ],
  needs: "nothing",
  face: "mcp",
  schema,
  render: () => [],
});
