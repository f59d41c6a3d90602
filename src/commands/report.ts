/** `report`: what an agent tells of its own task, and what a person corrects of it. */
import * as z from "zod";
import { REPORT_KINDS, reportedWords } from "../hierarchy/reports.ts";
import type { Reported } from "../reporting.ts";
import { defineCommand } from "./command.ts";
import { fit } from "./render.ts";
import { workerWord } from "./worker-word.ts";
import * as words from "./words.ts";

/** A plain number, from a number or its digits. */
const amount = z.unknown().transform((value, context): number => {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  if (/^\d{1,9}(?:\.\d{1,6})?$/.test(text)) return Number(text);
  context.addIssue({ code: "custom", message: `${words.quote(value)} is no number from 0 on` });
  return z.NEVER;
});

const schema = z.strictObject({
  what: words.choice("report", REPORT_KINDS),
  amount: words.orNull(amount),
  passed: words.orNull(amount),
  task: words.orNull(words.taskId),
  key: words.orNull(words.label),
});

export const report = defineCommand<z.output<typeof schema>, Reported>({
  name: "report",
  group: "Hierarchy",
  summary: "Report on a task from inside its worker, or correct one",
  arguments: [
    { name: "what", kind: "word", required: true, many: false, choices: REPORT_KINDS },
    { name: "amount", kind: "word", required: false, many: false },
  ],
  options: [
    { flags: "--passed <n>", summary: "How many of the tests passed" },
    { flags: "--task <id>", summary: "Outside of a worker: the task it is about", kind: "task" },
  ],
  notes: [
    "An agent that ctm started finds CTM_REPORT in its environment: with it a report is about the task it has in hand, and",
    "can be about no other. tests and quality replace what was said before, the counts (rejected, hallucinated, consulted,",
    "recovered; once if no number is given) are added up; what a person says with --task replaces all of it.",
  ],
  examples: ["report tests 121 --passed 121", "report quality 0.93", "report hallucinated 0 --task 7"],
  needs: "ledger",
  schema,
  prepare: (raw, caller) => ({ ...raw, key: workerWord(caller) }),
  run: (app, { what, ...wish }) => app.hierarchy.report({ ...wish, kind: what }),
  render: (reported, paper) => [
    fit(
      `Reported of #${reported.task}: ${reportedWords(reported)} (${reported.source === "agent" ? "by its agent" : "by you"})`,
      paper,
    ),
  ],
});
