/** `show`: everything known of one task. */
import * as z from "zod";
import { renderTaskDetails, type TaskDetails } from "../reports/task-details.ts";
import { defineCommand } from "./command.ts";
import { taskId } from "./words.ts";

const schema = z.strictObject({ id: taskId });

export const show = defineCommand<z.output<typeof schema>, TaskDetails>({
  name: "show",
  group: "Tasks",
  summary: "Show one task: text, state, attempts, usage",
  arguments: [{ name: "id", kind: "task", required: true, many: false }],
  examples: ["show 7"],
  needs: "ledger",
  schema,
  run: (app, { id }) => app.taskDetails(id),
  render: (details, paper) => renderTaskDetails(details, paper),
});
