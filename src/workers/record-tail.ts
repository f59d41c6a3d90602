/**
 * What a running attempt's agent has recorded since the attempt began, read on from where it was read to: a long record
 * costs no more than what was added to it. A file that was cut off or replaced is read from its beginning; what it says
 * again counts once.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { AgentRecord } from "../agents/adapter.ts";
import { MergedRecords } from "../metering/merge-records.ts";
import type { SeenWindow } from "../metering/provider-limits.ts";
import type { RecordFormat, RecordReading } from "../metering/record-format.ts";
import type { UsageRecord } from "../metering/usage.ts";
import { checkOf } from "../transcripts/file-check.ts";
import { LineScanner } from "../transcripts/scan-lines.ts";
import { recordFiles, type RecordMarks } from "./record-reader.ts";

/** The newest word on a provider's windows is what counts: no more than so much is searched for it at once. */
const windowsMaxBytes = 1024 * 1024;

interface FileTail {
  readonly inode: number;
  /** Size and time of the last change when it was read. */
  readonly bytes: number;
  readonly changedMs: number;
  /** Where the last whole line ended. */
  readonly offset: number;
  readonly check: string;
  readonly reading: RecordReading;
}

export class RecordTail {
  readonly #marks: RecordMarks;
  readonly #files = new Map<string, FileTail>();
  readonly #records = new MergedRecords();
  /** By name, the newest word on each that was not taken yet. */
  readonly #windows = new Map<string, SeenWindow>();
  #scanner: LineScanner | null = null;

  constructor(marks: RecordMarks) {
    this.#marks = marks;
  }

  /** Everything so far, one record a response. null: no file is there. */
  read(record: AgentRecord, format: RecordFormat): readonly UsageRecord[] | null {
    const paths = recordFiles(record);
    this.#scanner ??= new LineScanner(format);
    for (const path of paths) this.#readOn(path, this.#scanner, record, format);
    return paths.length === 0 ? null : this.#records.all();
  }

  /** What was said of the provider's windows since this was asked last. */
  takeWindows(): readonly SeenWindow[] {
    const windows = [...this.#windows.values()];
    this.#windows.clear();
    return windows;
  }

  #readOn(path: string, scanner: LineScanner, record: AgentRecord, format: RecordFormat): void {
    const file = opened(path);
    if (file === null) return;
    try {
      const { size: bytes, mtimeMs: changedMs, ino: inode } = fstatSync(file);
      const before = this.#files.get(path);
      if (before?.bytes === bytes && before.changedMs === changedMs && before.inode === inode) return;
      const goesOn = before?.inode === inode && checkOf(file, before.offset) === before.check;
      const mark = before === undefined ? (this.#marks.get(path) ?? 0) : 0;
      const from = goesOn ? before.offset : mark <= bytes ? mark : 0;
      const reading = goesOn ? before.reading : format.open(null);
      const { offset } = scanner.scan(file, from, (line) => this.#records.add(reading.read(line)));
      for (const window of record.windows?.(textOf(file, from, bytes)) ?? [])
        this.#windows.set(window.window, window);
      this.#files.set(path, { inode, bytes, changedMs, offset, check: checkOf(file, offset), reading });
    } finally {
      closeSync(file);
    }
  }
}

/** null: it vanished between the listing and the reading. */
function opened(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

/** The end of what stands between two places. */
function textOf(file: number, from: number, to: number): string {
  const start = Math.max(from, to - windowsMaxBytes);
  const buffer = Buffer.allocUnsafe(Math.max(0, to - start));
  return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, start));
}
