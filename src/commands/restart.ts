/** `restart`: a fresh start of a worker's agent. */
import * as z from "zod";
import { defineCommand } from "./command.ts";
import { eachWorker, namesLine } from "./each-worker.ts";
import { workerNames } from "./words.ts";

const schema = z.strictObject({ workers: workerNames });

export const restart = defineCommand<z.output<typeof schema>, { workers: string[] }>({
  name: "restart",
  group: "Workers",
  summary: "Start a worker's agent afresh",
  arguments: [{ name: "workers", kind: "worker", required: true, many: true }],
  examples: ["restart w1"],
  notes: ["A task it works on becomes lost or failed; it is not sent again by itself."],
  needs: "manager",
  schema,
  run: (app, { workers }) => eachWorker(workers, (worker) => app.fleet.restart(worker)),
  render: ({ workers }) => [namesLine(workers, "started afresh")],
});
