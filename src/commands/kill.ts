/** `kill`: ends a worker. */
import * as z from "zod";
import { defineCommand } from "./command.ts";
import { eachWorker, namesLine } from "./each-worker.ts";
import { workerNames } from "./words.ts";

const schema = z.strictObject({ workers: workerNames });

export const kill = defineCommand<z.output<typeof schema>, { workers: string[] }>({
  name: "kill",
  group: "Workers",
  summary: "End a worker and its terminal",
  arguments: [{ name: "workers", kind: "worker", required: true, many: true }],
  examples: ["kill w1"],
  notes: ["A task it works on becomes lost. A session that was adopted is let go, never ended."],
  needs: "manager",
  schema,
  run: (app, { workers }) => eachWorker(workers, (worker) => app.fleet.kill(worker)),
  render: ({ workers }) => [namesLine(workers, "ended")],
});
