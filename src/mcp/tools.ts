/**
 * The tools an agent gets, each a command of the one table with the words an agent may use. A person's agent may add
 * and look; a worker's may submit children, send messages and report. None can approve, cancel or change a limit.
 */
import * as z from "zod";
import type { RawInput } from "../commands/command.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { STATE_NAMES, TASK_TYPES } from "../tasks/task.ts";
import { REPORT_KINDS } from "../hierarchy/reports.ts";

/** A tool and the command it is. */
export interface ToolSpec {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly schema: z.ZodObject;
  /** Does it only look? */
  readonly readOnly: boolean;
  /** The command and its input. */
  call(given: RawInput): { readonly command: string; readonly raw: RawInput };
}

const text = z.string().min(1);
const name = z.string().min(1).max(200);
const id = z.int().positive();
const nothing = z.strictObject({});

const traits = {
  type: z.enum(TASK_TYPES).optional().describe("Forces the type; left out, it is seen from the text"),
  cap: z.string().optional().describe("Stops it at so many tokens (50k) or dollars ($1.50)"),
  key: name.optional().describe("Idempotency key: the same key is the same task, so a call may be repeated"),
};

/** What an agent of the person's gets. */
export const PERSON_TOOLS: readonly ToolSpec[] = [
  {
    name: "add_task",
    title: "Queue a task",
    description:
      "Queues one task for the workers and returns it with its number. It is routed by its text to an agent and a model, and goes when limits and a free worker allow.",
    schema: z.strictObject({
      ...{ text: text.describe("What is to be done, complete in itself"), ...traits },
      priority: z.enum(PRIORITIES).optional(),
      model: name.optional(),
      agent: name.optional(),
      as: name.optional().describe("Agent of the roster that shall do it"),
      cwd: name.optional().describe("Folder the task is about"),
      hold: name.optional().describe("Queue it, but wait for a person's release; the reason"),
    }),
    readOnly: false,
    call: (given) => ({ command: "add", raw: given }),
  },
  {
    name: "start_round",
    title: "Begin a dispatch round",
    description:
      "Begins a named round with its tasks: they are summed up together, with your own tokens as its coordination.",
    schema: z.strictObject({
      ...{ name, phase: name.optional(), workspace: name.optional(), notes: name.optional() },
      tasks: z.array(text).max(1_000).describe("Texts of its tasks; more with add_to_round"),
    }),
    readOnly: false,
    call: (given) => ({ command: "dispatch start", raw: given }),
  },
  {
    name: "add_to_round",
    title: "Queue tasks in a round",
    description: "Queues further tasks in an open round.",
    schema: z.strictObject({ name, tasks: z.array(text).min(1).max(1_000) }),
    readOnly: false,
    call: (given) => ({ command: "dispatch add", raw: given }),
  },
  {
    name: "end_round",
    title: "End a round",
    description: "Says that a round is over, your review included, and returns its figures.",
    schema: z.strictObject({ name, notes: name.optional() }),
    readOnly: false,
    call: (given) => ({ command: "dispatch end", raw: given }),
  },
  {
    name: "show_round",
    title: "Figures of a round",
    description: "Agents, tokens, overhead, wall-clock and tests of a round.",
    schema: z.strictObject({ name }),
    readOnly: true,
    call: (given) => ({ command: "dispatch show", raw: given }),
  },
  look("status", "Status", "Queue, workers and limits at a glance.", nothing, "status"),
  look("metrics", "Metrics", "Tokens, cost and success, by worker, model and type.", nothing, "metrics"),
  look(
    "limits",
    "Limits",
    "All limits and how far each is used. They cannot be changed here.",
    nothing,
    "limits",
  ),
  look(
    "tasks",
    "Tasks",
    "Tasks, newest last, or those whose text holds some words.",
    z.strictObject({
      words: z.string().optional(),
      state: z.array(z.enum(STATE_NAMES as [string, ...string[]])).optional(),
      limit: z.int().min(1).max(200).optional(),
    }),
    "tasks",
  ),
  look(
    "task",
    "One task",
    "One task: state, attempts, usage, its agent's answer.",
    z.strictObject({ id }),
    "show",
  ),
  look(
    "why",
    "Why a task waits",
    "Why a task stands where it stands, and until when.",
    z.strictObject({ id }),
    "why",
    (given) => ({
      what: given["id"],
    }),
  ),
  look(
    "events",
    "Events",
    "What came in from outside, and what became of it.",
    z.strictObject({ type: name.optional(), limit: z.int().min(1).max(100).optional() }),
    "events list",
  ),
];

/** What an agent gets that works on a task of ours: about that task, and nothing else. */
export const WORKER_TOOLS: readonly ToolSpec[] = [
  {
    name: "submit_child_task",
    title: "Queue a child of your task",
    description:
      "Queues a task as a child of the one you work on. Depth, number and budget are bounded; it is never more urgent than your own.",
    schema: z.strictObject({ text, ...traits }),
    readOnly: false,
    call: (given) => ({ command: "subtask", raw: given }),
  },
  {
    name: "send_message",
    title: "Send a message",
    description: "To another worker or agent; it is read at the end of its turn.",
    schema: z.strictObject({ to: name, text }),
    readOnly: false,
    call: ({ to, text: said }) => ({ command: "message", raw: { to, text: said } }),
  },
  {
    name: "report",
    title: "Report on your task",
    description:
      "Of the task you work on: tests (amount and passed), quality (0 to 1), rejected, hallucinated, consulted, recovered.",
    schema: z.strictObject({
      what: z.enum(REPORT_KINDS),
      amount: z.number().nonnegative().optional(),
      passed: z.int().nonnegative().optional(),
    }),
    readOnly: false,
    call: (given) => ({ command: "report", raw: given }),
  },
];

function look(
  tool: string,
  title: string,
  description: string,
  schema: z.ZodObject,
  command: string,
  raw: (given: RawInput) => RawInput = (given) => given,
): ToolSpec {
  return {
    name: tool,
    title,
    description,
    schema,
    readOnly: true,
    call: (given) => ({ command, raw: raw(given) }),
  };
}
