/**
 * Limits, and a roster's budgets, held against what was used in each of their windows that a period holds. Amounts are
 * those in force now. Limits by the hour are left out: they roll, and admission holds them.
 */
import type { SpanSpendRow } from "../ledger/spend-rows.ts";
import type { BudgetRow } from "../reports/period-report.ts";
import { memberOf, type Roster } from "../roster/roster.ts";
import { eachName, isBudget, limitId, type Limit, type Scope, type WindowName } from "../throttle/limits.ts";
import { daysOf, periodAt, type DaySpan, type Period } from "../throttle/periods.ts";
import type { OverviewSources } from "./sources.ts";

interface Asked {
  readonly period: Period;
  /** First moment that is no longer counted. */
  readonly untilMs: number;
  readonly sources: OverviewSources;
}

type Window = Exclude<WindowName, "hour">;

/** What a window saw used; of a limit for each worker, model or agent the one that used most. */
interface Used {
  readonly amount: number;
  readonly on: string;
  readonly by: string | null;
}

/** In the order of the limits. */
export function budgetRows(asked: Asked): BudgetRow[] {
  const { limits } = asked.sources.throttle;
  const windows = new Windows(asked);
  return limits.flatMap((limit): BudgetRow[] => {
    const { window, amount, scope, unit } = limit;
    if (window === "hour" || amount === null) return [];
    const kind = isBudget(scope) ? "budget" : "limit";
    const used = windows
      .spans(window)
      .map((span) => mostOf(limit, ownNames(limit, limits), windows.spent(span), span, asked.sources));
    return [rowOf({ name: limitId(limit), kind, unit, amount }, used)];
  });
}

/** The windows of each length, and what was used in them, looked up once. */
class Windows {
  readonly #asked: Asked;
  readonly #spans = new Map<Window, readonly DaySpan[]>();
  readonly #spent = new Map<DaySpan, readonly SpanSpendRow[]>();

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  spans(window: Window): readonly DaySpan[] {
    const known = this.#spans.get(window) ?? this.#reckoned(window);
    this.#spans.set(window, known);
    return known;
  }

  /** As limits count it. What is made of days is added up from them. */
  spent(span: DaySpan): readonly SpanSpendRow[] {
    const days = this.spans("day");
    const [first, last] = [days[0], days.at(-1)];
    const isWhole = span.fromMs === first?.fromMs && span.toMs === last?.toMs && first !== last;
    const known =
      this.#spent.get(span) ??
      (isWhole
        ? days.flatMap((day) => this.spent(day))
        : this.#asked.sources.ledger.spend.spentBetween(span.fromMs, span.toMs));
    this.#spent.set(span, known);
    return known;
  }

  /**
   * The days of the period; the weeks and the month that begin in it, or the one that it ends in. A week is looked at as
   * a whole, as far as it has passed; of a month a weekly report sees what was used up to its end.
   */
  #reckoned(window: Window): DaySpan[] {
    const { period, untilMs, sources } = this.#asked;
    const { timeZone } = sources.config.throttle;
    const endMs = window === "month" ? untilMs : Math.max(untilMs, sources.now() + 1);
    const days = daysOf(period, timeZone, untilMs);
    if (window === "day") return days;
    const kind = window === "week" ? "weekly" : "monthly";
    const begun = new Map(
      days.map(({ fromMs }) => {
        const { firstDay, fromMs: startMs, toMs } = periodAt(kind, timeZone, fromMs);
        return [startMs, { date: firstDay, fromMs: startMs, toMs: Math.min(toMs, endMs) }] as const;
      }),
    );
    const spans = [...begun.values()];
    const inside = spans.filter(({ fromMs }) => fromMs >= period.fromMs);
    return inside.length > 0 ? inside : spans.slice(-1);
  }
}

/** Names that have a limit of their own where this one is for each. */
function ownNames({ scope, unit, window }: Limit, limits: readonly Limit[]): ReadonlySet<string> {
  const names = limits.flatMap((limit) =>
    limit.unit === unit && limit.window === window && limit.scope.kind === scope.kind && "name" in limit.scope
      ? [limit.scope.name]
      : [],
  );
  return new Set(names);
}

function mostOf(
  { scope, unit }: Limit,
  own: ReadonlySet<string>,
  rows: readonly SpanSpendRow[],
  { date }: DaySpan,
  { throttle, config }: OverviewSources,
): Used {
  const sums = new Map<string, number>();
  for (const row of rows) {
    if (row.simulated === 1 && !throttle.countsSimulated) continue;
    for (const name of namesIn(row, scope.kind, config.roster?.roster ?? null))
      sums.set(name, (sums.get(name) ?? 0) + (unit === "tokens" ? row.tokens : row.nano));
  }
  if (!("name" in scope)) return { amount: sums.get("") ?? 0, on: date, by: null };
  if (scope.name !== eachName) return { amount: sums.get(scope.name) ?? 0, on: date, by: null };
  let most: Used = { amount: 0, on: date, by: null };
  for (const [by, amount] of sums) if (!own.has(by) && amount > most.amount) most = { amount, on: date, by };
  return most;
}

/** Whom of this kind a spend counts for; '' where there is one of it. Members stand where the roster has them now. */
function namesIn(row: SpanSpendRow, kind: Scope["kind"], roster: Roster | null): readonly string[] {
  switch (kind) {
    case "global":
    case "system":
      return [""];
    case "worker":
    case "agent":
      return [row[kind]];
    case "model":
    case "member":
      return row[kind] === null ? [] : [row[kind]];
    case "tier":
    case "department": {
      const member = row.member === null || roster === null ? null : memberOf(roster, row.member);
      if (member === null) return [];
      return kind === "tier" ? [member.tier] : member.departments;
    }
    default:
      return kind satisfies never;
  }
}

function rowOf(
  budget: Pick<BudgetRow, "name" | "kind" | "unit" | "amount">,
  used: readonly Used[],
): BudgetRow {
  const most = used.reduce<Used | null>((best, one) => (one.amount > (best?.amount ?? 0) ? one : best), null);
  return {
    ...budget,
    windows: used.length,
    broken: used.filter(({ amount }) => amount > budget.amount).length,
    most: most?.amount ?? 0,
    mostOn: most?.on ?? null,
    mostBy: most?.by ?? null,
  };
}
