/** `findings apply`: what a finding suggests, done where that is safe. */
import * as z from "zod";
import { renderApplied, type FindingApplied } from "../reports/findings.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const schema = z.strictObject({ id: words.count("a finding's number", 1, 1_000_000_000), yes: words.flag });

export const findingsApply = defineCommand<z.output<typeof schema>, FindingApplied>({
  name: "findings apply",
  group: "Hierarchy",
  summary: "Do what a finding suggests, where that is safe",
  arguments: [{ name: "id", kind: "word", required: true, many: false }],
  options: [{ flags: "--yes", summary: "Do it; without it is only shown what would be done" }],
  notes: [
    "T1 the next cheaper, T2 and T3 the next better model for that agent, until `routes drop AGENT`; T6 its agent compacts",
    "the conversation when its turn has ended. Of T4 and T5 nothing is applied. The finding is acknowledged with it.",
  ],
  examples: ["findings apply 3", "findings apply 3 --yes"],
  needs: "ledger",
  schema,
  run: (app, { id, yes }) => app.hierarchy.applyFinding(id, yes),
  render: (applied, paper) => renderApplied(applied, paper),
});
