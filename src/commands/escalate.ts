/** `escalate`: hands a task up. */
import * as z from "zod";
import type { Escalated } from "../escalating.ts";
import { ESCALATION_TARGETS, levelWords } from "../roster/escalation.ts";
import { defineCommand } from "./command.ts";
import { fit, taskLine } from "./render.ts";
import * as words from "./words.ts";

const schema = z.strictObject({
  id: words.taskId,
  to: words.choice("one to hand it to", ESCALATION_TARGETS),
  as: words.orNull(words.label),
  reason: words.orNull(words.label),
});

export const escalate = defineCommand<z.output<typeof schema>, Escalated>({
  name: "escalate",
  group: "Hierarchy",
  summary: "Hand a task up: to another agent, a coordinator or a person",
  arguments: [{ name: "id", kind: "task", required: true, many: false }],
  options: [
    { flags: "--to <whom>", summary: "agent, coordinator or human (required)", choices: ESCALATION_TARGETS },
    { flags: "--as <id>", summary: "This agent of the roster, not the next one" },
    { flags: "--reason <text>", summary: "Why" },
  ],
  notes: [
    "Levels: 1 tried again (by `retry`, by itself), 2 another agent, 3 a coordinator, 4 a person. A waiting task goes to",
    "the other, an ended one is queued again for it, one at work is only booked: nothing is taken out of an agent's hands.",
  ],
  examples: ["escalate 7 --to coordinator", 'escalate 7 --to human --reason "which of the two layouts?"'],
  needs: "ledger",
  schema,
  run: (app, { id, ...wish }) =>
    app.hierarchy.escalate(id, { ...wish, reason: wish.reason ?? "by a person" }),
  render: ({ task, level, done }, paper) => [
    fit(`#${task.id} is at level ${levelWords(level)}: ${done}`, paper),
    taskLine(task, paper),
  ],
});
