/**
 * Which limits can bind at all with the workers there are, and how many tasks an hour fit: a limit that the others
 * keep from ever being reached protects nothing, and a person should know.
 */
import {
  eachName,
  limitId,
  spendIn,
  type Limit,
  type LimitKey,
  type LimitUnit,
  type Spend,
  type WindowName,
} from "./limits.ts";
import { limitName } from "./wording.ts";

export interface LimitReach {
  readonly limitId: string;
  /** Tokens or nano-dollars. */
  readonly amount: number;
  /** The most the other limits let through in its window; null = they do not bound it. */
  readonly reach: number | null;
  readonly canBind: boolean;
  /** Which others bound it, in words, or null. */
  readonly boundBy: string | null;
}

export interface HourlyCapacity {
  /** Tasks an hour by each kind of limit alone; null = no such limit. Whole tasks, rounded down. */
  readonly byGlobalTokens: number | null;
  readonly byWorkerTokens: number | null;
  readonly byGlobalCost: number | null;
  readonly byWorkerCost: number | null;
  /** The least of them; null = nothing bounds it. */
  readonly tasksPerHour: number | null;
}

interface Bound {
  readonly amount: number;
  readonly by: string;
}

const hoursIn: Readonly<Record<WindowName, number>> = { hour: 1, day: 24, week: 168, month: 720 };
const NOT_LONGER: Readonly<Record<WindowName, readonly WindowName[]>> = {
  hour: ["hour"],
  day: ["hour", "day"],
  week: ["hour", "day", "week"],
  month: ["hour", "day", "month"],
};

/**
 * For every limit on all or on each worker: can it bind with these workers? `nanoUsdPerToken` turns token limits into
 * bounds on cost (null: price unknown, they bound nothing). Days have 24 hours here, months 30 days.
 */
export function limitReaches(
  limits: readonly Limit[],
  workers: readonly string[],
  nanoUsdPerToken: number | null,
): LimitReach[] {
  return limits.flatMap((limit) => {
    const { scope, amount } = limit;
    if (amount === null || (scope.kind !== "global" && scope.kind !== "worker")) return [];
    const least = boundsOf(limit, limits, workers, nanoUsdPerToken).reduce<Bound | null>(
      (found, bound) => (found === null || bound.amount < found.amount ? bound : found),
      null,
    );
    const canBind = least === null || least.amount >= amount;
    return [
      { limitId: limitId(limit), amount, reach: least?.amount ?? null, canBind, boundBy: least?.by ?? null },
    ];
  });
}

/** Tasks an hour at a given size, by the hourly limits. */
export function hourlyCapacity(
  limits: readonly Limit[],
  workers: readonly string[],
  task: Spend,
): HourlyCapacity {
  const tasks = (unit: LimitUnit, amount: number | null): number | null =>
    amount === null || spendIn(task, unit) === 0 ? null : Math.floor(amount / spendIn(task, unit));
  const byGlobalTokens = tasks("tokens", globalAmount(limits, "tokens", "hour"));
  const byWorkerTokens = tasks("tokens", workersAmount(limits, workers, "tokens", "hour"));
  const byGlobalCost = tasks("cost", globalAmount(limits, "cost", "hour"));
  const byWorkerCost = tasks("cost", workersAmount(limits, workers, "cost", "hour"));
  const known = [byGlobalTokens, byWorkerTokens, byGlobalCost, byWorkerCost].filter(
    (count) => count !== null,
  );
  return {
    byGlobalTokens,
    byWorkerTokens,
    byGlobalCost,
    byWorkerCost,
    tasksPerHour: known.length === 0 ? null : Math.min(...known),
  };
}

/** Everything that bounds this limit from outside, turned into its own unit and window. */
function boundsOf(
  limit: Limit,
  limits: readonly Limit[],
  workers: readonly string[],
  price: number | null,
): Bound[] {
  const priced: readonly { unit: LimitUnit; rate: number }[] =
    limit.unit === "cost" && price !== null ? [{ unit: "tokens", rate: price }] : [];
  return [{ unit: limit.unit, rate: 1 }, ...priced].flatMap(({ unit, rate }) =>
    NOT_LONGER[limit.window].flatMap((window) => {
      const times = hoursIn[limit.window] / hoursIn[window];
      return sourcesOf({ ...limit, unit, window }, limits, workers)
        .filter((source) => source.id !== limitId(limit))
        .map(({ amount, by }) => ({
          amount: Math.floor(amount * times * rate),
          by: times === 1 ? by : `${times} × ${by}`,
        }));
    }),
  );
}

/** The limits that count this unit over this window: on all, and on the same worker or the workers together. */
function sourcesOf(
  { scope, unit, window }: LimitKey,
  limits: readonly Limit[],
  workers: readonly string[],
): (Bound & { readonly id: string })[] {
  const keys: readonly LimitKey[] =
    scope.kind === "global"
      ? [{ scope, unit, window }]
      : [
          { scope: { kind: "global" }, unit, window },
          { scope, unit, window },
        ];
  const single = keys.flatMap((key) => {
    const amount = amountOf(limits, key) ?? null;
    return amount === null ? [] : [{ id: limitId(key), amount, by: limitName(key) }];
  });
  const sum = scope.kind === "global" ? workersAmount(limits, workers, unit, window) : null;
  if (sum === null) return single;
  return [
    ...single,
    {
      id: "",
      amount: sum,
      by: `${unit}/${window} of ${workers.length} worker${workers.length === 1 ? "" : "s"}`,
    },
  ];
}

function globalAmount(limits: readonly Limit[], unit: LimitUnit, window: WindowName): number | null {
  return amountOf(limits, { scope: { kind: "global" }, unit, window }) ?? null;
}

/** Sum over the workers of the limit that binds each; null when one of them has none, or there are no workers. */
function workersAmount(
  limits: readonly Limit[],
  workers: readonly string[],
  unit: LimitUnit,
  window: WindowName,
): number | null {
  const each = amountOf(limits, { scope: { kind: "worker", name: eachName }, unit, window });
  const amounts = workers.map((name) => {
    const named = amountOf(limits, { scope: { kind: "worker", name }, unit, window });
    return (named === undefined ? each : named) ?? null;
  });
  const known = amounts.filter((amount) => amount !== null);
  return amounts.length === 0 || known.length < amounts.length
    ? null
    : known.reduce((sum, amount) => sum + amount, 0);
}

/** undefined = no such limit, null = set to none. The last of a name rules. */
function amountOf(limits: readonly Limit[], key: LimitKey): number | null | undefined {
  return limits.findLast((limit) => limitId(limit) === limitId(key))?.amount;
}
