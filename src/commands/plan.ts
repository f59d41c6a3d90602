/** `plan`: will the waiting tasks fit, and when is the queue done? */
import * as z from "zod";
import { renderPlan, type PlanModel } from "../reports/plan.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const plan = defineCommand<z.output<typeof schema>, PlanModel>({
  name: "plan",
  group: "Views",
  summary: "Say when waiting tasks go, which fit before a limit resets",
  examples: ["plan"],
  notes: [
    "Plays the queue through on a copy of the limits, once with every task at its median and once with every task at",
    "its 90th percentile, as far as finished tasks tell. Nothing is reserved and nothing is promised.",
  ],
  needs: "manager",
  schema,
  run: (app) => app.plan(),
  render: (model, paper) => renderPlan(model, paper),
});
