/** Recorded usage summed by day, week, month or session, as people who know ccusage expect it. */
import type { UsageCell } from "../metering/usage-cells.ts";
import { NO_USAGE, totalTokens, type CompletenessFlag } from "../metering/usage.ts";
import { LocalDates } from "./times.ts";

export const USAGE_PERIODS = ["daily", "weekly", "monthly", "session"] as const;
export type UsagePeriod = (typeof USAGE_PERIODS)[number];

/** In the order of the days of a week. */
export const WEEK_STARTS = ["sunday", "monday"] as const;
export type WeekStart = (typeof WEEK_STARTS)[number];

/** Which usage is looked at. */
export interface UsageFilter {
  /** Local dates, YYYY-MM-DD, both included. */
  readonly since: string | null;
  readonly until: string | null;
  readonly agents: readonly string[] | null;
  /** A project's folder, its last part, or the name an agent gave it. */
  readonly project: string | null;
  /** IANA name of the zone whose days are meant. */
  readonly timeZone: string;
}

/** Sums by the names ccusage gives them; money in dollars for readers, in whole nano-dollars for reckoning. */
export interface UsageSums {
  readonly inputTokens: number;
  /** Includes `reasoningTokens`. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Both kinds of cache writes together. */
  readonly cacheCreationTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cacheReadTokens: number;
  readonly totalTokens: number;
  readonly responses: number;
  /** null: none of it has a price. Beside `unpricedTokens` it is a lower bound. */
  readonly totalCost: number | null;
  readonly costNanoUsd: number | null;
  readonly unpricedTokens: number;
}

export interface ModelUsage extends UsageSums {
  readonly agent: string;
  readonly modelName: string;
}

export interface UsageRow extends UsageSums {
  /** The day, the first day of the week, the month, or the session. */
  readonly period: string;
  readonly agents: readonly string[];
  readonly projects: readonly string[];
  readonly firstActivity: string | null;
  readonly lastActivity: string | null;
  readonly modelsUsed: readonly string[];
  readonly modelBreakdowns: readonly ModelUsage[];
  readonly flags: readonly CompletenessFlag[];
}

/** Shown for responses that do not say when, in which session or with which model they were. */
export const UNDATED = "undated";
const UNNAMED = "unknown";

/** The cells a filter lets through. */
export function filteredCells(cells: readonly UsageCell[], filter: UsageFilter): UsageCell[] {
  const { since, until, agents, project } = filter;
  const dates = new LocalDates(filter.timeZone);
  return cells.filter((cell) => {
    if (agents !== null && !agents.includes(cell.agent)) return false;
    if (project !== null && !isProject(cell.project, project)) return false;
    if (since === null && until === null) return true;
    // A response without a date is in no range.
    if (cell.firstMs === null) return false;
    const date = dates.of(cell.firstMs);
    return (since === null || date >= since) && (until === null || date <= until);
  });
}

/** One row a period in order of time; sessions in order of their last activity. */
export function usageRows(
  cells: readonly UsageCell[],
  by: UsagePeriod,
  timeZone: string,
  weekStart: WeekStart = "monday",
): UsageRow[] {
  const groups = new Map<string, UsageCell[]>();
  const dates = new LocalDates(timeZone);
  for (const cell of cells) {
    const key =
      by === "session" ? `${cell.agent}\n${cell.session ?? UNNAMED}` : periodOf(cell, by, dates, weekStart);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  const rows = [...groups].map(([key, group]) => rowOf(key.slice(key.indexOf("\n") + 1), group));
  const order = (row: UsageRow): string => (by === "session" ? (row.lastActivity ?? "") : row.period);
  return rows.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
}

/** Everything of these cells as one sum. */
export function sumCells(cells: readonly UsageCell[]): UsageSums {
  const usage = { ...NO_USAGE };
  let [nanoUsd, unpricedTokens, responses] = [0, 0, 0];
  for (const cell of cells) {
    usage.inputTokens += cell.usage.inputTokens;
    usage.cacheReadTokens += cell.usage.cacheReadTokens;
    usage.cacheWrite5mTokens += cell.usage.cacheWrite5mTokens;
    usage.cacheWrite1hTokens += cell.usage.cacheWrite1hTokens;
    usage.outputTokens += cell.usage.outputTokens;
    usage.reasoningTokens += cell.usage.reasoningTokens;
    nanoUsd += cell.nanoUsd;
    unpricedTokens += cell.unpricedTokens;
    responses += cell.responses;
  }
  const costNanoUsd = unpricedTokens > 0 && nanoUsd === 0 ? null : nanoUsd;
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.reasoningTokens,
    cacheCreationTokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    cacheWrite5mTokens: usage.cacheWrite5mTokens,
    cacheWrite1hTokens: usage.cacheWrite1hTokens,
    cacheReadTokens: usage.cacheReadTokens,
    totalTokens: totalTokens(usage),
    responses,
    totalCost: costNanoUsd === null ? null : costNanoUsd / 1e9,
    costNanoUsd,
    unpricedTokens,
  };
}

