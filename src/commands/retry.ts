/** `retry`: ended tasks back into the queue, by a person's word. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { eachTask } from "./each-task.ts";
import { taskLines } from "./render.ts";
import { taskIds } from "./words.ts";

const schema = z.strictObject({ ids: taskIds });

export const retry = defineCommand<z.output<typeof schema>, Task[]>({
  name: "retry",
  group: "Tasks",
  summary: "Queue failed, lost or cancelled tasks again",
  arguments: [{ name: "ids", kind: "task", required: true, many: true }],
  examples: ["retry 7", "retry 7 8 9"],
  notes: ["A lost task may have been typed already: look at what it did before it runs again."],
  needs: "ledger",
  schema,
  run: (app, { ids }) => eachTask(ids, (id) => app.retry(id)),
  render: (list, paper) => taskLines(list, paper),
});
