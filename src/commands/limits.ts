/** `limits`, `limits set` and `limits raise`: the amounts that bind, and how they are changed. */
import * as z from "zod";
import { renderLimits, type LimitRow } from "../reports/limits-table.ts";
import { defineCommand } from "./command.ts";
import { parseUntil } from "./until.ts";
import { label } from "./words.ts";

/** `worker w1 tokens/hour` means the worker's whole name: a limit on a name that nobody has would bind nothing. */
const limitName = label.transform((id) =>
  id.replace(
    /^\s*worker\s+(?:worker|w)(\d{1,3})(?=\s)/i,
    (_, number) => `worker concurrent_worker${Number(number)}`,
  ),
);

const nothing = z.strictObject({});
const newAmount = z.strictObject({ id: limitName, amount: label });
const raised = z.strictObject({ id: limitName, amount: label, until: label, reason: label });

const NAMING =
  "A name of several words goes in quotes; `limits` lists the names. Without a worker's name: each of them.";

export const limits = defineCommand<z.output<typeof nothing>, LimitRow[]>({
  name: "limits",
  group: "Limits",
  summary: "Show all limits and their names",
  examples: ["limits"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.limits.rows(),
  render: (rows, paper) => renderLimits(rows, paper),
});

export const limitsSet = defineCommand<z.output<typeof newAmount>, LimitRow>({
  name: "limits set",
  group: "Limits",
  summary: "Set a limit for good; `none` lifts it",
  arguments: [
    { name: "id", kind: "limit", required: true, many: false },
    { name: "amount", kind: "word", required: true, many: false },
  ],
  notes: [NAMING],
  examples: [
    "limits set cost/hour 7.50",
    "limits set cost/month none",
    'limits set "worker w1 tokens/hour" 50K',
    'limits set "model opus cost/day" 10',
  ],
  needs: "ledger",
  schema: newAmount,
  run: (app, { id, amount }) => app.limits.set(id, /^(none|null)$/i.test(amount) ? null : amount),
  render: (row, paper) => renderLimits([row], paper),
});

export const limitsRaise = defineCommand<z.output<typeof raised>, LimitRow>({
  name: "limits raise",
  group: "Limits",
  summary: "Raise a limit until a time, with a reason that is booked",
  arguments: [
    { name: "id", kind: "limit", required: true, many: false },
    { name: "amount", kind: "word", required: true, many: false },
  ],
  options: [
    { flags: "--until <time>", summary: "18:00, 2026-02-13 18:00 or +2h (required)" },
    { flags: "--reason <text>", summary: "Why (required)" },
  ],
  notes: [NAMING],
  examples: ['limits raise cost/hour 10 --until 18:00 --reason "release day"'],
  needs: "ledger",
  schema: raised,
  run: (app, { id, amount, until, reason }) => {
    const untilMs = parseUntil(until, app.config.throttle.timeZone, Date.now());
    return app.limits.raise(id, amount, untilMs, reason);
  },
  render: (row, paper) => renderLimits([row], paper),
});
