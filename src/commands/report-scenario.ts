/** `report scenario`: what routing would save of a made-up month, beside what was once claimed. */
import * as z from "zod";
import { priceTable } from "../metering/prices.ts";
import { PriceBook } from "../price-book.ts";
import { documentMarkdown } from "../reports/document-markdown.ts";
import { routingScenario, type RoutingScenario } from "../reports/routing-scenario.ts";
import { scenarioDocument } from "../reports/scenario-document.ts";
import { TASK_TYPES } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

/** The prices of the document whose claim is held against it. */
const claimedAt = "anthropic-2024-11";

const schema = z.strictObject({
  seed: words.orNull(words.count("--seed", 0, 4_294_967_295)).transform((seed) => seed ?? 1),
});

export const reportScenario = defineCommand<z.output<typeof schema>, RoutingScenario>({
  name: "report scenario",
  group: "Hierarchy",
  summary: "Reckon what routing saves of a made-up month of 47 agents",
  options: [{ flags: "--seed <n>", summary: "Another month of the kind (default: 1)" }],
  examples: ["report scenario", "report scenario --seed 7"],
  notes: [
    "The same tasks all on Sonnet, routed by type as configured here, and by tier; at the prices of November 2024 and at",
    "those in force. Simulated: nothing is run. `report monthly` tells what was saved on your own tokens.",
  ],
  needs: "nothing",
  schema,
  runAlone: async ({ seed }, caller) => {
    const config = await caller.config();
    const cheapTypes = new Set(
      TASK_TYPES.filter((type) => config.preferCheap || config.routes[type].model === "cheap"),
    );
    const { table } = new PriceBook(config);
    const tables = table.profile === claimedAt ? [table] : [priceTable(claimedAt), table];
    return routingScenario(seed, cheapTypes, tables);
  },
  render: (scenario, paper) => documentMarkdown(scenarioDocument(scenario), paper),
});
