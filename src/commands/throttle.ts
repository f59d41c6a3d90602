/** `throttle`: every limit and the level it stands at. */
import * as z from "zod";
import type { ThrottleModel } from "../reports/throttle-model.ts";
import { renderThrottle } from "../reports/throttle.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const throttle = defineCommand<z.output<typeof schema>, ThrottleModel>({
  name: "throttle",
  group: "Views",
  summary: "Show every limit, its level and what runs now",
  examples: ["throttle"],
  needs: "ledger",
  schema,
  run: (app) => app.throttle(),
  render: (model, paper) => renderThrottle(model, paper),
});
