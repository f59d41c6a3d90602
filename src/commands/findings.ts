/** `findings` and `findings ack`: what the figures of the hierarchy say to do. */
import * as z from "zod";
import type { KeptFinding } from "../optimization/rules.ts";
import { renderFindings } from "../reports/findings.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const listed = z.strictObject({ all: words.flag });
const acknowledged = z.strictObject({ id: words.count("a finding's number", 1, 1_000_000_000) });

export const findings = defineCommand<z.output<typeof listed>, readonly KeptFinding[]>({
  name: "findings",
  group: "Hierarchy",
  summary: "Show what the figures of agents and departments say to do",
  options: [{ flags: "--all", summary: "Also those that are over" }],
  notes: [
    "T1 an agent costs more than 120 % of the others of its department, T2 fewer than 85 % of its tasks succeed, T3 more",
    "than 15 % are handed up, T4 and T5 more than 110 % of a budget is spent, T6 a task gives out more than its tier may",
    "carry forward. Rates need 20 tasks, costs 5. Nothing is done by itself. `routes` says the same of types of tasks.",
  ],
  examples: ["findings", "findings --all"],
  needs: "ledger",
  schema: listed,
  run: (app, { all }) => app.hierarchy.findings(all),
  render: (found, paper) => renderFindings(found, paper),
});

export const findingsAck = defineCommand<z.output<typeof acknowledged>, KeptFinding>({
  name: "findings ack",
  group: "Hierarchy",
  summary: "Say that a finding was seen: it is no longer shown as open",
  arguments: [{ name: "id", kind: "word", required: true, many: false }],
  examples: ["findings ack 3"],
  needs: "ledger",
  schema: acknowledged,
  run: (app, { id }) => app.hierarchy.acknowledgeFinding(id),
  render: (finding, paper) => renderFindings([finding], paper),
});
