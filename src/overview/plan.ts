/** Assembles what `plan` shows: the queue, the workers and the limits as they stand, played through twice. */
import type { AccountBook } from "../account-book.ts";
import type { TaskForecast } from "../delegation/task-forecast.ts";
import { attemptOf } from "../ledger/ledger.ts";
import type { Both, PlanModel, PlanReset } from "../reports/plan.ts";
import type { Task } from "../tasks/task.ts";
import type { Spend } from "../throttle/limits.ts";
import { planQueue, type PlannedTask, type PlannedWorker, type QueuePlan } from "../throttle/queue-plan.ts";
import type { LimitStanding, Throttle } from "../throttle/throttle.ts";
import type { Worker } from "../workers/worker.ts";
import type { OverviewSources } from "./sources.ts";

export interface PlanParts {
  readonly sources: OverviewSources;
  readonly accounts: AccountBook;
  /** null: its agent spends nothing. */
  forecast(task: Task): TaskForecast | null;
  /** A copy of the throttle as it stands. */
  throttleCopy(): Throttle;
}

export type Case = "p50" | "p90";

/** Most tasks that are played through. */
export const planTasksMax = 1_000;
const horizonDays = 31;
const dayMs = 86_400_000;
/** Where no task of its agent has ended yet. */
const unknownTakesMs = 5 * 60_000;
const samplesMax = 200;
/** One that starts, or is not given tasks for the moment, is ready before anybody could say when. */
const SOON_READY: ReadonlySet<string> = new Set(["idle", "starting"]);
/** One that runs longer than such tasks do is taken to need this part of their time still. */
const overdueShare = 10;

export function planModel(given: PlanParts): PlanModel {
  const nowMs = given.sources.now();
  const sources = { ...given.sources, now: () => nowMs };
  const parts = { ...given, sources, forecast: onceEach(given.forecast) };
  const { ledger } = sources;
  const tasks = ledger.tasks.ready(null, new Set(), planTasksMax).map(({ id }) => ledger.task(id));
  const takes = durations(sources);
  const cases = both((which) => playedThrough(which, tasks, takes, parts));
  const counts = ledger.tasks.counts();
  const held = counts.get("held") ?? 0;
  return {
    nowMs,
    tasks: tasks.map((task, at) => ({
      id: task.id,
      text: task.draft.text.slice(0, 400),
      priority: task.draft.priority,
      tokens: both((which) => parts.forecast(task)?.tokens[which] ?? 0),
      startsAtMs: both((which) => cases[which].runs[at]?.startsAtMs ?? null),
      endsAtMs: both((which) => cases[which].runs[at]?.endsAtMs ?? null),
      waitsFor: cases.p50.runs[at]?.waitsFor ?? cases.p90.runs[at]?.waitsFor ?? noWorker(task, sources),
    })),
    beyond: Math.max(0, (counts.get("queued") ?? 0) - held - tasks.length),
    held,
    doneAtMs: both((which) => cases[which].doneAtMs),
    never: both((which) => cases[which].never),
    resets: resets(parts, nowMs).map(([atMs, names]) => ({
      atMs,
      names,
      fits: both((which) => endedBy(cases[which], atMs)),
    })),
    left: leftOf(cases),
    assumes: assumptions(takes.unknown(tasks), sources),
  };
}

/** A forecast is made once a task. */
export function onceEach(forecast: PlanParts["forecast"]): PlanParts["forecast"] {
  const known = new Map<number, TaskForecast | null>();
  return (task) => {
    const found = known.get(task.id);
    const figures = found === undefined ? forecast(task) : found;
    known.set(task.id, figures);
    return figures;
  };
}

export function both<T>(of: (which: Case) => T): Both<T> {
  return { p50: of("p50"), p90: of("p90") };
}

/** `assumed`: workers that are taken to be there where none is. */
export function playedThrough(
  which: Case,
  tasks: readonly Task[],
  takes: Durations,
  parts: PlanParts,
  assumed: readonly PlannedWorker[] = [],
): QueuePlan {
  const { sources, accounts } = parts;
  const nowMs = sources.now();
  const workers = sources
    .workers()
    .filter(({ state, record }) => state.name !== "dead" && !record.draining)
    .map((worker) => plannedWorker(worker, which, takes, parts));
  return planQueue({
    throttle: parts.throttleCopy(),
    tasks: tasks.map((task) => plannedTask(task, which, takes, parts)),
    workers: workers.length === 0 ? assumed : workers,
    account: (name) => ({
      park: accounts.parkOf(name),
      windows: accounts.windows(name),
      reservePercent: accounts.reservePercent(name),
    }),
    nowMs,
    horizonMs: nowMs + horizonDays * dayMs,
  });
}

function plannedTask(
  task: Task,
  which: Case,
  takes: Durations,
  { sources, forecast }: PlanParts,
): PlannedTask {
  const { assignment, draft, state } = task;
  return {
    id: task.id,
    priority: draft.priority,
    agent: assignment.agent,
    model: assignment.model,
    member: assignment.member?.id ?? null,
    worker: draft.worker,
    reserves: { tokens: assignment.reserveTokens, nanoUsd: assignment.reserveNanoUsd },
    uses: usesOf(forecast(task), which),
    takesMs: takes.of(assignment.agent, assignment.type)[which],
    simulated: sources.traits(assignment.agent).simulated,
    notBeforeMs: state.name === "queued" ? state.notBeforeMs : null,
  };
}

