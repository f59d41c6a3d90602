/** `hold`: keeps a waiting task back until `release`. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { taskLine } from "./render.ts";
import { joined, label, taskId } from "./words.ts";

const schema = z.strictObject({
  id: taskId,
  reason: z.preprocess((value) => joined(value) ?? "held by hand", label),
});

export const hold = defineCommand<z.output<typeof schema>, Task>({
  name: "hold",
  group: "Tasks",
  summary: "Keep a waiting task back, with a reason",
  arguments: [
    { name: "id", kind: "task", required: true, many: false },
    { name: "reason", kind: "text", required: false, many: true },
  ],
  examples: ["hold 7 waits for the new design"],
  needs: "ledger",
  schema,
  run: (app, { id, reason }) => app.hold(id, reason),
  render: (task, paper) => [taskLine(task, paper)],
});
