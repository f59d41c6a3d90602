/** `roster` and what makes one: the hierarchy of agents as the project's file has it. */
import { join, resolve } from "node:path";
import * as z from "zod";
import { INIT_ROSTER } from "../init-roster.ts";
import { createPrivateFile } from "../ledger/state-folder.ts";
import { oneLine } from "../reports/cells.ts";
import { count } from "../reports/numbers.ts";
import { renderRoster, type RosterModel } from "../reports/roster.ts";
import { ROSTER_FILE } from "../roster-file.ts";
import { importRoster, type Imported } from "../roster-import.ts";
import { rosterSchema } from "../roster-schema.ts";
import { defineCommand } from "./command.ts";
import { filePath, orNull } from "./words.ts";

const nothing = z.strictObject({});

export const roster = defineCommand<z.output<typeof nothing>, RosterModel>({
  name: "roster",
  group: "Hierarchy",
  summary: "Show the agents of the hierarchy, by department or one",
  notes: [
    "Read from ctm.roster.yaml when the manager starts: in the folder workers start in, or one above it. Without one",
    "all is one flat group.",
  ],
  examples: ["roster"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.hierarchy.roster(),
  render: (model, paper) => renderRoster(model, paper),
});

export const rosterInit = defineCommand<z.output<typeof nothing>, { file: string }>({
  name: "roster init",
  group: "Hierarchy",
  summary: "Write a commented ctm.roster.yaml into this folder",
  notes: [
    "5 strategic agents, 10 coordinators and 32 specialists in ten departments. A file that is there stays.",
  ],
  examples: ["roster init"],
  needs: "nothing",
  schema: nothing,
  runAlone: (_input, { cwd }) => ({ file: written(join(cwd, ROSTER_FILE)) }),
  render: ({ file }) => [`Written: ${file}`],
});

const imported = z.strictObject({ dir: orNull(filePath) });

export const rosterImport = defineCommand<z.output<typeof imported>, Imported>({
  name: "roster import",
  group: "Hierarchy",
  summary: "Take Claude Code's agents into the roster of this folder",
  arguments: [{ name: "dir", kind: "file", required: false, many: false }],
  notes: [
    "Reads the front matter and prompt of .claude/agents/*.md (or of another folder): name, model, and from the",
    "description the type of tasks. The prompt becomes the preamble. What the roster names already stays as it is.",
  ],
  examples: ["roster import", "roster import ../other/.claude/agents"],
  needs: "nothing",
  schema: imported,
  prepare: (raw, { cwd }) => {
    const { dir } = raw;
    return { ...raw, dir: resolve(cwd, typeof dir === "string" ? dir : ".claude/agents") };
  },
  runAlone: async ({ dir }, { cwd, config }) => {
    const { agents } = await config();
    return importRoster(dir ?? join(cwd, ".claude/agents"), cwd, Object.keys(agents));
  },
  render: ({ file, added, known, passedOver }) => [
    added.length === 0 ? "Nothing was added." : `Added to ${file}: ${added.join(", ")}`,
    ...(known.length === 0 ? [] : [`There already: ${known.join(", ")}`]),
    ...(passedOver.length === 0 ? [] : [`Passed over: ${count(passedOver.length)}`]),
    ...passedOver.map((one) => `  ${oneLine(one.file)}: ${one.reason}`),
  ],
});

export const rosterJsonSchema = defineCommand<z.output<typeof nothing>, object>({
  name: "roster schema",
  group: "Hierarchy",
  summary: "Print the JSON Schema of ctm.roster.yaml, for editors",
  notes: ["Save it and name it in the first line: # yaml-language-server: $schema=ctm.roster.schema.json"],
  examples: ["roster schema"],
  needs: "nothing",
  schema: nothing,
  runAlone: async (_input, caller) => {
    const { agents } = await caller.config();
    return z.toJSONSchema(rosterSchema(Object.keys(agents)), { io: "input", unrepresentable: "any" });
  },
  render: (schema) => JSON.stringify(schema, null, 2).split("\n"),
});

function written(file: string): string {
  createPrivateFile(file, INIT_ROSTER);
  return file;
}
