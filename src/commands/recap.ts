/** `recap`: the morning after, again. */
import * as z from "zod";
import { renderRecap, type RecapModel } from "../reports/recap.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const recap = defineCommand<z.output<typeof schema>, RecapModel>({
  name: "recap",
  aliases: ["morning"],
  group: "Views",
  summary: "Show what the last start found: ended, lost, waiting for you",
  examples: ["recap"],
  notes: [
    "It is shown at a start that found work in flight. When the outcome of any of it is unknown, dispatch is paused until",
    "`resume`; what is told here stays until then.",
  ],
  needs: "ledger",
  schema,
  run: (app) => app.recap(),
  render: (model, paper) => renderRecap(model, paper),
});
