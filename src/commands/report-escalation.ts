/** `report escalation`: an agent says from inside its worker that it cannot do its task alone. */
import * as z from "zod";
import type { Escalated } from "../escalating.ts";
import { ESCALATION_TARGETS, levelWords } from "../roster/escalation.ts";
import { defineCommand } from "./command.ts";
import { fit } from "./render.ts";
import { workerWord } from "./worker-word.ts";
import * as words from "./words.ts";

const schema = z.strictObject({
  to: words.choice("one to hand it to", ESCALATION_TARGETS),
  reason: z.preprocess(words.joined, words.label),
  task: words.orNull(words.taskId),
  key: words.orNull(words.label),
});

export const reportEscalation = defineCommand<z.output<typeof schema>, Escalated>({
  name: "report escalation",
  group: "Hierarchy",
  summary: "Say from inside a worker who is needed for its task",
  arguments: [{ name: "reason", kind: "text", required: true, many: true }],
  options: [
    { flags: "--to <whom>", summary: "agent, coordinator or human (required)", choices: ESCALATION_TARGETS },
    { flags: "--task <id>", summary: "Outside of a worker: the task it is about", kind: "task" },
  ],
  notes: [
    "As `escalate`, for an agent that ctm started: with the word in CTM_REPORT it is about the task it has in hand, and can",
    "be about no other. Nothing is taken out of its hands: it is booked and told, and the agent goes on as far as it can.",
  ],
  examples: ['report escalation --to coordinator "the two interfaces do not fit"'],
  needs: "ledger",
  schema,
  prepare: (raw, caller) => ({ ...raw, key: workerWord(caller) }),
  run: (app, { to, reason, task, key }) =>
    app.hierarchy.reportEscalation({ key, task }, { to, as: null, reason }),
  render: ({ task, level, done }, paper) => [
    fit(`#${task.id} is at level ${levelWords(level)}: ${done}`, paper),
  ],
});
