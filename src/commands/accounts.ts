/** `accounts`: the credentials agents run with, and what waits for them. */
import * as z from "zod";
import { renderAccounts, type AccountRow } from "../reports/accounts-table.ts";
import { defineCommand } from "./command.ts";
import * as words from "./words.ts";

const nothing = z.strictObject({});
const named = z.strictObject({ name: words.label });

export const accounts = defineCommand<z.output<typeof nothing>, AccountRow[]>({
  name: "accounts",
  group: "Limits",
  summary: "Show the accounts agents run with, and which are parked",
  notes: [
    "Where a provider lets nothing through, the account is parked and not the task: the attempt waits in its",
    "conversation and goes on when the account is free again; workers of other accounts are not held back.",
  ],
  examples: ["accounts"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.accounts(),
  render: (rows, paper) => renderAccounts(rows, paper),
});

export const accountsFree = defineCommand<z.output<typeof named>, AccountRow>({
  name: "accounts free",
  group: "Limits",
  summary: "Say that a parked account is free again",
  arguments: [{ name: "name", kind: "word", required: true, many: false }],
  examples: ["accounts free claude"],
  needs: "manager",
  schema: named,
  run: (app, { name }) => app.freeAccount(name),
  render: (row, paper) => renderAccounts([row], paper),
});
