/**
 * Reads what an agent recorded of its own usage. Files are read from where a task began (a mark), so that a long
 * conversation costs no more than its last turn; the ledger's keys make a second reading harmless.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync, type Dirent } from "node:fs";
import { join } from "node:path";
import type { AgentRecord, StartedAgents, TurnFailure } from "../agents/adapter.ts";
import type { UsageRecord } from "../metering/usage.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { mergeRecords } from "../metering/merge-records.ts";

const READ = faultPoint("record.read");

/** Most bytes of one file that are read at once; a turn that wrote more is read from its end. */
const readMaxBytes = 256 * 1024 * 1024;
const filesMax = 2_000;
/** The record is written after the end signal: how long to wait for the last line, and how often to look. */
const settleWithinMs = 2_000;
const settleStepMs = 25;

/** Size of each record file when a task began. */
export type RecordMarks = ReadonlyMap<string, number>;

export interface RecordReading {
  readonly records: readonly UsageRecord[];
  /** False: the answer that ended the turn was not in the record in time; what is there is booked. */
  readonly complete: boolean;
}

/** Is there anything of this session on the disk? */
export function isBegun({ paths: [own = ""] }: AgentRecord): boolean {
  return (statSync(own, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Where each file of the record ends now. Files that do not exist yet have no mark and are read whole. */
export function markRecord(record: AgentRecord | null): RecordMarks {
  const marks = new Map<string, number>();
  for (const path of record === null ? [] : recordFiles(record)) {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size !== undefined) marks.set(path, size);
  }
  return marks;
}

/** What was recorded since the marks. Null: there is no record to read. */
export function readRecord(record: AgentRecord | null, marks: RecordMarks): readonly UsageRecord[] | null {
  if (record === null) return null;
  const files = recordFiles(record);
  if (files.length === 0) return null;
  return mergeRecords(files.map((path) => record.parse(readFrom(path, marks.get(path) ?? 0))));
}

/**
 * What was recorded since the marks, once the line with the turn's answer has been written, or after two seconds.
 * `answer` null: any ended turn will do.
 */
export async function readEndedTurn(
  record: AgentRecord | null,
  marks: RecordMarks,
  answer: string | null,
): Promise<RecordReading | null> {
  if (record === null) return null;
  let looked = "";
  for (let waitedMs = 0; waitedMs < settleWithinMs; waitedMs += settleStepMs) {
    const now = shapeOf(record);
    if (now !== looked && holdsAnswer(record, marks, answer))
      return { records: readRecord(record, marks) ?? [], complete: true };
    looked = now;
    await new Promise((resolve) => setTimeout(resolve, settleStepMs));
  }
  const records = readRecord(record, marks);
  return records === null ? null : { records, complete: false };
}

/**
 * What was recorded since the marks, with what the agent states beside it: only of a session that began after them, for
 * nothing tells to which of several attempts the rest of a session belongs.
 */
export function withBeyond(
  record: AgentRecord | null,
  marks: RecordMarks,
  records: readonly UsageRecord[],
): readonly UsageRecord[] {
  const [path] = record?.paths ?? [];
  if (record?.withBeyond === undefined || path === undefined || marks.has(path)) return records;
  return record.withBeyond(readFrom(path, 0), records) ?? records;
}

/** Sizes and times of a record's files: while they stay, what is in them does. */
function shapeOf(record: AgentRecord): string {
  return recordFiles(record)
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return `${path} ${stat?.size} ${stat?.mtimeMs}`;
    })
    .join("\n");
}

/** Was a turn ended in the record since the marks? */
export function recordHasEnd(record: AgentRecord | null, marks: RecordMarks): boolean {
  return record !== null && holdsAnswer(record, marks, null);
}

