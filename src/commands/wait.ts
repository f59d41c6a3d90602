/** `wait`: answers when tasks have ended. */
import * as z from "zod";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { taskLines } from "./render.ts";
import { taskId } from "./words.ts";

// A whole batch is waited for at once, so the bound is that of a batch.
const schema = z.strictObject({ ids: z.array(taskId).min(1, "name at least one task").max(1_000_000) });

export const wait = defineCommand<z.output<typeof schema>, Task[]>({
  name: "wait",
  group: "Tasks",
  summary: "Wait until these tasks have ended",
  arguments: [{ name: "ids", kind: "task", required: true, many: true }],
  examples: ["wait 7 8"],
  needs: "manager",
  patient: true,
  schema,
  run: (app, { ids }) => app.whenFinal(ids),
  isBad: (list) => list.some(({ state }) => state.name !== "completed"),
  render: (list, paper) => taskLines(list, paper),
});
