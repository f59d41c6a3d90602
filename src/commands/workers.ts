/** `workers`: who works, on what. */
import * as z from "zod";
import { renderWorkers, type WorkerRow } from "../reports/workers-table.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const workers = defineCommand<z.output<typeof schema>, WorkerRow[]>({
  name: "workers",
  group: "Workers",
  summary: "List the workers, their state and how it is known",
  examples: ["workers"],
  needs: "ledger",
  schema,
  run: (app) => app.fleet.rows(),
  render: (rows, paper) => renderWorkers(rows, paper),
});
