/** `edit`: another text for a task that still waits. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { taskLine } from "./render.ts";
import * as words from "./words.ts";

const schema = z.strictObject({ id: words.taskId, text: words.text });

export const edit = defineCommand<z.output<typeof schema>, Task>({
  name: "edit",
  group: "Tasks",
  summary: "Replace the text of a task that still waits",
  arguments: [
    { name: "id", kind: "task", required: true, many: false },
    { name: "text", kind: "text", required: true, many: true },
  ],
  examples: ["edit 7 Fix the login page on small screens"],
  needs: "ledger",
  schema,
  run: (app, { id, text }) => app.edit(id, text),
  render: (task, paper) => [taskLine(task, paper)],
});
