/** Assembles the cost trend from the kept sums: days, weeks or months of the configured time zone, oldest first. */
import type { Ledger } from "../ledger/ledger.ts";
import { sharesTogether, trendPoint, type CostTrend, type TrendStep } from "../reports/cost-trend.ts";
import { daysOf, periodAt, periodBefore, type Period } from "../throttle/periods.ts";

/** How many spans are shown. */
const POINTS: Readonly<Record<TrendStep, number>> = { daily: 30, weekly: 12, monthly: 12 };

interface Span {
  readonly day: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function costTrend(step: TrendStep, timeZone: string, nowMs: number, ledger: Ledger): CostTrend {
  const points = spansOf(step, timeZone, nowMs).map((span) =>
    trendPoint(
      span,
      ledger.periods.models(span.fromMs, span.toMs),
      ledger.periods.completed(span.fromMs, span.toMs),
    ),
  );
  return { step, timeZone, points, models: sharesTogether(points) };
}

function spansOf(step: TrendStep, zone: string, nowMs: number): Span[] {
  if (step !== "daily") {
    return periods(step, zone, nowMs, POINTS[step]).map(({ firstDay, fromMs, toMs }) => ({
      day: firstDay,
      fromMs,
      toMs,
    }));
  }
  // Six weeks hold thirty days, whatever day of the week it is.
  return periods("weekly", zone, nowMs, 6)
    .flatMap((week) => daysOf(week, zone))
    .filter(({ fromMs }) => fromMs <= nowMs)
    .slice(-POINTS.daily)
    .map(({ date, fromMs, toMs }) => ({ day: date, fromMs, toMs }));
}

/** Those up to now, oldest first. */
function periods(kind: Period["kind"], zone: string, nowMs: number, count: number): Period[] {
  const found: Period[] = [];
  let period = periodAt(kind, zone, nowMs);
  for (let at = 0; at < count; at += 1) {
    found.unshift(period);
    period = periodBefore(period, zone);
  }
  return found;
}
