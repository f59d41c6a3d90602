/** The limits as they stand, for the views. */
import { CtmError } from "../base/errors.ts";
import type { LimitRow } from "../reports/limits-table.ts";
import { eachName, parseLimitId } from "../throttle/limits.ts";
import type { LimitStanding } from "../throttle/standings.ts";
import type { OverviewSources } from "./sources.ts";

/**
 * A limit as it was just set: on its own scope, else (one for each worker, model or agent) on the first that it binds,
 * else by itself. CtmError `not-found` when there is none of this name.
 */
export function limitRow(sources: OverviewSources, id: string): LimitRow {
  const rows = limitRows(sources);
  const { scope, unit, window } = parseLimitId(id);
  const isEach = "name" in scope && scope.name === eachName;
  const row =
    rows.find(({ limitId }) => limitId === id) ??
    rows.find((one) => isEach && one.scope.kind === scope.kind && one.unit === unit && one.window === window);
  if (row !== undefined) return row;
  const standing = sources.throttle.standing(id, sources.now());
  if (standing === null) throw new CtmError("not-found", `there is no limit ${id}`);
  return rowsIn(sources)(standing);
}

/** Every limit on every scope in use, global ones first; those of each worker under its own name. */
export function limitRows(sources: OverviewSources): LimitRow[] {
  const names = sources.workers().map((worker) => worker.name);
  return sources.throttle.standings(sources.now(), names).map(rowsIn(sources));
}

function rowsIn(sources: OverviewSources): (standing: LimitStanding) => LimitRow {
  const guessed = new Set(
    sources.ledger.spend
      .spendTotals()
      .filter((row) => row.source === "unknown" || row.source === "estimated")
      .map((row) => row.worker),
  );
  const raises = new Map(sources.raises().map((raise) => [raise.limitId, raise]));
  return (standing) => {
    const { scope } = standing;
    const isGuessed = scope.kind === "worker" ? guessed.has(scope.name) : guessed.size > 0;
    const raise =
      raises.get(standing.limitId) ?? raises.get(standing.limitId.replace(/^(\w+) \S+(?= )/, "$1 *"));
    return {
      ...standing,
      usedSource: isGuessed && standing.used > 0 ? "estimated" : "actual",
      raised:
        raise === undefined
          ? null
          : { standardAmount: raise.standardAmount, untilMs: raise.untilMs, reason: raise.reason },
    };
  };
}
