/** `serve`: the manager without a prompt. The face runs it. */
import * as z from "zod";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({ auto: z.boolean().optional() });

export const serve = defineCommand<z.output<typeof schema>, null>({
  name: "serve",
  group: "Program",
  summary: "Run the manager in auto mode, without a prompt",
  options: [{ flags: "--no-auto", summary: "Hand nothing out until `ctm auto on`" }],
  examples: ["serve"],
  notes: ["For a service or a window of its own. Ctrl+C or SIGTERM ends it and leaves the workers running."],
  needs: "nothing",
  face: "serve",
  schema,
  render: () => [],
});
