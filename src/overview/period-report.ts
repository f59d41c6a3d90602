/** Assembles `report weekly` and `report monthly` from kept sums and ended attempts, a day at a time. */
import { redacted } from "../base/redact.ts";
import type { MemberPlace } from "../ledger/invocation-booking.ts";
import type { ModelRow } from "../ledger/period-rows.ts";
import { measuredSaving } from "../metering/savings.ts";
import { NO_USAGE, type Usage } from "../metering/usage.ts";
import { memberOf, TIERS, type Roster } from "../roster/roster.ts";
import {
  comparisons,
  costTrend,
  PERIOD_REPORT_VERSION,
  type PeriodFindings,
  type PeriodReport,
  type PeriodSaving,
  type PeriodSpan,
  type PeriodSums,
} from "../reports/period-report.ts";
import { daysOf, periodBefore, sameMomentBefore, type DaySpan, type Period } from "../throttle/periods.ts";
import { budgetRows } from "./period-budgets.ts";
import { PeriodGroups, PeriodSum } from "./period-sums.ts";
import type { OverviewSources } from "./sources.ts";
import { TopTasks } from "./top-tasks.ts";

const quarterMs = 900_000;
/** Most findings that are listed. */
const findingsShownMax = 20;

/** `breathe` is waited for between days, so that other work goes on meanwhile. */
export async function periodReport(
  period: Period,
  sources: OverviewSources,
  breathe: () => Promise<void>,
): Promise<PeriodReport> {
  const { config, ledger } = sources;
  const { timeZone } = config.throttle;
  const nowMs = sources.now();
  const roster = config.roster?.roster ?? null;
  const complete = nowMs >= period.toMs;
  // What happens at this moment is still counted, and sums are of whole quarters of an hour.
  const untilMs = complete
    ? period.toMs
    : Math.max(period.fromMs + quarterMs, Math.ceil((nowMs + 1) / quarterMs) * quarterMs);
  const counted = await countedIn(daysOf(period, timeZone, untilMs), sources, breathe);
  const earlier = periodBefore(period, timeZone);
  const earlierUntilMs = complete ? earlier.toMs : sameMomentBefore(period, earlier, timeZone, nowMs);
  const before = await countedIn(daysOf(earlier, timeZone, earlierUntilMs), sources, breathe);
  const total = counted.total.row("total");
  const days = counted.days.map(({ date, sum }) => sum.row(date));
  const saving = savingOf(counted.models, total, sources);
  const compared = before.total.isEmpty ? null : beforeOf(earlier, earlierUntilMs, before, sources);
  return {
    version: PERIOD_REPORT_VERSION,
    kind: period.kind,
    ...spanOf(period, untilMs),
    complete,
    timeZone,
    madeAtMs: nowMs,
    prices: sources.prices.id,
    total,
    simulated: counted.total.simulatedRow(),
    before: compared,
    comparison: comparisons({ total, savedNanoUsd: saving?.savedNanoUsd ?? null }, compared),
    trend: costTrend(days),
    days,
    models: counted.byModel.rows((sum, name) => sum.spendRow(name)),
    types: counted.types.rows((sum, name) => sum.row(name)),
    clis: counted.clis.rows((sum, name) => sum.row(name)),
    ...hierarchyRows(counted.members, roster, (member) =>
      ledger.periods.placeOf(member, period.fromMs, untilMs),
    ),
    budgets: budgetRows({ period, untilMs, sources }),
    findings: roster === null ? null : findingsIn(period.fromMs, untilMs, sources),
    saving,
    top: counted.top.rows((taskId) => redacted(ledger.periods.textOf(taskId))),
  };
}

/** Everything of some days. */
interface Counted {
  readonly total: PeriodSum;
  readonly days: readonly { readonly date: string; readonly sum: PeriodSum }[];
  readonly byModel: PeriodGroups;
  readonly types: PeriodGroups;
  readonly clis: PeriodGroups;
  readonly members: PeriodGroups;
  /** Raw counters by model, of what is known. */
  readonly models: ReadonlyMap<string, Usage>;
  readonly top: TopTasks;
}

