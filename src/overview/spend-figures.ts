/** Kept sums read as figures: actual, estimated and unknown are never mixed, and unknown is never 0. */
import type { AttemptRow } from "../ledger/attempt-rows.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { AttemptSpend, SpendTotalRow } from "../ledger/spend-rows.ts";
import type { Usage } from "../metering/usage.ts";
import { UNKNOWN, type Figure } from "../reports/figure.ts";
import type { OverviewSources } from "./sources.ts";

/** Tokens and money of some rows, split by how they are known. */
export interface SpendFigures {
  readonly tokens: Figure;
  readonly cost: Figure;
}

/**
 * Sums rows of the kept totals. What nobody knows was booked at the held amount for the limits; here it makes the
 * sum an estimate, or unknown when there is nothing else.
 */
export function spendOf(
  rows: readonly Pick<SpendTotalRow, "tokens" | "nano" | "source" | "unpriced">[],
): SpendFigures {
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
  const nano = rows.reduce((sum, row) => sum + row.nano, 0);
  const guessed = rows.some((row) => row.source === "estimated" || row.source === "unknown");
  const simulated = rows.length > 0 && rows.every((row) => row.source === "simulated");
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0);
  const source = guessed ? "estimated" : simulated ? "simulated" : "actual";
  return {
    tokens: { value: tokens, source },
    cost:
      tokens > 0 && unpriced === tokens
        ? UNKNOWN
        : { value: nano, source: unpriced > 0 ? "estimated" : source },
  };
}

/** What one attempt has booked so far. Nothing booked is unknown while it runs, and nothing once it has ended. */
export function attemptFigures(
  spent: AttemptSpend,
  { ended, spends }: { readonly ended: boolean; readonly spends: boolean },
): SpendFigures {
  // What nobody can tell is booked as unknown when an attempt ends: one that booked nothing by then spent nothing.
  const nothing = spent.rows === 0 && (ended || !spends);
  const known = spent.source === "actual" || spent.source === "simulated" || nothing;
  const source = spent.source === "simulated" ? "simulated" : "actual";
  const figure = (value: number | null): Figure => (known && value !== null ? { value, source } : UNKNOWN);
  return { tokens: figure(spent.tokens), cost: figure(spent.rows === 0 ? 0 : spent.cost) };
}

/** What an attempt is known to have used; null = nobody knows, or it used nothing. */
export function bookedUsage(
  row: AttemptRow,
  { ledger, traits }: Pick<OverviewSources, "ledger" | "traits">,
): Usage | null {
  const spent = ledger.spend.ofAttempt(row.id);
  const { spends } = traits(row.agent);
  const { tokens } = attemptFigures(spent, { ended: row.ended_at_ms !== null, spends });
  return tokens.value !== null && spent.rows > 0 ? ledger.spend.usageOfAttempt(row.id) : null;
}

/** Rows of one worker, or all of them. */
export function totalsOf(ledger: Ledger, worker: string | null): readonly SpendTotalRow[] {
  const rows = ledger.spend.spendTotals();
  return worker === null ? rows : rows.filter((row) => row.worker === worker);
}

/** Ended tasks of one worker (or all), by outcome. */
export function endedTasks(
  ledger: Ledger,
  worker: string | null,
): { completed: number; failed: number; lost: number; cancelled: number; unknown: number } {
  const counts = { completed: 0, failed: 0, lost: 0, cancelled: 0, unknown: 0 };
  for (const row of ledger.spend.outcomeTotals()) {
    if (worker !== null && row.worker !== worker) continue;
    if (
      row.outcome === "completed" ||
      row.outcome === "failed" ||
      row.outcome === "lost" ||
      row.outcome === "cancelled"
    ) {
      counts[row.outcome] += row.n;
    }
    if (row.source === "unknown") counts.unknown += row.n;
  }
  return counts;
}
