/**
 * A dispatch log as Markdown, read: a heading names the phase, and each row of a table below that has the columns Round
 * and Agent Tokens is a round. Columns are known by their headings, in any order; tables of other kinds are passed over.
 */
import { CtmError } from "../base/errors.ts";
import { labelMaxChars } from "../base/limits.ts";
import { plainWords } from "../base/plain-text.ts";
import type { ToldFigures, ToldRound } from "./told-figures.ts";
import { readDuration, readTests, readTokens } from "./told-words.ts";

/** Most rounds of one log. */
export const toldRoundsMax = 10_000;
const faultsShownMax = 20;
const lineCharsMax = 4_000;
/** Heading of the rounds that were given no phase. */
export const NO_PHASE = "No phase";

/** Headings as they are told apart: small letters, without what stands in brackets. */
const COLUMNS = {
  round: "name",
  date: "day",
  workspace: "workspace",
  agents: "agents",
  "agent tokens": "agentTokens",
  "coordinator tokens": "coordinatorTokens",
  "overhead %": "overhead",
  wall: "wall",
  "wall-clock": "wall",
  tests: "tests",
  notes: "notes",
} as const;
type Field = (typeof COLUMNS)[keyof typeof COLUMNS];
type Row = Partial<Record<Field, string>>;

/** All rounds of a log's text, in its order. CtmError `usage` with every fault and its line, or where it tells of none. */
export function readToldLog(text: string): ToldRound[] {
  const rounds: ToldRound[] = [];
  const faults: string[] = [];
  let phase: string | null = null;
  let fields: readonly (Field | null)[] | null = null;
  for (const [at, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (line.length > lineCharsMax) {
      faults.push(`line ${at + 1}: it is longer than ${lineCharsMax} characters`);
      continue;
    }
    if (/^#{1,6}\s/.test(line)) phase = phaseOf(line);
    const cells = cellsOf(line);
    if (cells === null) {
      fields = null;
    } else if (fields === null) {
      fields = fieldsOf(cells);
    } else if (isRoundTable(fields) && !cells.every((cell) => /^:?-+:?$/.test(cell))) {
      try {
        rounds.push(roundOf(rowOf(fields, cells), phase));
      } catch (error) {
        if (!(error instanceof CtmError)) throw error;
        faults.push(`line ${at + 1}: ${error.message}`);
      }
    }
    if (rounds.length > toldRoundsMax)
      throw new CtmError("usage", `a log holds at most ${toldRoundsMax} rounds`);
  }
  if (faults.length > 0) throw faulty(faults);
  if (rounds.length === 0)
    throw new CtmError("usage", "no round was found: a table with the columns Round and Agent Tokens");
  refuseTwice(rounds);
  return rounds;
}

function phaseOf(heading: string): string | null {
  const title = labelOf(plainOf(heading.replace(/^#+/, "")));
  return title === NO_PHASE ? null : title;
}

/** Cells of a row of a table; null: it is none. */
function cellsOf(line: string): string[] | null {
  const row = line.trim();
  if (!row.startsWith("|")) return null;
  const inner = row.slice(1).replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => plainOf(cell));
}

/** Without the marks of emphasis, and with the characters that were written otherwise to stand in a cell. */
function plainOf(cell: string): string {
  return cell
    .trim()
    .replace(/^\*\*(.*)\*\*$/, "$1")
    .replaceAll("\\|", "|")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&");
}

function fieldsOf(cells: readonly string[]): (Field | null)[] {
  return cells.map((cell) => {
    const key = cell
      .replace(/\([^()]*\)/g, "")
      .trim()
      .toLowerCase();
    return key in COLUMNS ? COLUMNS[key as keyof typeof COLUMNS] : null;
  });
}

function isRoundTable(fields: readonly (Field | null)[]): boolean {
  return fields.includes("name") && fields.includes("agentTokens");
}

function rowOf(fields: readonly (Field | null)[], cells: readonly string[]): Row {
  return Object.fromEntries(
    fields.flatMap((field, at) => (field === null ? [] : [[field, cells[at] ?? ""]])),
  );
}

function roundOf(row: Row, phase: string | null): ToldRound {
  const name = labelOf(row.name ?? "");
  if (name === null) throw new CtmError("usage", "the round has no name");
  const day = row.day ?? "";
  if (!isDay(day)) throw new CtmError("usage", `the date of ${name} is to look like 2026-02-13`);
  return {
    name,
    day,
    workspace: labelOf(row.workspace ?? ""),
    phase,
    notes: labelOf(row.notes ?? ""),
    figures: figuresOf(row, name),
    overheadWords: labelOf(row.overhead ?? ""),
  };
}

function figuresOf(row: Row, name: string): ToldFigures {
  const noCoordinator = /\(no llm coordinator\)/i.test(row.coordinatorTokens ?? "");
  const read = <T>(field: Field, reader: (words: string) => T | null): T | null => {
    const words = (row[field] ?? "").replace(/\(no llm coordinator\)/i, "").trim();
    const value = reader(words);
    if (value !== null || /^(?:|-|n\/a)$/i.test(words)) return value;
    throw new CtmError("usage", `"${words.slice(0, 40)}" of ${name} is no figure`);
  };
  return {
    agents: read("agents", (words) => (/^\d{1,6}$/.test(words) ? Number(words) : null)),
    agentTokens: read("agentTokens", readTokens),
    coordinatorTokens: read("coordinatorTokens", readTokens),
    noCoordinator,
    wallMs: read("wall", readDuration),
    tests: read("tests", readTests),
  };
}

/** One line of plain words, short enough; null = there is none. */
function labelOf(words: string): string | null {
  const plain = plainWords(words)
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029\s]+/gu, " ")
    .trim();
  return plain === "" || plain === "-" ? null : [...plain].slice(0, labelMaxChars).join("").trim();
}

function isDay(day: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return false;
  const moment = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day);
}

function refuseTwice(rounds: readonly ToldRound[]): void {
  const seen = new Set<string>();
  for (const { name } of rounds) {
    if (seen.has(name)) throw new CtmError("usage", `the log tells of ${name} twice`);
    seen.add(name);
  }
}

function faulty(faults: readonly string[]): CtmError {
  const more = faults.length - faultsShownMax;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return new CtmError("usage", "nothing was imported: the log is not right", [
    ...faults.slice(0, faultsShownMax),
    ...rest,
  ]);
}