function rowOf(period: string, cells: readonly UsageCell[]): UsageRow {
  const [agents, projects] = [new Set<string>(), new Set<string>()];
  const flags = new Set<CompletenessFlag>();
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const cell of cells) {
    agents.add(cell.agent);
    if (cell.project !== null) projects.add(cell.project);
    for (const flag of cell.flags) flags.add(flag);
    if (cell.firstMs !== null && cell.firstMs < firstMs) firstMs = cell.firstMs;
    if (cell.lastMs !== null && cell.lastMs > lastMs) lastMs = cell.lastMs;
  }
  const modelBreakdowns = modelsOf(cells);
  return {
    period,
    agents: [...agents].sort(),
    projects: [...projects].sort(),
    firstActivity: Number.isFinite(firstMs) ? iso(firstMs) : null,
    lastActivity: Number.isFinite(lastMs) ? iso(lastMs) : null,
    ...sumCells(cells),
    modelsUsed: [...new Set(modelBreakdowns.map(({ modelName }) => modelName))].sort(),
    modelBreakdowns,
    flags: [...flags].sort(),
  };
}

/** The models of some cells, the dearest first. */
function modelsOf(cells: readonly UsageCell[]): ModelUsage[] {
  const groups = new Map<string, Map<string, UsageCell[]>>();
  for (const cell of cells) {
    const models = groups.get(cell.agent) ?? new Map<string, UsageCell[]>();
    groups.set(cell.agent, models);
    const name = cell.model ?? UNNAMED;
    const group = models.get(name);
    if (group === undefined) models.set(name, [cell]);
    else group.push(cell);
  }
  return [...groups]
    .flatMap(([agent, models]) =>
      [...models].map(([modelName, group]) => ({ agent, modelName, ...sumCells(group) })),
    )
    .sort((a, b) => (b.costNanoUsd ?? 0) - (a.costNanoUsd ?? 0) || b.totalTokens - a.totalTokens);
}

function periodOf(
  { firstMs }: UsageCell,
  by: Exclude<UsagePeriod, "session">,
  dates: LocalDates,
  weekStart: WeekStart,
): string {
  if (firstMs === null) return UNDATED;
  const date = dates.of(firstMs);
  if (by === "daily") return date;
  return by === "monthly" ? date.slice(0, 7) : firstOfWeek(date, weekStart);
}

function firstOfWeek(date: string, weekStart: WeekStart): string {
  const day = new Date(`${date}T00:00:00Z`);
  const daysIn = (day.getUTCDay() + 7 - WEEK_STARTS.indexOf(weekStart)) % 7;
  return iso(day.getTime() - daysIn * 86_400_000).slice(0, 10);
}

/** `/home/me/shop`, `shop` and Claude Code's `-home-me-shop` all mean the same project. */
function isProject(project: string | null, wanted: string): boolean {
  if (project === null) return false;
  const last = project.slice(project.lastIndexOf("/") + 1);
  return project === wanted || last === wanted || project.replace(/[^A-Za-z0-9]/g, "-") === wanted;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
