/** What came in, what became of it, and what it cost, over a span of time. */
import { OUTCOMES, type Outcome } from "../activation/trigger.ts";
import { isWaiting } from "../activation/wake.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { wakeFigures } from "../ledger/wake-figures.ts";
import type { EventMetrics } from "../reports/events.ts";

/** Of the last so many milliseconds. */
export function eventMetrics(ledger: Ledger, agoMs: number, nowMs: number): EventMetrics {
  const sinceMs = nowMs - agoMs;
  const { journal } = ledger;
  const figures = wakeFigures(ledger.database, sinceMs, nowMs);
  const found = journal.events.outcomes();
  const outcomes = Object.fromEntries(OUTCOMES.map((one) => [one, found.get(one) ?? 0]));
  const waiting = journal.wakes.open().filter((wake) => isWaiting(wake));
  const oldest = waiting.reduce((least, { firstMs }) => Math.min(least, firstMs), Number.POSITIVE_INFINITY);
  const { byTrigger, byWorker, tokens, completedTasks, latenciesMs } = figures;
  return {
    ...{ sinceMs, byTrigger, byWorker, tokens },
    received: figures.received,
    duplicates: figures.duplicates,
    outcomes: outcomes as Record<Outcome, number>,
    wakes: figures.delivered,
    eventsOfWakes: figures.events,
    latencyMs: { p50: rank(latenciesMs, 0.5), p95: rank(latenciesMs, 0.95) },
    waiting: waiting.reduce((sum, { events }) => sum + events, 0),
    oldestHeldMs: waiting.length === 0 ? null : nowMs - oldest,
    tokensATask: completedTasks === 0 ? null : Math.round(tokens / completedTasks),
    peakHourTokens: Math.max(...figures.byHour),
    idleHours: figures.byHour.filter((used) => used === 0).length,
  };
}

/** Value at this share of a sorted list; null: it is empty. */
function rank(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
