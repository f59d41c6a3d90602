/** `add`: one task into the queue. */
import * as z from "zod";
import type { App, Submission } from "../app.ts";
import type { TaskDraft } from "../tasks/task.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { defineCommand, type OptionSpec } from "./command.ts";
import { submissionLines } from "./render.ts";
import * as words from "./words.ts";

/** A task as every face hands it in; also one line of a batch file. */
export const draftInput = z.strictObject({
  text: words.text,
  priority: words.orNull(words.priority),
  type: words.orNull(words.taskType),
  model: words.orNull(words.label),
  agent: words.orNull(words.agentName),
  worker: words.orNull(words.workerName),
  as: words.orNull(words.label),
  cwd: words.folder,
  key: words.orNull(words.label),
  hold: words.orNull(words.label),
  retryLost: words.flag,
  cap: words.orNull(words.cap),
  origin: words.label,
});
export type DraftInput = z.output<typeof draftInput>;

/** False: what is like a task of before is refused. */
export const duplicates = z
  .boolean()
  .optional()
  .transform((taken) => taken ?? true);
export const duplicatesOption: OptionSpec = {
  flags: "--no-duplicates",
  summary: "Refuse what asks for the same as a task that waits, works or ended within a day",
};
const schema = z.strictObject({ ...draftInput.shape, duplicates });
type AddInput = z.output<typeof schema>;

export const draftOptions: readonly OptionSpec[] = [
  {
    flags: "-p, --priority <level>",
    summary: "low, normal (default), high or critical; `!high` works too",
    choices: PRIORITIES,
  },
  { flags: "--type <type>", summary: "Force the task type: ui, coding, documentation or analysis" },
  { flags: "--model <model>", summary: "Force the model, as its agent's CLI names it" },
  {
    flags: "--agent <agent>",
    summary: "Force the agent: claude, codex, gemini, opencode, shell, rehearsal or your own",
  },
  { flags: "--worker <worker>", summary: "Only this worker may take it", kind: "worker" },
  { flags: "--as <id>", summary: "Agent of the roster that shall do it (see `roster`)" },
  { flags: "--cwd <folder>", summary: "Folder the task is about (default: the current one)", kind: "file" },
  { flags: "--key <key>", summary: "Idempotency key: the same key is the same task, for ever" },
  { flags: "--hold <reason>", summary: "Queue it, but wait for `release`" },
  {
    flags: "--cap <amount>",
    summary: "Stop it at so many tokens (50k) or dollars ($1.50), and ask; none = no cap",
  },
  { flags: "--retry-lost", summary: "Try again by itself when lost, although it may have been typed" },
];

export const add = defineCommand<AddInput, Submission>({
  name: "add",
  group: "Tasks",
  summary: "Queue a task",
  arguments: [{ name: "text", kind: "text", required: false, many: true }],
  options: [...draftOptions, duplicatesOption],
  examples: [
    "add Create a user authentication system",
    "add -p high Fix responsive styling on mobile",
    "add !critical Put the login page back",
    "add --as react-expert Split the settings page",
    "add --agent shell -- -la is not a flag here",
  ],
  notes: [
    "Everything after the flags is the task, byte for byte; put `--` before a text that begins with a dash.",
    "At the prompt, `add` alone asks for the text, and a pasted text of several lines becomes one task.",
    "A task that asks for the same, word for word or nearly, is pointed out; it is queued all the same.",
  ],
  needs: "ledger",
  schema,
  shorthand: (word) => {
    const level = PRIORITIES.find((priority) => word === `!${priority}`);
    return level === undefined ? null : ["-p", level];
  },
  prepare: (raw, caller) => ({ ...raw, cwd: words.folderOf(raw["cwd"], caller.cwd), origin: caller.origin }),
  run: (app, input) => submitOne(app, input),
  render: (submission, paper) => submissionLines(submission, paper),
});

/** What the queue takes, from a checked input. */
export function draftOf(input: DraftInput): TaskDraft {
  const { hold, priority, ...rest } = input;
  return { ...rest, priority: priority ?? "normal", holdReason: hold };
}

function submitOne(app: App, { duplicates: taken, ...input }: AddInput): Submission {
  return app.submit(draftOf(input), !taken);
}
