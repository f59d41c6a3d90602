/** `metrics`: tokens and money, in detail. */
import * as z from "zod";
import type { MetricsModel } from "../reports/metrics-model.ts";
import { renderMetrics } from "../reports/metrics.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const metrics = defineCommand<z.output<typeof schema>, MetricsModel>({
  name: "metrics",
  group: "Views",
  summary: "Show tokens and cost by worker, model and type",
  examples: ["metrics"],
  needs: "ledger",
  schema,
  run: (app) => app.metrics(),
  render: (model, paper) => renderMetrics(model, paper),
});
