/** `batch`: many tasks at once, all or none. */
import * as z from "zod";
import { queuedTasksMax } from "../base/limits.ts";
import { count } from "../reports/numbers.ts";
import type { RoundQueued } from "../round-desk.ts";
import { draftInput, draftOf, draftOptions } from "./add.ts";
import { parseBatch } from "./batch-file.ts";
import { defineCommand, type Caller, type RawInput } from "./command.ts";
import { keyOf } from "./parse.ts";

// The file is read and checked where the caller sits; what travels is its tasks.
const schema = z.strictObject({
  drafts: z.array(draftInput).min(1, "the batch holds no task").max(queuedTasksMax),
});

/** Ids alone: a batch may hold more tasks than an answer could carry. */
export type Queued = RoundQueued;

export const batch = defineCommand<z.output<typeof schema>, Queued>({
  name: "batch",
  group: "Tasks",
  summary: "Queue the tasks of a file, or of standard input with `-`",
  arguments: [{ name: "file", kind: "file", required: true, many: false }],
  options: draftOptions.filter(({ flags }) => !flags.startsWith("--key")),
  examples: ["batch tasks.txt", "batch -p low tasks.jsonl"],
  notes: [
    "One task a line; or JSON Lines, when the file begins with `{`, with the fields text, priority, type, model,",
    "agent, worker, as, cwd, key, hold, retryLost and cap. Every line is checked first: one bad line and nothing is queued.",
    "From the shell (`ctm batch FILE`) it runs until its tasks have ended, and exits 1 when one has not completed;",
    "at the prompt it only queues them.",
  ],
  needs: "ledger",
  face: "batch",
  schema,
  prepare: readDrafts,
  run: (app, { drafts }) => app.rounds.batch(drafts.map(draftOf)),
  render: (queued) => [summaryOf(queued)],
});

async function readDrafts(raw: RawInput, caller: Caller): Promise<RawInput> {
  if ("drafts" in raw) return raw;
  const defaults = draftOptions
    .map(keyOf)
    .flatMap((key) => (raw[key] === undefined ? [] : [[key, raw[key]] as const]));
  const text = await caller.readText(typeof raw["file"] === "string" ? raw["file"] : "");
  return { drafts: parseBatch(text, Object.fromEntries(defaults), caller) };
}

function summaryOf({ round, queued, known }: Queued): string {
  const old = known.length === 0 ? "" : ` ${count(known.length)} had been queued before by their keys.`;
  const first = queued[0];
  if (first === undefined) return `Nothing new was queued.${old}`;
  const range = queued.length === 1 ? `#${first}` : `#${first} to #${queued.at(-1)}`;
  return `${count(queued.length)} ${queued.length === 1 ? "task" : "tasks"} queued (${range}) as ${round}.${old}`;
}
