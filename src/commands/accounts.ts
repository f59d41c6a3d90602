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
  run: (app) => app.limits.accounts(),
  render: (rows, paper) => renderAccounts(rows, paper),
});

const share = z.unknown().transform((value, context): number | null => {
  const word =
    typeof value === "number" || typeof value === "string" ? String(value).trim().toLowerCase() : "";
  if (word === "standard" || value === null) return null;
  if (/^\d{1,2}\s?%?$/.test(word)) return Number.parseInt(word, 10);
  context.addIssue({
    code: "custom",
    message: `${words.quote(value)} is no share: 0% to 99%, or standard for what the configuration says`,
  });
  return z.NEVER;
});
const reserved = z.strictObject({ name: words.label, share });

export const accountsReserve = defineCommand<z.output<typeof reserved>, AccountRow>({
  name: "accounts reserve",
  group: "Limits",
  summary: "Keep a share of an account's provider windows for yourself",
  arguments: [
    { name: "name", kind: "word", required: true, many: false },
    { name: "share", kind: "word", required: true, many: false },
  ],
  examples: ["accounts reserve claude 20%", "accounts reserve claude standard"],
  notes: ["Tasks are held back as if the windows (five hours, a week) were smaller by this share."],
  needs: "ledger",
  schema: reserved,
  run: (app, { name, share: percent }) => app.limits.reserveOfAccount(name, percent),
  render: (row, paper) => renderAccounts([row], paper),
});

export const accountsFree = defineCommand<z.output<typeof named>, AccountRow>({
  name: "accounts free",
  group: "Limits",
  summary: "Say that an account is free again, whatever its provider said",
  arguments: [{ name: "name", kind: "word", required: true, many: false }],
  examples: ["accounts free claude"],
  needs: "manager",
  schema: named,
  run: (app, { name }) => app.limits.freeAccount(name),
  render: (row, paper) => renderAccounts([row], paper),
});
