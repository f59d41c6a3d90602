/** `estimate` and `estimate accuracy`: what a task is expected to use, and how good such expectations were. */
import * as z from "zod";
import { renderAccuracy, type AccuracyModel } from "../reports/accuracy.ts";
import { renderEstimate, type EstimateModel } from "../reports/estimate.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const asked = z.strictObject({
  text: words.text,
  type: words.orNull(words.taskType),
  model: words.orNull(words.label),
  agent: words.orNull(words.agentName),
  cwd: words.folder,
});

export const estimate = defineCommand<z.output<typeof asked>, EstimateModel>({
  name: "estimate",
  group: "Views",
  summary: "Forecast tokens and cost of a text, and say from what",
  arguments: [{ name: "text", kind: "text", required: true, many: true }],
  options: [
    { flags: "--type <type>", summary: "As if this type were forced" },
    { flags: "--model <model>", summary: "As if this model were forced" },
    { flags: "--agent <agent>", summary: "As if this agent were forced" },
    { flags: "--cwd <folder>", summary: "Folder the task is about (default: the current one)", kind: "file" },
  ],
  notes: [
    "The prompt's own tokens are a small part of what a task uses. The rest is learnt from finished tasks: of the same",
    "agent, model, type and folder, each of these classes drawn towards the wider one as long as it has few tasks.",
  ],
  examples: ["estimate Create a user authentication system", "estimate --model opus Fix the parser"],
  needs: "ledger",
  schema: asked,
  prepare: (raw, caller) => ({ ...raw, cwd: words.folderOf(raw["cwd"], caller.cwd) }),
  run: (app, input) => app.estimate(input),
  render: (model, paper) => renderEstimate(model, paper),
});

const nothing = z.strictObject({});

export const estimateAccuracy = defineCommand<z.output<typeof nothing>, AccuracyModel>({
  name: "estimate accuracy",
  group: "Views",
  summary: "Score the forecasts against what tasks really used",
  notes: [
    "History is walked through in its order: each finished task is forecast from those before it alone, then held",
    "against what it used. To forecast the text `accuracy`, put `--` before it.",
  ],
  examples: ["estimate accuracy"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.estimateAccuracy(),
  render: (model, paper) => renderAccuracy(model, paper),
});
