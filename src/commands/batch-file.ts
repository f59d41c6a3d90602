/**
 * A file of tasks: one a line, or JSON Lines with all fields (when the first line that is not blank begins with
 * `{`). Strict: every fault is told with its line, and one bad line means that nothing is queued.
 */
import { CtmError } from "../base/errors.ts";
import { messageMaxBytes, queuedTasksMax } from "../base/limits.ts";
import { nearest } from "../base/suggest.ts";
import { draftInput, type DraftInput } from "./add.ts";
import type { Caller, RawInput } from "./command.ts";
import { folderOf, quote } from "./words.ts";

/** Largest file of tasks. */
export const batchFileMaxBytes = 64 * 1024 * 1024;
const faultsShownMax = 50;
const FIELDS = [
  "text",
  "priority",
  "type",
  "model",
  "agent",
  "worker",
  "cwd",
  "key",
  "hold",
  "as",
  "retryLost",
  "cap",
];

/** All tasks of a file's text. `defaults` are laid under every line. Throws CtmError `usage` with all faults. */
export function parseBatch(text: string, defaults: RawInput, caller: Caller): DraftInput[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const asJson =
    lines
      .find((line) => line.trim() !== "")
      ?.trimStart()
      .startsWith("{") ?? false;
  const drafts: DraftInput[] = [];
  const faults: string[] = [];
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "") continue;
    try {
      drafts.push(draftOfLine(line, asJson, defaults, caller));
    } catch (error) {
      if (!(error instanceof CtmError)) throw error;
      faults.push(`line ${at + 1}: ${[error.message, ...error.details].join("; ")}`);
    }
    if (drafts.length > queuedTasksMax)
      throw new CtmError("usage", `a batch holds at most ${queuedTasksMax} tasks`);
  }
  if (faults.length > 0) throw faulty(faults);
  if (drafts.length === 0) throw new CtmError("usage", "the batch holds no task");
  return drafts;
}

/** Checks one task of a batch, wherever it came from. Throws CtmError `usage`. */
export function checkDraft(raw: RawInput, defaults: RawInput, caller: Caller): DraftInput {
  const cwd = folderOf(raw["cwd"] ?? defaults["cwd"], caller.cwd);
  const checked = draftInput.safeParse({ ...defaults, ...raw, cwd, origin: caller.origin });
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map(({ message }) => message);
  throw new CtmError("usage", faults[0] ?? "the task is not valid", faults.slice(1, 10));
}

function draftOfLine(line: string, asJson: boolean, defaults: RawInput, caller: Caller): DraftInput {
  if (Buffer.byteLength(line) > messageMaxBytes) {
    throw new CtmError("usage", `the line is longer than ${messageMaxBytes} bytes`);
  }
  return checkDraft(asJson ? objectOf(line) : { text: withoutBlanks(line) }, defaults, caller);
}

/** Blanks and tabs around a line are how a file is laid out; anything else belongs to the text. */
function withoutBlanks(line: string): string {
  let [start, end] = [0, line.length];
  while (start < end && isBlank(line.charAt(start))) start++;
  while (end > start && isBlank(line.charAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t";
}

function objectOf(line: string): RawInput {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new CtmError("usage", "not valid JSON (a file that begins with `{` holds one JSON object a line)");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CtmError("usage", "not a JSON object");
  }
  const raw = { ...value } as RawInput;
  const unknown = Object.keys(raw).filter((key) => !FIELDS.includes(key));
  if (unknown.length > 0) throw new CtmError("usage", unknown.slice(0, 5).map(unknownField).join("; "));
  return raw;
}

function unknownField(key: string): string {
  const near = nearest(key, FIELDS);
  return `no field is named ${quote(key)}${near === null ? "" : `; did you mean ${near}?`}`;
}

function faulty(faults: readonly string[]): CtmError {
  const shown = faults.slice(0, faultsShownMax);
  const more = faults.length - shown.length;
  const rest = more > 0 ? [`and ${more} more`] : [];
  const many = faults.length === 1 ? "1 line is" : `${faults.length} lines are`;
  return new CtmError("usage", `nothing was queued: ${many} not right`, [...shown, ...rest]);
}
