/** `why`: what holds a task, or which signal decided a worker's state. */
import * as z from "zod";
import { renderTaskWhy, renderWorkerWhy, type TaskWhy, type WorkerWhy } from "../reports/why.ts";
import { defineCommand } from "./command.ts";
import { taskOrWorker } from "./words.ts";

const schema = z.strictObject({ what: taskOrWorker });

type Why = { readonly task: TaskWhy } | { readonly worker: WorkerWhy };

export const why = defineCommand<z.output<typeof schema>, Why>({
  name: "why",
  group: "Views",
  summary: "Say why a task waits, or how a worker's state is known",
  arguments: [{ name: "what", kind: "word", required: true, many: false }],
  examples: ["why 7", "why w2"],
  needs: "ledger",
  schema,
  run: (app, { what }) =>
    typeof what === "number" ? { task: app.whyTask(what) } : { worker: app.whyWorker(what) },
  render: (result, paper) =>
    "task" in result ? renderTaskWhy(result.task, paper) : renderWorkerWhy(result.worker, paper),
});
