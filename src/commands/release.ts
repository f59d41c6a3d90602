/** `release`: lets held tasks go. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { eachTask } from "./each-task.ts";
import { taskLines } from "./render.ts";
import { taskIds } from "./words.ts";

const schema = z.strictObject({ ids: taskIds });

export const release = defineCommand<z.output<typeof schema>, Task[]>({
  name: "release",
  group: "Tasks",
  summary: "Let held tasks go",
  arguments: [{ name: "ids", kind: "task", required: true, many: true }],
  examples: ["release 7", "release 7 8 9"],
  needs: "ledger",
  schema,
  run: (app, { ids }) => eachTask(ids, (id) => app.release(id)),
  render: (list, paper) => taskLines(list, paper),
});
