/** `subtask`: an agent submits a task from inside its own. */
import * as z from "zod";
import type { Submission } from "../app.ts";
import { childDepthMax, childrenMax, descendantsMax } from "../child-tasks.ts";
import { TASK_TYPES } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { submissionLines } from "./render.ts";
import { workerWord } from "./worker-word.ts";
import * as words from "./words.ts";

const schema = z.strictObject({
  text: words.text,
  type: words.orNull(words.taskType),
  cap: words.orNull(words.cap),
  key: words.orNull(words.label),
  word: words.orNull(words.label),
});

export const subtask = defineCommand<z.output<typeof schema>, Submission>({
  name: "subtask",
  group: "Tasks",
  summary: "Queue a task from inside a worker, as a child of its own",
  arguments: [{ name: "text", kind: "text", required: true, many: true }],
  options: [
    { flags: "--type <type>", summary: "Force the task type", choices: TASK_TYPES },
    {
      flags: "--cap <amount>",
      summary: "Stop it at so many tokens or dollars; never more than its parent's",
    },
    { flags: "--key <key>", summary: "The same key is the same child of this task" },
  ],
  notes: [
    `At most ${childDepthMax} deep, ${childrenMax} of one task, ${descendantsMax} of a family. It has its parent's priority, folder and dispatch round, and its`,
    "parent's cap (500K tokens if that has none) at most. The word in CTM_REPORT says which task is in hand.",
  ],
  examples: ["subtask --type documentation Describe the new endpoint"],
  needs: "ledger",
  schema,
  prepare: (raw, caller) => ({ ...raw, word: workerWord(caller) }),
  run: (app, wish) => app.rounds.child(wish),
  render: (submission, paper) => submissionLines(submission, paper),
});
