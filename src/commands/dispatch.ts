/** `dispatch start`, `add`, `show` and `end`: rounds of tasks that are given out together, under a name. */
import * as z from "zod";
import type { RoundQueued } from "../round-desk.ts";
import { alikeLines } from "../reports/alike.ts";
import type { RoundFigures } from "../reports/round-figures.ts";
import { count } from "../reports/numbers.ts";
import { oneLine } from "../reports/cells.ts";
import { renderRound } from "../reports/rounds-table.ts";
import { queuedTasksMax } from "../base/limits.ts";
import { draftInput, draftOf, draftOptions } from "./add.ts";
import { checkDraft, parseBatch } from "./batch-file.ts";
import { defineCommand, type Caller, type OptionSpec, type RawInput } from "./command.ts";
import { keyOf } from "./parse.ts";
import type { Paper } from "../reports/paper.ts";
import { fit } from "./render.ts";
import * as words from "./words.ts";

const name = words.label;
const drafts = z.array(draftInput).max(queuedTasksMax);

const started = z.strictObject({
  name,
  workspace: words.orNull(words.label),
  phase: words.orNull(words.label),
  notes: words.orNull(words.label),
  sinceMs: words.orNull(z.int().nonnegative()),
  drafts,
});
const further = z.strictObject({ name, drafts: drafts.min(1, "name at least one task, or a file of them") });
const one = z.strictObject({ name });
const ended = z.strictObject({ name, notes: words.orNull(words.label) });

/** A key is one task's; the rest is laid under each. */
const taskOptions: readonly OptionSpec[] = [
  {
    flags: "-f, --file <file>",
    summary: "Tasks of a file too, as `batch` reads it (`-`: standard input)",
    kind: "file",
  },
  ...draftOptions.filter(({ flags }) => !flags.startsWith("--key")),
];
const NAME = { name: "name", kind: "word", required: true, many: false } as const;
const TASKS = { name: "tasks", kind: "word", required: false, many: true } as const;

export const dispatchStart = defineCommand<z.output<typeof started>, RoundQueued>({
  name: "dispatch start",
  group: "Dispatch",
  summary: "Begin a dispatch round: named workspace, phase and tasks",
  arguments: [NAME, TASKS],
  options: [
    { flags: "--phase <phase>", summary: "Phase of the project it belongs to: rounds are summed by it" },
    { flags: "--workspace <name>", summary: "Its workspace (default: its name)" },
    { flags: "--notes <text>", summary: "What it is for, in the log" },
    ...taskOptions,
  ],
  notes: [
    "Each word is a task, so quote them; without tasks it is open for `dispatch add`. What a coordinator uses before the",
    "first task is typed counts as setup, after the last has ended as review, between as monitoring.",
  ],
  examples: [
    'dispatch start phase1-week1 --phase "Phase 1" "Write the schema" "Write the client"',
    "dispatch start phase1-week2 --file tasks.txt",
  ],
  needs: "ledger",
  schema: started,
  prepare: (raw, caller) => withDrafts(raw, caller),
  run: (app, { drafts: tasks, ...wish }) => app.rounds.start(wish, tasks.map(draftOf)),
  render: (result, paper) => queuedLines(result, "begun", paper),
});

export const dispatchAdd = defineCommand<z.output<typeof further>, RoundQueued>({
  name: "dispatch add",
  group: "Dispatch",
  summary: "Queue further tasks in an open round",
  arguments: [NAME, TASKS],
  options: taskOptions,
  examples: ['dispatch add phase1-week1 "Write the tests"'],
  needs: "ledger",
  schema: further,
  prepare: (raw, caller) => withDrafts(raw, caller),
  run: (app, input) => app.rounds.add(input.name, input.drafts.map(draftOf)),
  render: (result, paper) => queuedLines(result, "goes on", paper),
});

export const dispatchShow = defineCommand<z.output<typeof one>, RoundFigures>({
  name: "dispatch show",
  group: "Dispatch",
  summary: "Show one round: agents, tokens, overhead, wall-clock, tests",
  arguments: [NAME],
  notes: ["By its name, or the newest of a workspace."],
  examples: ["dispatch show phase1-week1"],
  needs: "ledger",
  schema: one,
  run: (app, input) => app.rounds.show(input.name),
  render: (round, paper) => renderRound(round, paper),
});

export const dispatchEnd = defineCommand<z.output<typeof ended>, RoundFigures>({
  name: "dispatch end",
  group: "Dispatch",
  summary: "Say that a round is over, its review included",
  arguments: [NAME],
  options: [{ flags: "--notes <text>", summary: "What became of it, in the log" }],
  notes: ["Its tasks go on. A batch ends by itself with its tasks."],
  examples: ['dispatch end phase1-week1 --notes "all merged"'],
  needs: "ledger",
  schema: ended,
  run: (app, input) => app.rounds.end(input.name, input.notes),
  render: (round, paper) => renderRound(round, paper),
});

/** The words and the file become tasks where the caller sits. */
async function withDrafts(raw: RawInput, caller: Caller): Promise<RawInput> {
  if ("drafts" in raw) return raw;
  const keys = new Set(draftOptions.map(keyOf));
  const defaults = Object.fromEntries(Object.entries(raw).filter(([key]) => keys.has(key)));
  const own = Object.entries(raw).filter(([key]) => !keys.has(key) && key !== "tasks" && key !== "file");
  const texts = Array.isArray(raw["tasks"]) ? raw["tasks"] : [];
  const typed = texts.map((text) => checkDraft({ text: String(text) }, defaults, caller));
  const { file } = raw;
  const read = typeof file === "string" ? parseBatch(await caller.readText(file), defaults, caller) : [];
  return { ...Object.fromEntries(own), drafts: [...typed, ...read] };
}

function queuedLines(queued: RoundQueued, what: string, paper: Paper): string[] {
  return [fit(queuedWords(queued, what), paper), ...alikeLines(queued.alike, paper)];
}

function queuedWords({ round, queued, known }: RoundQueued, what: string): string {
  const first = queued[0];
  const range = queued.length === 1 ? ` (#${first})` : ` (#${first} to #${queued.at(-1)})`;
  const tasks = queued.length === 1 ? "1 task" : `${count(queued.length)} tasks`;
  const old = known.length === 0 ? "" : `; ${count(known.length)} had been queued before by their keys`;
  const state = first === undefined ? "no new task" : `${tasks} queued${range}`;
  return `Round ${oneLine(round ?? "")} ${what}: ${state}${old}.`;
}
