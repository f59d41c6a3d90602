/** Assembles what `show N` shows. */
import type { AttemptRow } from "../ledger/attempt-rows.ts";
import { usageDifference } from "../metering/reconcile.ts";
import { limitTokens, type CompletenessFlag, type Usage } from "../metering/usage.ts";
import type { AttemptDetails, TaskDetails } from "../reports/task-details.ts";
import type { TelemetryDetails } from "../reports/telemetry.ts";
import { isFinal } from "../tasks/task.ts";
import type { OverviewSources } from "./sources.ts";
import { attemptFigures, bookedUsage } from "./spend-figures.ts";

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
  const last = ledger.attempts.ofTask(id).at(-1);
  const reported = last === undefined ? [] : ledger.reports.countedFor(last.id);
  return { task, attempts, waitsFor, escalations: ledger.escalations.ofTask(id), reported };
}

function attemptDetails(row: AttemptRow, reason: string | null, sources: OverviewSources): AttemptDetails {
  const { ledger, traits } = sources;
  const spent = ledger.spend.ofAttempt(row.id);
  const { spends } = traits(row.agent);
  const figures = attemptFigures(spent, { ended: row.ended_at_ms !== null, spends });
  const known = figures.tokens.value !== null;
  const usage = bookedUsage(row, sources);
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
    ...figures,
    usage,
    flags: spent.flags as CompletenessFlag[],
    pricedBy: known && spent.cost !== null ? spent.priceTables : [],
    telemetry: telemetryDetails(row, usage, sources),
  };
}

function telemetryDetails(
  row: AttemptRow,
  booked: Usage | null,
  { ledger, config }: OverviewSources,
): TelemetryDetails | null {
  const told = ledger.telemetry.ofAttempt(row);
  if (told === null) return null;
  const tokensOf = (usage: Usage): number => limitTokens(usage, config.throttle.countCacheReads);
  const tokens = tokensOf(told.usage);
  return {
    ...told,
    tokens,
    difference: booked && usageDifference(told.usage, booked),
    differenceTokens: booked && tokens - tokensOf(booked),
  };
}
