/** Assembles what `show N` shows. */
import type { AttemptRow } from "../ledger/attempt-rows.ts";
import type { CompletenessFlag } from "../metering/usage.ts";
import { UNKNOWN, type Figure } from "../reports/figure.ts";
import type { AttemptDetails, TaskDetails } from "../reports/task-details.ts";
import { isFinal } from "../tasks/task.ts";
import type { OverviewSources } from "./sources.ts";

export function taskDetails(id: number, waitsFor: string | null, sources: OverviewSources): TaskDetails {
  const { ledger } = sources;
  const task = ledger.task(id);
  // An attempt leaves the worker's hands once: its moves out of them stand in the order of the attempts.
  const ends = ledger
    .moves(id)
    .filter(({ from, to }) => from !== "queued" && !isFinal(from) && (to === "queued" || isFinal(to)));
  const attempts = ledger.attempts
    .ofTask(id)
    .map((row, at) => attemptDetails(row, ends[at]?.cause ?? null, sources));
  return { task, attempts, waitsFor };
}

function attemptDetails(
  row: AttemptRow,
  reason: string | null,
  { ledger, traits }: OverviewSources,
): AttemptDetails {
  const spent = ledger.spend.ofAttempt(row.id);
  // What nobody can tell is booked as unknown when an attempt ends: one that booked nothing by then spent nothing.
  const nothing = spent.rows === 0 && (row.ended_at_ms !== null || !traits(row.agent).spends);
  const known = spent.source === "actual" || spent.source === "simulated" || nothing;
  const source = spent.source === "simulated" ? "simulated" : "actual";
  const figure = (value: number | null): Figure => (known && value !== null ? { value, source } : UNKNOWN);
  return {
    number: row.n,
    worker: row.worker,
    agent: row.agent,
    model: row.model,
    reservedAtMs: row.reserved_at_ms,
    typedAtMs: row.typed_at_ms,
    endedAtMs: row.ended_at_ms,
    outcome: row.outcome === null ? null : reason === null ? row.outcome : `${row.outcome}: ${reason}`,
    answer: row.answer,
    tokens: figure(spent.tokens),
    cost: figure(spent.rows === 0 ? 0 : spent.cost),
    usage: known && spent.rows > 0 ? ledger.spend.usageOfAttempt(row.id) : null,
    flags: spent.flags as CompletenessFlag[],
    pricedBy: known && spent.cost !== null ? spent.priceTables : [],
  };
}
