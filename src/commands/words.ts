/**
 * The words a person may use for things: ids, workers, levels, types. Each is a schema that also takes its own
 * output, says in one sentence what is wrong, and names the nearest right word.
 */
import { isAbsolute, resolve } from "node:path";
import { statSync } from "node:fs";
import * as z from "zod";
import { AGENT_KINDS } from "../agents/adapter.ts";
import { CtmError } from "../base/errors.ts";
import { labelMaxChars, taskTextMaxBytes } from "../base/limits.ts";
import { redacted } from "../base/redact.ts";
import { nearest } from "../base/suggest.ts";
import { parseCap, type TaskCap } from "../tasks/cap.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { taskText } from "../tasks/task-text.ts";
import { STATE_NAMES, TASK_TYPES } from "../tasks/task.ts";

const shownMaxChars = 40;

/** `7`, `"7"` and `"#7"` are task 7. */
export const taskId = z.unknown().transform((value, context): number => {
  const digits = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  const id = /^#?\d{1,15}$/.test(digits) ? Number(digits.replace("#", "")) : 0;
  if (id > 0) return id;
  return fault(context, `${quote(value)} is no task number (they look like 7 or #7)`);
});

export const taskIds = z
  .array(taskId)
  .min(1, "name at least one task")
  .max(10_000, "at most 10,000 tasks at once");

/** `w1`, `worker1` and `concurrent_worker1` are the same worker; another name is one of an adopted session. */
export const workerName = z.unknown().transform((value, context): string => {
  const name = typeof value === "string" ? value.trim() : "";
  const number = /^(?:w|worker|concurrent_worker)(\d{1,3})$/i.exec(name)?.[1];
  if (number !== undefined) return `concurrent_worker${Number(number)}`;
  if (/^[\w.@%+-][\w .@%+-]{0,99}$/.test(name)) return name;
  return fault(context, `${quote(value)} is no worker's name (they look like w1 or concurrent_worker1)`);
});

/** Digits are a task, anything else a worker. */
export const taskOrWorker = z.unknown().transform((value, context): number | string => {
  const isTask = typeof value === "number" || (typeof value === "string" && /^\s*#?\d/.test(value));
  const checked = (isTask ? taskId : workerName).safeParse(value);
  return checked.success ? checked.data : fault(context, checked.error.issues[0]?.message ?? "is missing");
});

export const workerNames = z
  .array(workerName)
  .min(1, "name at least one worker")
  .max(100, "at most 100 workers");

export const priority = choice("priority", PRIORITIES);
export const taskType = choice("task type", TASK_TYPES);
export const stateName = choice("task state", STATE_NAMES);

/** Which agents there are, the configuration says: a name is looked up where that is known. */
export const agentName = z.unknown().transform((value, context): string => {
  const name = typeof value === "string" ? value.trim() : "";
  if (/^[a-z][a-z0-9_-]{0,39}$/.test(name)) return name;
  return fault(
    context,
    `${quote(value)} is no agent's name (${AGENT_KINDS.join(", ")}, or one of the configuration)`,
  );
});

/** The text of a task, as the queue takes it. */
export const text = z.preprocess(
  joined,
  z.unknown().transform((value, context): string => {
    try {
      return taskText(typeof value === "string" ? value : "");
    } catch (error) {
      if (!(error instanceof CtmError)) throw error;
      return fault(context, error.message);
    }
  }),
);

/** What a person says to a worker, bounded like a task. */
export const spokenText = z.preprocess(
  joined,
  z.unknown().transform((value, context): string => {
    if (typeof value !== "string" || value.trim() === "") return fault(context, "there is nothing to type");
    const bytes = Buffer.byteLength(value);
    if (bytes <= taskTextMaxBytes) return value;
    return fault(context, `the text has ${bytes} bytes; ${taskTextMaxBytes} at most`);
  }),
);

/** A short text of one line: a reason, key, model or name. */
export const label = z.unknown().transform((value, context): string => {
  if (typeof value !== "string" || value.trim() === "") return fault(context, "is missing");
  if ([...value].length > labelMaxChars) {
    return fault(context, `${quote(value)} is longer than ${labelMaxChars} characters`);
  }
  // One line of plain characters: it stands in tables and in file names.
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value))
    return fault(context, `${quote(value)} holds control characters or halves of characters`);
  return value;
});

