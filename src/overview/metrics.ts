/** Assembles what `metrics` shows, from the kept sums alone. */
import type { MeasuredSaving, MetricsModel, MetricsRow } from "../reports/metrics-model.ts";
import { figureOf, sumFigures, UNKNOWN, type Figure } from "../reports/figure.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { SpendTotalRow } from "../ledger/spend-rows.ts";
import { NO_USAGE, type UsageSource } from "../metering/usage.ts";
import { costNanoUsd } from "../metering/prices.ts";
import { TASK_TYPES } from "../tasks/task.ts";
import type { OverviewSources } from "./sources.ts";
import { endedTasks, spendOf, totalsOf } from "./spend-figures.ts";

/** Newest completed tasks the p95 is taken over. */
const durationsMax = 2_000;
/** Fewer than this and a 95th percentile says nothing. */
const durationsMin = 3;

export function metricsModel(sources: OverviewSources): MetricsModel {
  const { ledger, prices } = sources;
  const totals = totalsOf(ledger, null);
  const durations = ledger.spend.durations(durationsMax);
  const names = new Set([
    ...sources.workers().map(({ name }) => name),
    ...ledger.spend.outcomeTotals().map(({ worker }) => worker),
  ]);
  const row = (worker: string | null): MetricsRow => rowOf(worker, sources, durations);
  const total = { ...row(null), worker: "Total" };
  const counter = (pick: (total: SpendTotalRow) => number): Figure => ({
    value: totals.reduce((sum, total) => sum + pick(total), 0),
    source: spendOf(totals.filter((total) => total.source !== "unknown")).tokens.source,
  });
  return {
    nowMs: sources.now(),
    sinceMs: ledger.spend.firstBookingMs(),
    prices: prices.asOf,
    notices: sources.notices(),
    total,
    workers: [...names]
      .filter((name) => name !== "")
      .sort(byNumber)
      .map(row),
    tasksBySource: tasksBySource(sources),
    inputTokens: counter((total) => total.input),
    outputTokens: counter((total) => total.output),
    cacheReadTokens: counter((total) => total.cache_read),
    cacheWriteTokens: counter((total) => total.cache_write),
    ...coordinationOf(ledger, total.tokens),
    models: groups(totals, (total) => total.model).map(([model, rows]) => ({
      model: model === "" ? "none" : model,
      ...spendOf(rows),
    })),
    external: ledger.external.sums(0).map(({ agent, account, responses, tokens, nano, unpriced }) => ({
      agent,
      account,
      tokens: figureOf(tokens, "actual"),
      cost: unpriced === responses ? UNKNOWN : figureOf(nano, unpriced > 0 ? "estimated" : "actual"),
    })),
    types: TASK_TYPES.map((type) => ({
      type,
      tasks: ledger.spend
        .outcomeTotals()
        .filter((total) => total.type === type && total.outcome === "completed")
        .reduce((sum, total) => sum + total.n, 0),
      tokens: spendOf(totals.filter((total) => total.type === type)).tokens,
    })),
    delegating: true,
    saving: measuredSaving(totals, sources),
  };
}

function rowOf(
  worker: string | null,
  { ledger }: OverviewSources,
  durations: readonly { worker: string; duration_ms: number }[],
): MetricsRow {
  const ended = endedTasks(ledger, worker);
  const own = durations
    .filter((sample) => worker === null || sample.worker === worker)
    .map((sample) => sample.duration_ms);
  return {
    worker: worker ?? "Total",
    completed: ended.completed,
    failed: ended.failed + ended.lost,
    measured: ended.completed + ended.failed + ended.lost + ended.cancelled - ended.unknown,
    ...spendOf(totalsOf(ledger, worker)),
    p95Ms: percentile(own, 0.95),
    overheadTokens: coordinatedBy(worker, ledger),
  };
}

/** What coordinators used, and all tokens it is a part of: what is booked as no worker's usage comes on top. */
function coordinationOf(
  ledger: Ledger,
  total: Figure,
): Pick<MetricsModel, "coordinatorTokens" | "noCoordinator" | "coordinatedTokens"> {
  const sums = ledger.coordinators.sums();
  const parts = sums.map(({ source, tokens }) => figureOf(tokens, source));
  const apart = sums.map((sum) => figureOf(sum.apart, sum.source));
  const all = ledger.coordinators.all();
  const unread = all.filter(({ wasRead }) => !wasRead).length;
  return {
    coordinatorTokens:
      all.length > 0 && unread === all.length ? UNKNOWN : withUnread(sumFigures(parts).figure, unread),
    noCoordinator: all.length === 0,
    coordinatedTokens: sumFigures([total, ...apart]).figure,
  };
}

/** One whose record nobody could read used something: what is known of the others is less than all. */
function withUnread({ value, source }: Figure, unread: number): Figure {
  return figureOf(value, unread > 0 ? "estimated" : source);
}

function coordinatedBy(worker: string | null, ledger: Ledger): Figure {
  const own = ledger.coordinators.sums().filter(({ name }) => worker === null || name === worker);
  return sumFigures(own.map(({ source, tokens, apart }) => figureOf(tokens - apart, source))).figure;
}

/** Nearest-rank percentile, or null with too few values. */
function percentile(values: readonly number[], share: number): number | null {
  if (values.length < durationsMin) return null;
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? null;
}

function tasksBySource({ ledger }: OverviewSources): Record<UsageSource, number> {
  const tasks: Record<UsageSource, number> = { actual: 0, simulated: 0, estimated: 0, unknown: 0 };
  for (const { source, n } of ledger.spend.outcomeTotals()) {
    // A task that booked nothing (a shell command) is known exactly: it spent nothing.
    tasks[source === "none" ? "actual" : (source as UsageSource)] += n;
  }
  return tasks;
}

/** The same tokens at the premium model, against what they cost as routed. Null: nothing was priced. */
function measuredSaving(
  totals: readonly SpendTotalRow[],
  { prices, config }: OverviewSources,
): MeasuredSaving | null {
  const uniformModel = config.agents.claude.models.premium ?? "sonnet";
  let uniform = 0;
  let spent = 0;
  for (const total of totals) {
    if (total.model === "" || total.source === "unknown") continue;
    const usage = {
      ...NO_USAGE,
      inputTokens: total.input,
      cacheReadTokens: total.cache_read,
      cacheWrite5mTokens: total.cache_write,
      outputTokens: total.output,
    };
    uniform += costNanoUsd(usage, uniformModel, prices) ?? 0;
    // Priced alike, so that the length of cache writes, which the sums do not tell apart, cannot pass for a saving.
    spent += costNanoUsd(usage, total.model, prices) ?? total.nano;
  }
  if (uniform === 0) return null;
  return {
    uniformModel,
    uniformNanoUsd: uniform,
    savedNanoUsd: uniform - spent,
    estimated: totals.some((total) => total.source === "estimated"),
  };
}

function groups(
  totals: readonly SpendTotalRow[],
  key: (total: SpendTotalRow) => string,
): [string, SpendTotalRow[]][] {
  const found = new Map<string, SpendTotalRow[]>();
  for (const total of totals) found.set(key(total), [...(found.get(key(total)) ?? []), total]);
  return [...found];
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
