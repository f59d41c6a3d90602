/** `usage tasks`: the usage that was booked, by task. */
import * as z from "zod";
import type { App } from "../app.ts";
import { sumFigures } from "../reports/figure.ts";
import type { AttemptDetails } from "../reports/task-details.ts";
import { renderTaskUsage, type TaskUsageModel, type TaskUsageRow } from "../reports/task-usage.ts";
import type { Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const textShownMax = 400;

const schema = z.strictObject({
  limit: words
    .count("--limit", 1, 10_000)
    .optional()
    .transform((value) => value ?? 50),
  csv: words.flag,
});

export const usageTasks = defineCommand<z.output<typeof schema>, TaskUsageModel>({
  name: "usage tasks",
  group: "Views",
  summary: "Show what each task used, as it was booked",
  options: [
    { flags: "--limit <n>", summary: "At most so many tasks (default 50)" },
    { flags: "--csv", summary: "As comma-separated values" },
  ],
  examples: ["usage tasks", "usage tasks --csv --limit 1000"],
  needs: "ledger",
  schema,
  run: (app, { limit, csv }) => {
    const filter = { states: null, type: null, worker: null, containing: null, limit };
    return { tasks: app.tasks(filter).flatMap((task) => rowOf(app, task)), csv };
  },
  render: (model, paper) => renderTaskUsage(model, paper),
});

/** Of the attempts whose agents were asked to tell; the difference is unknown as soon as one is. */
function telemetryOf(attempts: readonly AttemptDetails[]): TaskUsageRow["telemetry"] {
  const told = attempts.flatMap(({ telemetry }) => telemetry ?? []);
  // Nothing has arrived of any: there is nothing to hold against what is booked.
  if (told.every(({ responses }) => responses === 0)) return null;
  const differences = told.flatMap(({ differenceTokens }) => differenceTokens ?? []);
  return {
    tokens: told.reduce((sum, { tokens }) => sum + tokens, 0),
    difference:
      differences.length < told.length ? null : differences.reduce((sum, tokens) => sum + tokens, 0),
  };
}

/** Nothing for a task that was never given to a worker. */
function rowOf(app: App, { id, state, draft, assignment }: Task): TaskUsageRow[] {
  const { attempts } = app.taskDetails(id);
  const last = attempts.at(-1);
  if (last === undefined) return [];
  return [
    {
      id,
      state: state.name,
      agent: last.agent,
      model: last.model ?? assignment.model,
      attempts: attempts.length,
      tokens: sumFigures(attempts.map(({ tokens }) => tokens)).figure,
      cost: sumFigures(attempts.map(({ cost }) => cost)).figure,
      telemetry: telemetryOf(attempts),
      flags: [...new Set(attempts.flatMap(({ flags }) => flags))].sort(),
      text: draft.text.slice(0, textShownMax),
    },
  ];
}