/** What one task may use: `50k` tokens, `$1.50`, or `none`. */
export const cap = z.unknown().transform((value, context): TaskCap => {
  const checked = capShape.safeParse(value);
  if (checked.success) return checked.data;
  try {
    return parseCap(typeof value === "string" || typeof value === "number" ? String(value) : "");
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    return fault(context, error.message);
  }
});

const amount = z.int().positive().nullable();
const capShape = z.strictObject({ tokens: amount, nanoUsd: amount });

/** A day: 2026-11-23 or 20261123; comes out as 2026-11-23. */
export function localDate(what: string) {
  return z.unknown().transform((value, context): string => {
    const parts = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(typeof value === "string" ? value.trim() : "");
    const date = parts === null ? "" : `${parts[1]}-${parts[2]}-${parts[3]}`;
    const moment = new Date(`${date}T00:00:00Z`);
    // The 31st of a month with 30 days would quietly become the next month's first.
    if (!Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(date)) return date;
    return fault(context, `${what} is a day like 2026-11-23, not ${quote(value)}`);
  });
}

/** IANA name of a time zone. */
export const timeZone = z.unknown().transform((value, context): string => {
  try {
    if (typeof value === "string")
      return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    // Said below.
  }
  return fault(context, `${quote(value)} is no time zone (they look like Europe/Berlin or UTC)`);
});

/** A folder, absolute: the caller's side has resolved it. */
export const folder = z.unknown().transform((value, context): string => {
  if (typeof value === "string" && isAbsolute(value) && value.length <= 4096 && !/[\0\p{Cs}]/u.test(value))
    return value;
  return fault(context, `${quote(value)} is no absolute path of a folder`);
});

/** A file, absolute: the caller's side has resolved it. */
export const filePath = z.unknown().transform((value, context): string => {
  if (typeof value === "string" && isAbsolute(value) && value.length <= 4096 && !value.includes("\0"))
    return value;
  return fault(context, `${quote(value)} is no path of a file`);
});

export const flag = z
  .boolean()
  .optional()
  .transform((value) => value ?? false);

/** A whole number in a range, from a number or its digits. */
export function count(what: string, min: number, max: number) {
  return z.unknown().transform((value, context): number => {
    const digits = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
    const number = /^\d{1,12}$/.test(digits) ? Number(digits) : -1;
    if (number >= min && number <= max) return number;
    return fault(context, `${what} is a whole number from ${min} to ${max}, not ${quote(value)}`);
  });
}

/** Missing, null or the thing itself; missing comes out as null. */
export function orNull<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

/** Several words are joined by one space: how a shell hands over an unquoted text. */
export function joined(value: unknown): unknown {
  return Array.isArray(value) && value.every((word) => typeof word === "string") ? value.join(" ") : value;
}

/** The caller's folder, or the one named beside it; it must exist. Throws CtmError `usage`. */
export function folderOf(named: unknown, cwd: string): string {
  const path = typeof named === "string" ? resolve(cwd, named) : cwd;
  if (isFolder(path)) return path;
  throw new CtmError("usage", `${quote(named ?? cwd)} is not a folder that exists`);
}

/** False too for what is no path at all, such as one with a NUL. */
function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}

/** A person's word in quotes, harmless and short enough for an error message. */
export function quote(value: unknown): string {
  const said = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  const whole = redacted(said.slice(0, 50 * shownMaxChars));
  const characters = [...whole.slice(0, 4 * shownMaxChars)];
  const shown = characters.length > shownMaxChars ? `${characters.slice(0, shownMaxChars).join("")}…` : whole;
  return `"${shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "·")}"`;
}

/** `"hihg" is no priority, did you mean high? (low, normal, …)` */
export function unknownWord(what: string, word: unknown, known: readonly string[]): string {
  return `${quote(word)} is no ${what}${suggestion(word, known)} (${known.join(", ")})`;
}

/** `, did you mean high?`, or nothing when no known word is near. */
export function suggestion(word: unknown, known: readonly string[]): string {
  const near = typeof word === "string" ? nearest(word, known) : null;
  return near === null ? "" : `, did you mean ${near}?`;
}

export function choice<const Words extends readonly string[]>(what: string, words: Words) {
  return z.unknown().transform((value, context): Words[number] => {
    const wanted = typeof value === "string" ? value.trim().toLowerCase() : null;
    const found = words.find((word) => word === wanted);
    if (found !== undefined) return found;
    return fault(context, unknownWord(what, value, words));
  });
}

function fault(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}
