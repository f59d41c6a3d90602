/** `drain`: lets a worker finish, then gives it nothing more. */
import * as z from "zod";
import { defineCommand } from "./command.ts";
import { eachWorker, namesLine } from "./each-worker.ts";
import { workerNames } from "./words.ts";

const schema = z.strictObject({ workers: workerNames });

export const drain = defineCommand<z.output<typeof schema>, { workers: string[] }>({
  name: "drain",
  group: "Workers",
  summary: "Give a worker no further task",
  arguments: [{ name: "workers", kind: "worker", required: true, many: true }],
  examples: ["drain w1"],
  notes: ["What it works on goes on; `restart` takes it back into service."],
  needs: "manager",
  schema,
  run: (app, { workers }) => eachWorker(workers, (worker) => app.fleet.drain(worker)),
  render: ({ workers }) => [namesLine(workers, "takes no further task")],
});
