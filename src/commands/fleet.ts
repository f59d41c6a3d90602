/** `fleet`: the agents at a glance. */
import * as z from "zod";
import type { FleetModel } from "../reports/fleet.ts";
import { renderFleet } from "../reports/fleet-table.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const fleet = defineCommand<z.output<typeof schema>, FleetModel>({
  name: "fleet",
  group: "Views",
  summary: "Show agents, tokens, tasks, the budget left and efficiency",
  notes: [
    "Efficiency is against agents that look for work by the clock: an assumption, shown with its numbers.",
  ],
  examples: ["fleet"],
  needs: "ledger",
  schema,
  run: (app) => app.pages.fleet(),
  render: (model, paper) => renderFleet(model, paper),
});
