/** `route`: what the delegator would decide for a text; nothing is queued. */
import * as z from "zod";
import type { Explanation } from "../delegation/delegate.ts";
import { renderRoute } from "../reports/route.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const schema = z.strictObject({
  text: words.text,
  type: words.orNull(words.taskType),
  model: words.orNull(words.label),
  agent: words.orNull(words.agentName),
});

export const route = defineCommand<z.output<typeof schema>, Explanation>({
  name: "route",
  group: "Views",
  summary: "Explain type, model and cost of a text; nothing is queued",
  arguments: [{ name: "text", kind: "text", required: true, many: true }],
  options: [
    { flags: "--type <type>", summary: "As if this type were forced" },
    { flags: "--model <model>", summary: "As if this model were forced" },
    { flags: "--agent <agent>", summary: "As if this agent were forced" },
  ],
  examples: ["route Write documentation for the API"],
  needs: "ledger",
  schema,
  run: (app, { text, ...overrides }) => app.explain(text, overrides),
  render: (explanation, paper) => renderRoute(explanation, paper),
});
