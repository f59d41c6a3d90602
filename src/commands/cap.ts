/** `cap`: how much one task may use before its agent is stopped and you are asked. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { taskLine } from "./render.ts";
import * as words from "./words.ts";

const schema = z.strictObject({ id: words.taskId, amount: words.cap });

export const cap = defineCommand<z.output<typeof schema>, Task>({
  name: "cap",
  group: "Tasks",
  summary: "Cap what one task may use; one stopped at its cap goes on",
  arguments: [
    { name: "id", kind: "task", required: true, many: false },
    { name: "amount", kind: "word", required: true, many: false },
  ],
  examples: ["cap 7 100k", "cap 7 $1.50", "cap 7 none"],
  notes: [
    "A task that reaches its cap is stopped between two turns of its agent, keeps its conversation and waits for you:",
    "`release 7` lets it go on without a cap, `cap 7 200k` with a higher one, `cancel 7` ends it.",
  ],
  needs: "ledger",
  schema,
  run: (app, { id, amount }) => app.setCap(id, amount),
  render: (task, paper) => [taskLine(task, paper)],
});
