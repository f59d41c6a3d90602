/** `batch`: many tasks at once, all or none. */
import * as z from "zod";
import { queuedTasksMax } from "../base/limits.ts";
import { alikeLines } from "../reports/alike.ts";
import { renderBatchPlan, type BatchPlanModel } from "../reports/batch-plan.ts";
import { count } from "../reports/numbers.ts";
import type { RoundQueued } from "../round-desk.ts";
import { draftInput, draftOf, draftOptions, duplicates, duplicatesOption } from "./add.ts";
import { parseBatch } from "./batch-file.ts";
import { defineCommand, type Caller, type Command, type RawInput } from "./command.ts";
import { keyOf } from "./parse.ts";
import * as words from "./words.ts";

// The file is read and checked where the caller sits; what travels is its tasks.
const schema = z.strictObject({
  plan: words.flag,
  yes: words.flag,
  drafts: z.array(draftInput).min(1, "the batch holds no task").max(queuedTasksMax),
  duplicates,
});

/** Ids alone: a batch may hold more tasks than an answer could carry. */
export type Queued = RoundQueued;

/** What a batch came to: its tasks were queued, or only planned. */
type BatchResult = Queued | BatchPlanModel;

export const batch = defineCommand<z.output<typeof schema>, BatchResult>({
  name: "batch",
  group: "Tasks",
  summary: "Queue the tasks of a file, or of standard input with `-`",
  arguments: [{ name: "file", kind: "file", required: true, many: false }],
  options: [
    { flags: "--plan", summary: "Show first what it would cost, meet and take, and ask" },
    { flags: "--yes", summary: "With --plan: go on without asking" },
    ...draftOptions.filter(({ flags }) => !flags.startsWith("--key")),
    duplicatesOption,
  ],
  examples: ["batch tasks.txt", "batch -p low tasks.jsonl", "batch --plan tasks.txt"],
  notes: [
    "One task a line; or JSON Lines, when the file begins with `{`, with the fields text, priority, type, model,",
    "agent, worker, as, cwd, key, hold, retryLost and cap. Every line is checked first: one bad line and nothing is queued.",
    "From the shell (`ctm batch FILE`) it runs until its tasks have ended, and exits 1 when one has not completed;",
    "at the prompt it only queues them.",
    "With --plan nothing is queued before a person says yes; where there is none to ask (no terminal, --json), it is only",
    "shown, unless --yes says so beforehand. With --json and --yes both are one document: {plan, ran}, at the prompt",
    "{plan, queued}.",
  ],
  needs: "ledger",
  face: "batch",
  schema,
  prepare: readDrafts,
  run: (app, { drafts, plan, duplicates: taken }) =>
    plan ? app.planBatch(drafts.map(draftOf)) : app.rounds.batch(drafts.map(draftOf), !taken),
  render: (result, paper) =>
    "queued" in result
      ? [summaryOf(result), ...alikeLines(result.alike, paper)]
      : renderBatchPlan(result, paper),
});

async function readDrafts(raw: RawInput, caller: Caller): Promise<RawInput> {
  if ("drafts" in raw) return raw;
  const defaults = draftOptions
    .map(keyOf)
    .flatMap((key) => (raw[key] === undefined ? [] : [[key, raw[key]] as const]));
  const text = await caller.readText(typeof raw["file"] === "string" ? raw["file"] : "");
  const { plan, yes, duplicates: taken } = raw;
  return { drafts: parseBatch(text, Object.fromEntries(defaults), caller), plan, yes, duplicates: taken };
}

/** Is this a batch that is to be shown before it is queued? */
export function isPlanned(command: Pick<Command, "name">, input: RawInput): boolean {
  return command.name === "batch" && input["plan"] === true;
}

/** Was it said beforehand that it goes on after it was shown? */
export function isApproved(command: Pick<Command, "name">, input: RawInput): boolean {
  return isPlanned(command, input) && input["yes"] === true;
}

/** The same batch, to be queued. */
export function approved(input: RawInput): RawInput {
  return { drafts: input["drafts"], duplicates: input["duplicates"] };
}

/** What a person is asked. */
export function planQuestion(input: RawInput): string {
  const tasks = Array.isArray(input["drafts"]) ? input["drafts"].length : 0;
  return tasks === 1 ? "Queue this task?" : `Queue these ${count(tasks)} tasks?`;
}

function summaryOf({ round, queued, known }: Queued): string {
  const old = known.length === 0 ? "" : ` ${count(known.length)} had been queued before by their keys.`;
  const first = queued[0];
  if (first === undefined) return `Nothing new was queued.${old}`;
  const range = queued.length === 1 ? `#${first}` : `#${first} to #${queued.at(-1)}`;
  return `${count(queued.length)} ${queued.length === 1 ? "task" : "tasks"} queued (${range}) as ${round}.${old}`;
}