async function countedIn(
  spans: readonly DaySpan[],
  { ledger }: OverviewSources,
  breathe: () => Promise<void>,
): Promise<Counted> {
  const [byModel, types, clis] = [new PeriodGroups(), new PeriodGroups(), new PeriodGroups()];
  const members = new PeriodGroups();
  const total = new PeriodSum();
  const top = new TopTasks();
  const models = new Map<string, Usage>();
  const days: { date: string; sum: PeriodSum }[] = [];
  for (const { date, fromMs, toMs } of spans) {
    const day = new PeriodSum();
    for (const row of ledger.periods.spent(fromMs, toMs)) {
      const groups = [types.at(row.type), clis.at(row.agent), members.at(row.member)];
      for (const sum of [day, ...groups]) sum.spend(row);
    }
    for (const row of ledger.periods.models(fromMs, toMs)) {
      byModel.at(row.model).spend(row);
      if (row.source !== "unknown") models.set(row.model, plus(models.get(row.model) ?? NO_USAGE, row));
    }
    for (const row of ledger.periods.ended(fromMs, toMs)) {
      const member = row.member ?? "";
      for (const sum of [day, types.at(row.type), clis.at(row.agent), members.at(member)]) sum.ended(row);
      top.seen(row);
    }
    total.take(day);
    days.push({ date, sum: day });
    await breathe();
  }
  return { total, days, byModel, types, clis, members, models, top };
}

function plus(usage: Usage, row: ModelRow): Usage {
  return {
    inputTokens: usage.inputTokens + row.input,
    cacheReadTokens: usage.cacheReadTokens + row.cache_read,
    cacheWrite5mTokens: usage.cacheWrite5mTokens + row.cache_write_5m,
    cacheWrite1hTokens: usage.cacheWrite1hTokens + row.cache_write_1h,
    outputTokens: usage.outputTokens + row.output,
    reasoningTokens: 0,
    webSearches: (usage.webSearches ?? 0) + row.web_searches,
  };
}

/** An agent counts where it stood when its last task of the period ended; where none did, as the roster has it now. */
function hierarchyRows(
  members: PeriodGroups,
  roster: Roster | null,
  stoodLast: (member: string) => MemberPlace | null,
): Pick<PeriodReport, "agents" | "departments" | "tiers"> {
  const isFlat = roster === null && members.entries.every(([member]) => member === "");
  if (isFlat) return { agents: [], departments: [], tiers: [] };
  const [departments, tiers] = [new PeriodGroups(), new PeriodGroups()];
  for (const [member, sum] of members.entries) {
    const place = member === "" ? null : (stoodLast(member) ?? placeNow(roster, member));
    tiers.at(place?.tier ?? "").take(sum);
    const named = place === null || place.departments.length === 0 ? [""] : place.departments;
    for (const department of named) departments.at(department).take(sum);
  }
  const row = (sum: PeriodSum, name: string): PeriodSums => sum.row(name);
  return {
    agents: members.rows(row),
    departments: departments.rows(row),
    tiers: tiers.rows(row).sort((a, b) => tierOrder(a.name) - tierOrder(b.name)),
  };
}

function placeNow(roster: Roster | null, member: string): MemberPlace | null {
  return roster === null ? null : memberOf(roster, member);
}

function tierOrder(name: string): number {
  const at = TIERS.findIndex((tier) => tier === name);
  return at < 0 ? TIERS.length : at;
}

function beforeOf(
  period: Period,
  untilMs: number,
  counted: Counted,
  sources: OverviewSources,
): PeriodReport["before"] {
  const total = counted.total.row("total");
  const saving = savingOf(counted.models, total, sources);
  return { ...spanOf(period, untilMs), total, savedNanoUsd: saving?.savedNanoUsd ?? null };
}

function spanOf({ name, firstDay, lastDay, fromMs }: Period, toMs: number): PeriodSpan {
  return { period: name, firstDay, lastDay, fromMs, toMs };
}

/** Against the premium model for everything, at the prices now in force. Null: nothing was priced. */
function savingOf(
  models: ReadonlyMap<string, Usage>,
  total: PeriodSums,
  { config, prices }: OverviewSources,
): PeriodSaving | null {
  const uniformModel = config.agents.claude.models.premium ?? "sonnet";
  const used = [...models].map(([model, usage]) => ({ model: model === "" ? null : model, usage }));
  const saving = measuredSaving(used, uniformModel, prices);
  if (saving === null || saving.uniformNanoUsd === 0) return null;
  return { ...saving, uniformModel, estimated: total.cost.source === "estimated" };
}

function findingsIn(fromMs: number, toMs: number, { ledger }: OverviewSources): PeriodFindings {
  const { newest, ...counts } = ledger.findings.between(fromMs, toMs, findingsShownMax);
  return {
    ...counts,
    newest: newest.map(({ rule, subject, evidence, state, sinceMs, endedAtMs }) => ({
      rule,
      subject: redacted(subject),
      evidence: redacted(evidence),
      state,
      sinceMs,
      endedAtMs,
    })),
  };
}