function usesOf(forecast: TaskForecast | null, which: Case): Spend {
  return { tokens: forecast?.tokens[which] ?? 0, nanoUsd: forecast?.nanoUsd[which] ?? 0 };
}

/** What a worker has in hand goes on for as long as such tasks take, and uses what they use and it has not yet. */
function plannedWorker(worker: Worker, which: Case, takes: Durations, parts: PlanParts): PlannedWorker {
  const { ledger } = parts.sources;
  const { name, record } = worker;
  const { agent, model, account } = record;
  const own = { name, agent, model, account, simulated: parts.sources.traits(agent).simulated };
  const task = worker.attempt === null ? null : ledger.tasks.byId(worker.attempt.taskId);
  if (worker.attempt === null || task === null) {
    const isReadySoon = worker.attempt === null && SOON_READY.has(worker.state.name);
    const unknown = isReadySoon
      ? null
      : { attemptId: "", member: null, endsAtMs: null, uses: usesOf(null, which) };
    return { ...own, busy: unknown };
  }
  const attemptId = attemptOf(task);
  const used = ledger.spend.ofAttempt(attemptId);
  const uses = usesOf(parts.forecast(task), which);
  const takesMs = takes.of(task.assignment.agent, task.assignment.type)[which];
  const nowMs = parts.sources.now();
  const since = "startedAtMs" in task.state ? task.state.startedAtMs : nowMs;
  const waits = task.state.name === "needs-input" || task.state.name === "parked";
  return {
    ...own,
    busy: {
      attemptId,
      member: task.assignment.member?.id ?? null,
      endsAtMs: waits ? null : Math.max(nowMs + takesMs / overdueShare, since + takesMs),
      uses: {
        tokens: Math.max(0, uses.tokens - used.tokens),
        nanoUsd: Math.max(0, uses.nanoUsd - used.nano),
      },
    },
  };
}

export interface Durations {
  of(agent: string, type: string): Both<number>;
  /** Agents of these tasks of which none has ended yet. */
  unknown(tasks: readonly Task[]): readonly string[];
}

/** How long such tasks took, of the same type where there are any, else of the agent. */
export function durations({ ledger }: OverviewSources): Durations {
  const known = new Map<string, Both<number> | null>();
  const quantiles = (agent: string, type: string | null): Both<number> | null => {
    const key = JSON.stringify([agent, type]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const sorted = ledger.samples.durations(agent, type, samplesMax).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    const found = sorted.length === 0 ? null : { p50: at(0.5), p90: at(0.9) };
    known.set(key, found);
    return found;
  };
  return {
    of: (agent, type) =>
      quantiles(agent, type) ?? quantiles(agent, null) ?? { p50: unknownTakesMs, p90: unknownTakesMs },
    unknown: (tasks) => [
      ...new Set(
        tasks.map(({ assignment }) => assignment.agent).filter((agent) => quantiles(agent, null) === null),
      ),
    ],
  };
}

/** Moments at which a calendar limit or a provider's window begins anew, with their names; the nearest first. */
function resets({ sources, accounts }: PlanParts, nowMs: number): [number, string[]][] {
  const byMoment = new Map<number, Set<string>>();
  const add = (atMs: number | null, name: string): void => {
    if (atMs !== null && atMs > nowMs) byMoment.set(atMs, (byMoment.get(atMs) ?? new Set()).add(name));
  };
  for (const { limit, endMs, window } of sources.throttle.standings(nowMs))
    if (limit !== null) add(endMs, window);
  const names = new Set(sources.workers().map(({ record }) => record.account));
  for (const account of names)
    for (const { window, resetsAtMs } of accounts.windows(account)) add(resetsAtMs, `${account} ${window}`);
  return [...byMoment].sort(([a], [b]) => a - b).map(([atMs, of]) => [atMs, [...of]]);
}

function endedBy({ runs }: QueuePlan, atMs: number): PlanReset["fits"]["p50"] {
  return runs.filter(({ endsAtMs }) => endsAtMs !== null && endsAtMs <= atMs).length;
}

/** Room of the limits on all workers together, once the queue is done. */
function leftOf(cases: Record<Case, QueuePlan>): PlanModel["left"] {
  const room = ({ limit, used, held }: LimitStanding): number => Math.max(0, (limit ?? 0) - used - held);
  return cases.p50.standings.flatMap((row) => {
    const bad = cases.p90.standings.find(({ limitId }) => limitId === row.limitId);
    if (row.limit === null || row.scope.kind !== "global" || bad === undefined) return [];
    return [{ limitId: row.limitId, unit: row.unit, left: { p50: room(row), p90: room(bad) } }];
  });
}

/** That nobody could ever take this task, in words; null = somebody could. */
export function noWorker({ draft, assignment }: Task, sources: OverviewSources): string | null {
  const fits = ({ name, record }: Worker): boolean =>
    draft.worker === null ? record.agent === assignment.agent : name === draft.worker;
  return sources.workers().some(fits) ? null : `no worker of ${draft.worker ?? assignment.agent} is there`;
}

export function assumptions(unknown: readonly string[], { auto }: OverviewSources): string {
  const parts = [
    "p90 takes every task at its 90th percentile at once",
    "sizes and times are those of finished tasks",
    ...(unknown.length === 0 ? [] : [`none of ${unknown.join(", ")} has ended yet, so each takes 5 minutes`]),
    "nothing else is added or fails, nobody else uses the accounts",
    "what waits for a person stays so",
    ...(auto() ? [] : ["auto mode is on, which it is not"]),
  ];
  return parts.join("; ");
}
