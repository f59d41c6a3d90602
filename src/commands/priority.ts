/** `priority`: moves a waiting task up or down. */
import * as z from "zod";
import { PRIORITIES } from "../tasks/priority.ts";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { taskLine } from "./render.ts";
import * as words from "./words.ts";

const schema = z.strictObject({ id: words.taskId, level: words.priority });

export const priority = defineCommand<z.output<typeof schema>, Task>({
  name: "priority",
  group: "Tasks",
  summary: "Change a task's priority",
  arguments: [
    { name: "id", kind: "task", required: true, many: false },
    { name: "level", kind: "word", required: true, many: false, choices: PRIORITIES },
  ],
  examples: ["priority 7 high"],
  needs: "ledger",
  schema,
  run: (app, { id, level }) => app.setPriority(id, level),
  render: (task, paper) => [taskLine(task, paper)],
});
