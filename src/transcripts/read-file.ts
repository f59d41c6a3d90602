/** Reads one record file, whole or on from where an earlier reading ended. A file that cannot be read holds nothing. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { mergeRecords } from "../metering/merge-records.ts";
import { parseGeminiRecord } from "../metering/gemini-record.ts";
import { opencodeFileRecord } from "../metering/opencode-record.ts";
import { packRecords } from "../metering/packed-records.ts";
import type { StatedTotals } from "../metering/record-format.ts";
import type { UsageRecord } from "../metering/usage.ts";
import { checkOf } from "./file-check.ts";
import type { FoundFile } from "./find-files.ts";
import { LINE_FORMATS } from "./formats.ts";
import { readOpencodeDatabase } from "./opencode-database.ts";
import { LineScanner } from "./scan-lines.ts";

/** Largest document that is read at once: those of one message or one session are far smaller. */
const documentMaxBytes = 64 * 1024 * 1024;

export type Projects = readonly (readonly [session: string, folder: string])[];

/** What one file says; all but its records is plain data, which `JSON.stringify` takes. */
export interface FileReading {
  /** How far it was read; the rest is no whole line yet. */
  readonly offset: number;
  /** Marks what was read, so that another file in its place is noticed. */
  readonly check: string;
  /** What the format needs to go on from here. */
  readonly state: unknown;
  /** Sessions and the folder each worked in, where the file tells it. */
  readonly projects: Projects;
  /** What the agent itself says of whole sessions. */
  readonly stated: StatedTotals;
  /** Lines passed over for their length, and files that could not be read. */
  readonly unread: number;
  /** As `packRecords` packs them. */
  readonly records: Uint8Array<ArrayBuffer>;
}

/** Where an earlier reading ended. */
export type ReadSoFar = Pick<FileReading, "offset" | "check" | "state">;

export interface FreshReading {
  readonly reading: FileReading;
  /** The records go on from the earlier reading, and are to be added to its own. */
  readonly continues: boolean;
}

const NOTHING: Omit<FileReading, "records"> = {
  offset: 0,
  check: "",
  state: null,
  projects: [],
  stated: {},
  unread: 1,
};

/** Reads files one after another, with the same memory. */
export class FileReader {
  readonly #scanners = new Map<string, LineScanner>();

  /** `soFar` null: from the beginning. Never throws for what a file holds or for one that vanished. */
  read(file: FoundFile, soFar: ReadSoFar | null): FreshReading {
    try {
      if (file.kind === "lines") return this.#readLines(file, soFar);
      if (file.kind === "document") return whole(documentRecords(file), []);
      const { records, projects } = readOpencodeDatabase(file.path);
      return whole(records, projects);
    } catch {
      return unreadable();
    }
  }

  #readLines({ agent, path, project }: FoundFile, soFar: ReadSoFar | null): FreshReading {
    if (agent === "opencode") return unreadable();
    const format = LINE_FORMATS[agent];
    const scanner = this.#scanners.get(agent) ?? new LineScanner(format);
    this.#scanners.set(agent, scanner);
    const file = openSync(path, "r");
    try {
      const continues = soFar !== null && soFar.offset > 0 && checkOf(file, soFar.offset) === soFar.check;
      const reading = format.open(continues ? soFar.state : null);
      const sightings: UsageRecord[] = [];
      const end = scanner.scan(file, continues ? soFar.offset : 0, (line) => {
        for (const record of reading.read(line)) sightings.push(record);
      });
      return {
        continues,
        reading: {
          offset: end.offset,
          check: checkOf(file, end.offset),
          state: reading.state(),
          projects: projectsOf(sightings, reading.cwd() ?? project),
          stated: reading.stated?.() ?? {},
          unread: end.longLines,
          records: packRecords(mergeRecords([sightings])),
        },
      };
    } finally {
      closeSync(file);
    }
  }
}

function unreadable(): FreshReading {
  return { continues: false, reading: { ...NOTHING, records: packRecords([]) } };
}

function whole(records: readonly UsageRecord[], projects: Projects): FreshReading {
  return {
    continues: false,
    reading: { ...NOTHING, unread: 0, projects, records: packRecords(mergeRecords([records])) },
  };
}

/** All sessions of one file worked in the same folder. */
function projectsOf(records: readonly UsageRecord[], project: string | null): Projects {
  if (project === null) return [];
  const sessions = new Set<string>();
  let last: string | null = null;
  for (const { sessionId } of records) {
    const session = sessionId ?? "";
    if (session !== last) sessions.add(session);
    last = session;
  }
  return Array.from(sessions, (session) => [session, project]);
}

function documentRecords({ agent, path, bytes }: FoundFile): readonly UsageRecord[] {
  if (bytes > documentMaxBytes) throw new Error("too large for a document");
  const text = readFileSync(path, "utf8");
  if (agent === "gemini") return parseGeminiRecord(text);
  const record = opencodeFileRecord(text);
  return record === null ? [] : [record];
}
