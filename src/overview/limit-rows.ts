/** The limits as they stand, for the views. */
import type { LimitRow } from "../reports/limits-table.ts";
import type { OverviewSources } from "./sources.ts";

/** Every limit on every scope in use, global ones first; those of each worker under its own name. */
export function limitRows(sources: OverviewSources): LimitRow[] {
  const { ledger, throttle } = sources;
  const guessed = new Set(
    ledger.spend
      .spendTotals()
      .filter((row) => row.source === "unknown" || row.source === "estimated")
      .map((row) => row.worker),
  );
  const raises = new Map(sources.raises().map((raise) => [raise.limitId, raise]));
  const names = sources.workers().map((worker) => worker.name);
  return throttle.standings(sources.now(), names).map((standing) => {
    const { scope } = standing;
    const isGuessed = scope.kind === "worker" ? guessed.has(scope.name) : guessed.size > 0;
    const raise =
      raises.get(standing.limitId) ??
      raises.get(standing.limitId.replace(/^(worker|model|agent) \S+/, "$1 *"));
    return {
      ...standing,
      usedSource: isGuessed && standing.used > 0 ? "estimated" : "actual",
      raised:
        raise === undefined
          ? null
          : { standardAmount: raise.standardAmount, untilMs: raise.untilMs, reason: raise.reason },
    };
  });
}