/** How the last turn since the marks failed, where the record says more than a signal did; waits for it a moment. */
export async function recordedFailure(
  record: AgentRecord | null,
  marks: RecordMarks,
): Promise<TurnFailure | null> {
  if (record === null) return null;
  for (let waitedMs = 0; waitedMs < settleWithinMs; waitedMs += settleStepMs) {
    const texts = recordFiles(record).map((path) => readFrom(path, marks.get(path) ?? 0));
    const failure = texts.map((text) => record.turnFailure(text)).find((found) => found !== null);
    if (failure !== undefined) return failure;
    await new Promise((resolve) => setTimeout(resolve, settleStepMs));
  }
  return null;
}

/** Has the turn left something behind that its agent takes up by itself? Asked once its answer stands in the record. */
export function recordGoesOn(record: AgentRecord | null, marks: RecordMarks, answer: string): boolean {
  if (record?.goesOnByItself === undefined) return false;
  return recordFiles(record).some((path) =>
    record.goesOnByItself?.(readFrom(path, marks.get(path) ?? 0), answer),
  );
}

/** Was the conversation compacted behind this place in its own file? False too where its record never tells. */
export function compactedSince(record: AgentRecord | null, bytes: number): boolean {
  const [path] = record?.paths ?? [];
  return path !== undefined && record?.compacted?.(readFrom(path, bytes)) === true;
}

function holdsAnswer(record: AgentRecord, marks: RecordMarks, answer: string | null): boolean {
  return recordFiles(record).some((path) => record.holdsAnswer(readFrom(path, marks.get(path) ?? 0), answer));
}

/** The files of a record; links are not followed. */
export function recordFiles({ paths, startedAgents }: AgentRecord): string[] {
  const named = filesAt(paths);
  return startedAgents === undefined ? named : [...new Set([...named, ...filesOfStarted(startedAgents)])];
}

/** Files as named, and every *.jsonl below a named folder. */
function filesAt(paths: readonly string[]): string[] {
  const found: string[] = [];
  const visit = (path: string, named: boolean): void => {
    if (found.length >= filesMax) return;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory() || entry.isFile()) visit(join(path, entry.name), false);
      }
    } else if (stat.isFile() && (named || path.endsWith(".jsonl"))) {
      found.push(path);
    }
  };
  for (const path of paths) visit(path, true);
  return found;
}

/** Most bytes of a first line that are read, and most files of which is kept whose they are: that never changes. */
const firstLineMaxBytes = 256 * 1024;
const knownMax = 20_000;
const startedBy = new Map<string, string | null>();

function filesOfStarted(agents: StartedAgents): string[] {
  const { root, from, sessionId } = agents;
  const found: string[] = [];
  const visit = (below: string): void => {
    for (const entry of entriesOf(join(root, below))) {
      if (found.length >= filesMax) return;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      const isLateEnough = path >= from.slice(0, path.length);
      if (entry.isDirectory() && isLateEnough) visit(path);
      else if (entry.isFile() && path.endsWith(".jsonl") && starterOf(join(root, path), agents) === sessionId)
        found.push(join(root, path));
    }
  };
  visit("");
  return found.sort();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // It is gone, or was never there.
  }
}

function starterOf(path: string, agents: StartedAgents): string | null {
  const known = startedBy.get(path);
  if (known !== undefined) return known;
  const text = readFrom(path, 0, firstLineMaxBytes);
  const end = text.indexOf("\n");
  // Half written: looked at again.
  if (end < 0 && text.length < firstLineMaxBytes / 4) return null;
  if (startedBy.size >= knownMax) startedBy.clear();
  const starter = agents.starterOf(text.slice(0, Math.max(end, 0)));
  startedBy.set(path, starter);
  return starter;
}

/** Text of a file from an offset; from the start when the file became shorter (it was replaced). */
function readFrom(path: string, offset: number, maxBytes = Number.POSITIVE_INFINITY): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return ""; // It vanished between the listing and the reading: nothing to read is the truth.
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(offset <= size ? offset : 0, size - readMaxBytes);
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(size - from, maxBytes)));
    const bytes = READ.pass(() => readSync(descriptor, buffer, 0, buffer.length, from));
    return buffer.toString("utf8", 0, bytes);
  } finally {
    closeSync(descriptor);
  }
}
