/**
 * OpenCode's database, opened to be read only: its messages, while the program itself may be writing. SQLite may put
 * its two empty files for readers beside it, as it does for OpenCode.
 */
import { createRequire } from "node:module";
import { faultPoint } from "../faults/fault-point.ts";
import { opencodeRecord, type OpencodeMessage } from "../metering/opencode-record.ts";
import type { UsageRecord } from "../metering/usage.ts";

const busyMs = 2_000;

const OPEN = faultPoint("opencode-database.open");

export interface OpencodeReading {
  readonly records: readonly UsageRecord[];
  /** Sessions and the folder each worked in. */
  readonly projects: readonly (readonly [session: string, folder: string])[];
}

/** One record a message that used something. Throws when it is no such database. */
export function readOpencodeDatabase(path: string): OpencodeReading {
  // Loaded where there is one: of the threads that read records most never meet any.
  const Database = createRequire(import.meta.url)("better-sqlite3") as typeof import("better-sqlite3");
  const db = OPEN.pass(() => new Database(path, { readonly: true, fileMustExist: true, timeout: busyMs }));
  try {
    const rows = db
      .prepare<[], OpencodeMessage & { readonly directory: string | null }>(
        `SELECT message.id AS id, message.session_id AS sessionId, message.data AS data,
           session.version AS cliVersion, session.directory AS directory
         FROM message LEFT JOIN session ON session.id = message.session_id
         WHERE message.data LIKE '%"tokens"%' ORDER BY message.id`,
      )
      .iterate();
    const records: UsageRecord[] = [];
    const projects = new Map<string, string>();
    for (const row of rows) {
      const record = typeof row.data === "string" ? opencodeRecord(row) : null;
      if (record === null) continue;
      records.push(record);
      if (row.sessionId !== null && row.directory !== null) projects.set(row.sessionId, row.directory);
    }
    return { records, projects: [...projects] };
  } finally {
    db.close();
  }
}
