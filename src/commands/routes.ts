/** `routes`, `routes adopt` and `routes drop`: what measured success says of where types of tasks go. */
import * as z from "zod";
import { renderRouteChange, renderRoutes, type RouteChange, type RoutesModel } from "../reports/routes.ts";
import { TASK_TYPES, type TaskType } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const nothing = z.strictObject({});
/** A type, or its number in the list. */
const what = z.unknown().transform((value, context): TaskType => {
  const word =
    typeof value === "number" || typeof value === "string" ? String(value).trim().toLowerCase() : "";
  const found = TASK_TYPES.find((type, index) => word === type || word === String(index + 1));
  if (found !== undefined) return found;
  const message = words.unknownWord("type of task or number of one", value, TASK_TYPES);
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});
const adopted = z.strictObject({ what, yes: words.flag });
const dropped = z.strictObject({ what: words.label });

export const routes = defineCommand<z.output<typeof nothing>, RoutesModel>({
  name: "routes",
  group: "Hierarchy",
  summary: "Compare models by measured success, for each type of task",
  notes: [
    "Success and cost of each model come from ended tasks of just this agent and type, from 20 on. A cheaper model is",
    "suggested where its success is 85 % or more with 95 % certainty (Wilson), not seen to be worse, and a completed task",
    "costs a tenth less; a better one where the present one is below 85 % as surely. Nothing is done by itself.",
  ],
  examples: ["routes"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.routes.model(),
  render: (model, paper) => renderRoutes(model, paper),
});

export const routesAdopt = defineCommand<z.output<typeof adopted>, RouteChange>({
  name: "routes adopt",
  group: "Hierarchy",
  summary: "Send a type of task to the model suggested for it",
  arguments: [{ name: "what", kind: "word", required: true, many: false, choices: TASK_TYPES }],
  options: [{ flags: "--yes", summary: "Do it; without it is only shown what would change" }],
  notes: [
    "WHAT is the type, or its number in `routes`. It stands over new starts until `routes drop` takes it back.",
  ],
  examples: ["routes adopt 2", "routes adopt coding --yes"],
  needs: "ledger",
  schema: adopted,
  run: (app, input) => app.routes.adopt(input.what, input.yes),
  render: (change, paper) => renderRouteChange(change, paper),
});

export const routesDrop = defineCommand<z.output<typeof dropped>, RouteChange>({
  name: "routes drop",
  group: "Hierarchy",
  summary: "Take an adopted route back",
  arguments: [{ name: "what", kind: "word", required: true, many: false }],
  notes: ["WHAT is the type, or the agent of the roster whose model was changed by `findings apply`."],
  examples: ["routes drop coding"],
  needs: "ledger",
  schema: dropped,
  run: (app, input) => app.routes.drop(input.what),
  render: (change, paper) => renderRouteChange(change, paper),
});
