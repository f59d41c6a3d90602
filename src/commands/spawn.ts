/** `spawn`: more workers. */
import * as z from "zod";
import { AGENT_KINDS } from "../agents/adapter.ts";
import { workersMax } from "../base/limits.ts";
import { renderWorkers, type WorkerRow } from "../reports/workers-table.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const schema = z.strictObject({
  agent: words.orNull(words.agentName),
  n: words
    .count("--n", 1, workersMax)
    .optional()
    .transform((value) => value ?? 1),
  model: words.orNull(words.label),
  cwd: words.orNull(words.folder),
  account: words.orNull(words.label),
});

export const spawn = defineCommand<z.output<typeof schema>, WorkerRow[]>({
  name: "spawn",
  group: "Workers",
  summary: "Start more workers",
  options: [
    { flags: "--agent <agent>", summary: "Which agent (default: the fleet's)", choices: AGENT_KINDS },
    { flags: "--n <count>", summary: "How many (default 1)" },
    { flags: "--model <model>", summary: "Which model they start with" },
    {
      flags: "--account <name>",
      summary: "Account its agent runs with (accounts.named in the configuration)",
    },
    { flags: "--cwd <folder>", summary: "Folder they start in", kind: "file" },
  ],
  examples: ["spawn", "spawn --agent codex --n 2"],
  needs: "manager",
  schema,
  prepare: (raw, caller) =>
    raw["cwd"] === undefined ? raw : { ...raw, cwd: words.folderOf(raw["cwd"], caller.cwd) },
  run: (app, { n, ...request }) => app.fleet.spawn({ ...request, count: n }),
  render: (rows, paper) => renderWorkers(rows, paper),
});
