/** `tasks`: the list, filtered. */
import * as z from "zod";
import { renderTasks } from "../reports/tasks-table.ts";
import { STATE_NAMES, TASK_TYPES, type Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const schema = z.strictObject({
  words: z
    .preprocess(words.joined, words.orNull(z.string().max(1000, "at most 1,000 characters are searched for")))
    .transform((text) => (text === null || text.trim() === "" ? null : text.trim())),
  state: words.orNull(
    z.preprocess(
      (value) => (typeof value === "string" ? value.split(",") : value),
      z.array(words.stateName).min(1).max(STATE_NAMES.length),
    ),
  ),
  type: words.orNull(words.taskType),
  worker: words.orNull(words.workerName),
  limit: words
    .count("--limit", 1, 100_000)
    .optional()
    .transform((value) => value ?? 50),
});

export const tasks = defineCommand<z.output<typeof schema>, Task[]>({
  name: "tasks",
  aliases: ["ls", "list"],
  group: "Tasks",
  summary: "List tasks, or those whose text holds some words",
  arguments: [{ name: "words", kind: "word", required: false, many: true }],
  options: [
    { flags: "--state <states>", summary: "Only these states, with commas between", choices: STATE_NAMES },
    { flags: "--type <type>", summary: "Only this task type", choices: TASK_TYPES },
    { flags: "--worker <worker>", summary: "Only tasks of this worker", kind: "worker" },
    { flags: "--limit <n>", summary: "At most so many (default 50)" },
  ],
  examples: ["tasks", "tasks --state queued,running", "tasks --type ui login page"],
  needs: "ledger",
  schema,
  run: (app, input) => {
    const { state, words: containing, ...rest } = input;
    return app.tasks({ ...rest, states: state, containing });
  },
  render: (list, paper) => renderTasks(list, paper),
});
