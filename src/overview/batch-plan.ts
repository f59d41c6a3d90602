/** Assembles what `batch --plan` shows: tasks that are not queued, played through behind those that are. */
import { costNanoUsd } from "../metering/prices.ts";
import { NO_USAGE } from "../metering/usage.ts";
import type { BatchPlanLimit, BatchPlanModel, BatchPlanShare } from "../reports/batch-plan.ts";
import type { Both } from "../reports/plan.ts";
import { priorityRank } from "../tasks/priority.ts";
import type { Assignment, Task, TaskDraft } from "../tasks/task.ts";
import type { PlannedWorker, QueuePlan } from "../throttle/queue-plan.ts";
import {
  assumptions,
  both,
  durations,
  noWorker,
  onceEach,
  planTasksMax,
  playedThrough,
  type Case,
  type PlanParts,
} from "./plan.ts";

/** A draft, and whom it would be given to. */
export interface AssignedDraft {
  readonly draft: TaskDraft;
  readonly assignment: Assignment;
}

/** `fleet`: what workers would run where no manager has started any. */
export function batchPlanModel(
  drafts: readonly AssignedDraft[],
  fleet: { readonly agent: string; readonly model: string | null },
  given: PlanParts,
): BatchPlanModel {
  const nowMs = given.sources.now();
  const sources = { ...given.sources, now: () => nowMs };
  const parts = { ...given, sources, forecast: onceEach(given.forecast) };
  const fresh = newOnes(drafts, parts);
  const queued = queuedTasks(parts);
  const going = fresh.filter(({ state }) => state.name === "queued" && state.holdReason === null);
  const line = [...queued, ...going].sort(inTurn);
  const planned = line.slice(0, planTasksMax);
  const takes = durations(sources);
  const assumed = assumedWorkers(fleet, parts);
  const cases = both((which) => playedThrough(which, planned, takes, parts, assumed));
  const own = new Set(going.map(({ id }) => id));
  const isAssumed = sources.workers().length === 0;
  return {
    nowMs,
    tasks: fresh.length,
    known: drafts.length - fresh.length,
    held: fresh.length - going.length,
    ahead: queued.length,
    beyond: line.length - planned.length,
    shares: sharesOf(fresh, parts),
    limits: limitsOf(cases),
    doneAtMs: both((which) => doneOf(cases[which], own)),
    noWorker: isAssumed ? null : (going.flatMap((task) => noWorker(task, sources) ?? [])[0] ?? null),
    never: both((which) => neverOf(cases[which], own)),
    assumes: [
      ...(isAssumed ? [`${assumed.length} workers of ${fleet.agent} run`] : []),
      assumptions(takes.unknown(going), { ...sources, auto: () => true }),
    ].join("; "),
  };
}

/** As tasks, with the ids that come next. One whose key is known, here or in the queue, is none. */
function newOnes(drafts: readonly AssignedDraft[], { sources }: PlanParts): Task[] {
  const { tasks } = sources.ledger;
  const keys = new Set<string>();
  const isNew = ({ draft: { key } }: AssignedDraft): boolean => {
    if (key === null) return true;
    const known = keys.has(key) || tasks.byKey(key) !== null;
    keys.add(key);
    return !known;
  };
  return drafts.filter(isNew).map(({ draft, assignment }, at) => ({
    ...{ id: firstFreeId + at, draft, assignment, attempts: 0, createdAtMs: sources.now() },
    state: { name: "queued", holdReason: draft.holdReason, notBeforeMs: null },
  }));
}

/** Behind every task there is. */
const firstFreeId = 2 ** 40;

function queuedTasks({ sources: { ledger } }: PlanParts): Task[] {
  return ledger.tasks.ready(null, new Set(), planTasksMax).map(({ id }) => ledger.task(id));
}

function inTurn(a: Task, b: Task): number {
  return priorityRank(b.draft.priority) - priorityRank(a.draft.priority) || a.id - b.id;
}

function assumedWorkers(
  { agent, model }: { readonly agent: string; readonly model: string | null },
  { sources }: PlanParts,
): PlannedWorker[] {
  const { simulated } = sources.traits(agent);
  return Array.from({ length: sources.config.workers.count }, (_, at) => ({
    ...{ name: `concurrent_worker${at + 1}`, agent, model, account: agent, simulated, busy: null },
  }));
}

/** By agent and model, the most tokens first. A model without a price costs nobody knows what. */
function sharesOf(tasks: readonly Task[], { sources, forecast }: PlanParts): BatchPlanShare[] {
  const shares = new Map<string, BatchPlanShare>();
  for (const task of tasks) {
    const { agent, model } = task.assignment;
    const figures = forecast(task);
    const isPriced =
      figures === null || (model !== null && costNanoUsd(NO_USAGE, model, sources.prices) !== null);
    const key = JSON.stringify([agent, model]);
    const before = shares.get(key);
    const sum = (was: Both<number>, size: "tokens" | "nanoUsd"): Both<number> =>
      both((which) => was[which] + (figures?.[size][which] ?? 0));
    const none = { p50: 0, p90: 0 };
    const cost = before === undefined ? none : before.nanoUsd;
    shares.set(key, {
      ...{ agent, model, tasks: (before?.tasks ?? 0) + 1 },
      tokens: sum(before?.tokens ?? none, "tokens"),
      nanoUsd: cost === null || !isPriced ? null : sum(cost, "nanoUsd"),
    });
  }
  return [...shares.values()].sort((a, b) => b.tokens.p90 - a.tokens.p90);
}

/** Limits met while the batch and what waits before it is done, and when first. */
function limitsOf(cases: Record<Case, QueuePlan>): BatchPlanLimit[] {
  const ids = new Set([...cases.p50.met, ...cases.p90.met].map(({ limitId }) => limitId));
  const atMs = (which: Case, id: string): number | null =>
    cases[which].met.find(({ limitId }) => limitId === id)?.atMs ?? null;
  return [...ids].map((limitId) => ({ limitId, atMs: both((which) => atMs(which, limitId)) }));
}

function doneOf({ runs }: QueuePlan, own: ReadonlySet<number>): number | null {
  const ends = runs.flatMap(({ id, endsAtMs }) => (own.has(id) && endsAtMs !== null ? [endsAtMs] : []));
  return ends.length === 0 ? null : ends.reduce((last, atMs) => Math.max(last, atMs));
}

function neverOf({ runs }: QueuePlan, own: ReadonlySet<number>): number {
  return runs.filter(({ id, endsAtMs }) => own.has(id) && endsAtMs === null).length;
}
