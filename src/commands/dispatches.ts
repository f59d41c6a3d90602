/** `dispatches` and `dispatches import`: the dispatch log as a table, as a document, and taken over from one. */
import * as z from "zod";
import type { RoundsImported } from "../round-desk.ts";
import { CtmError } from "../base/errors.ts";
import { oneLine } from "../reports/cells.ts";
import { wrapWords } from "../reports/lines.ts";
import type { Paper } from "../reports/paper.ts";
import { overheadOf, type RoundFigures } from "../reports/round-figures.ts";
import { roundDocument } from "../reports/round-document.ts";
import { shareWords } from "../reports/round-words.ts";
import { renderRounds, roundsCsv, type RoundsModel } from "../reports/rounds-table.ts";
import { toldRoundsMax, readToldLog } from "../rounds/told-log.ts";
import type { ToldRound } from "../rounds/told-figures.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

/** Rounds a table shows; the document and --all hold all. */
const shownMax = 50;
const logMaxBytes = 2 * 1024 * 1024;

const listed = z.strictObject({
  all: words.flag,
  md: words.flag,
  csv: words.flag,
  project: words.orNull(words.label),
});
type Shown = RoundsModel & { readonly form: "table" | "md" | "csv"; readonly project: string | null };

export const dispatches = defineCommand<z.output<typeof listed>, Shown>({
  name: "dispatches",
  group: "Dispatch",
  summary: "Show the dispatch log: rounds, their overhead, sums by phase",
  options: [
    { flags: "--all", summary: `All rounds, not only the newest ${shownMax}` },
    { flags: "--md", summary: "As the document of the log, in Markdown" },
    { flags: "--csv", summary: "As comma-separated values" },
    { flags: "--project <name>", summary: "Name of the project at the head of the document" },
  ],
  notes: [
    "Overhead is coordinator tokens / (coordinator + agent tokens); of a phase, over all its tokens together. A",
    "coordinator is a session you name (`adopt --role coordinator`, `workers role`, `coordinate`), or one on MCP.",
  ],
  examples: ["dispatches", 'dispatches --md --project "Phase 1 Foundation"'],
  needs: "ledger",
  schema: listed,
  run: (app, { all, md, csv, project }) => ({
    ...app.rounds.list(all || md || csv ? toldRoundsMax : shownMax),
    form: csv ? "csv" : md ? "md" : "table",
    project,
  }),
  render: (model, paper) => {
    if (model.form === "csv") return roundsCsv(model.rounds);
    return model.form === "md" ? roundDocument(model.rounds, model) : renderRounds(model, paper);
  },
});

const imported = z.strictObject({ text: z.string().max(logMaxBytes) });
type Imported = RoundsImported & { readonly told: readonly ToldRound[] };

export const dispatchesImport = defineCommand<z.output<typeof imported>, Imported>({
  name: "dispatches import",
  group: "Dispatch",
  summary: "Take over the rounds of a written log (Markdown)",
  arguments: [{ name: "file", kind: "file", required: true, many: false }],
  notes: [
    "Reads tables with the columns Round, Date and Agent Tokens below headings that name the phase. `~120k` stays an",
    "estimate. A round that is there already is left as it is; one bad line and nothing is imported.",
  ],
  examples: ["dispatches import dispatch-log.md"],
  needs: "ledger",
  schema: imported,
  prepare: async (raw, caller) => {
    if ("text" in raw) return raw;
    const text = await caller.readText(typeof raw["file"] === "string" ? raw["file"] : "");
    if (Buffer.byteLength(text) > logMaxBytes)
      throw new CtmError("usage", `a log has ${logMaxBytes} bytes at most`);
    return { text };
  },
  run: (app, { text }) => {
    const told = readToldLog(text);
    return { ...app.rounds.import(told), told };
  },
  render: (result, paper) => importedLines(result, paper),
});

/** What was taken over, and where the log's own share is another than its figures give. */
function importedLines({ imported: rounds, known, told }: Imported, paper: Paper): string[] {
  const taken = rounds.length === 1 ? "1 round" : `${rounds.length} rounds`;
  const there = known.length === 0 ? "" : ` There already: ${known.map(oneLine).join(", ")}.`;
  const differ = rounds.flatMap((round) => {
    const said = told.find(({ name }) => name === round.name)?.overheadWords ?? null;
    return said === null || agrees(said, round)
      ? []
      : [`${oneLine(round.name)} says ${oneLine(said)}, its figures give ${shareWords(overheadOf(round))}.`];
  });
  return [
    ...wrapWords("", `Imported ${taken}.${there}`, paper),
    ...differ.flatMap((words) => wrapWords("  ", words, paper)),
  ];
}

/** Is it the same share, rounded as the log rounds it? */
function agrees(said: string, round: RoundFigures): boolean {
  const [, whole = "", rest = ""] = /^~?\s*(\d{1,3})(?:\.(\d{1,4}))?\s*%$/.exec(said.trim()) ?? [];
  const share = overheadOf(round);
  if (whole === "" || share === null) return share === null;
  return (
    ((share.part / share.whole) * 100).toFixed(rest.length) === `${whole}${rest === "" ? "" : `.${rest}`}`
  );
}
