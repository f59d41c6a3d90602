/** Which agents' records are read, and how each kind of file is. */
import { CLAUDE_RECORD } from "../metering/claude-record.ts";
import { CODEX_RECORD } from "../metering/codex-record.ts";
import { GEMINI_RECORD } from "../metering/gemini-record.ts";
import type { RecordFormat } from "../metering/record-format.ts";

export const RECORDED_AGENTS = ["claude", "codex", "gemini", "opencode"] as const;
export type RecordedAgent = (typeof RECORDED_AGENTS)[number];

/** Folders each agent keeps its records in; absolute, and not all of them need be there. */
export type RecordFolders = Readonly<Record<RecordedAgent, readonly string[]>>;

/** `lines`: grows line by line. `document`: one JSON text, written anew. `database`: OpenCode's. */
export type FileKind = "lines" | "document" | "database";

export const LINE_FORMATS: Readonly<Record<Exclude<RecordedAgent, "opencode">, RecordFormat>> = {
  claude: CLAUDE_RECORD,
  codex: CODEX_RECORD,
  gemini: GEMINI_RECORD,
};
