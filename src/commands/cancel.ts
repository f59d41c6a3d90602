/** `cancel`: ends tasks, waiting or at work. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { eachTask } from "./each-task.ts";
import { taskLines } from "./render.ts";
import { taskIds } from "./words.ts";

const schema = z.strictObject({ ids: taskIds });

export const cancel = defineCommand<z.output<typeof schema>, Task[]>({
  name: "cancel",
  group: "Tasks",
  summary: "Cancel tasks; one at work is stopped at its worker",
  arguments: [{ name: "ids", kind: "task", required: true, many: true }],
  examples: ["cancel 7", "cancel 7 8 9"],
  notes: ["What a cancelled task has used stays booked."],
  needs: "ledger",
  schema,
  run: (app, { ids }) => eachTask(ids, (id) => app.cancel(id)),
  render: (list, paper) => taskLines(list, paper),
});
