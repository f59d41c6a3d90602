/**
 * The limits in force: those of the configuration with what a person changed laid over them, oldest change first.
 * A change with an end falls back to what stood before it.
 */
import { limitId, parseLimitId, defaultForm, type Limit } from "./limits.ts";

/** One booked change. Amount in tokens or nano-dollars, null = no limit. */
export interface LimitChange {
  readonly limitId: string;
  readonly amount: number | null;
  readonly untilMs: number | null;
  readonly reason: string | null;
}

/** A raise in force. */
export interface RaiseInForce {
  readonly limitId: string;
  /** What holds again afterwards. */
  readonly standardAmount: number | null;
  readonly untilMs: number;
  readonly reason: string;
}

export interface LimitsInForce {
  readonly limits: readonly Limit[];
  readonly raises: readonly RaiseInForce[];
  /** When the next raise ends; null = none is in force. */
  readonly nextEndMs: number | null;
}

/** Pure: what holds at `nowMs`. */
export function limitsInForce(
  configured: readonly Limit[],
  changes: readonly LimitChange[],
  nowMs: number,
): LimitsInForce {
  const limits = new Map(configured.map((limit) => [limitId(limit), limit]));
  for (const change of changes) {
    if (change.untilMs === null) limits.set(change.limitId, changed(limits.get(change.limitId), change));
  }
  const raises = new Map<string, RaiseInForce>();
  for (const change of changes) {
    if (change.untilMs === null || change.untilMs <= nowMs) continue;
    const standard = raises.get(change.limitId)?.standardAmount ?? limits.get(change.limitId)?.amount ?? null;
    raises.set(change.limitId, {
      limitId: change.limitId,
      standardAmount: standard,
      untilMs: change.untilMs,
      reason: change.reason ?? "",
    });
    limits.set(change.limitId, changed(limits.get(change.limitId), change));
  }
  const ends = [...raises.values()].map((raise) => raise.untilMs);
  return {
    limits: [...limits.values()],
    raises: [...raises.values()],
    nextEndMs: ends.length === 0 ? null : Math.min(...ends),
  };
}

function changed(limit: Limit | undefined, change: LimitChange): Limit {
  if (limit !== undefined) return { ...limit, amount: change.amount };
  const key = parseLimitId(change.limitId);
  return { ...key, form: defaultForm(key.window), amount: change.amount };
}
