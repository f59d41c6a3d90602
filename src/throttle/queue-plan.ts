/**
 * "Will it fit?": the queue played through on a copy of the throttle. Tasks go in their order to the workers they suit
 * and the limits let in, by the very rules of an admission; each takes and uses what it is said to. Pure, and nothing
 * but the copy is changed.
 */
import type { Priority } from "../tasks/priority.ts";
import { isInForce, type AccountPark } from "./account-parking.ts";
import { admits } from "./levels.ts";
import type { Spend, SpendSubject } from "./limits.ts";
import { windowLevel, type ProviderWindow } from "./provider-windows.ts";
import type { LimitStanding, Throttle } from "./throttle.ts";

/** A waiting task, in dispatch order. */
export interface PlannedTask {
  readonly id: number;
  readonly priority: Priority;
  readonly agent: string;
  readonly model: string | null;
  /** Agent of the roster that does it. */
  readonly member: string | null;
  /** The only worker that may take it; null = any of its agent. */
  readonly worker: string | null;
  readonly reserves: Spend;
  readonly uses: Spend;
  readonly takesMs: number;
  readonly simulated: boolean;
  readonly notBeforeMs: number | null;
}

export interface PlannedWorker {
  readonly name: string;
  readonly agent: string;
  readonly model: string | null;
  readonly account: string;
  /** A rehearsal's: weighs only where the limits count simulated usage. */
  readonly simulated: boolean;
  /** What it has in hand. `endsAtMs` null: nobody knows (it waits for a person). */
  readonly busy: {
    readonly attemptId: string;
    readonly member: string | null;
    readonly endsAtMs: number | null;
    readonly uses: Spend;
  } | null;
}

export interface PlannedAccount {
  readonly park: AccountPark | null;
  readonly windows: readonly ProviderWindow[];
  readonly reservePercent: number;
}

export interface QueuePlanInput {
  /** A copy: it is used up. */
  readonly throttle: Throttle;
  readonly tasks: readonly PlannedTask[];
  readonly workers: readonly PlannedWorker[];
  account(name: string): PlannedAccount;
  readonly nowMs: number;
  /** What has not begun by then is not planned. */
  readonly horizonMs: number;
}

export interface PlannedRun {
  readonly id: number;
  /** null: not within the horizon. */
  readonly startsAtMs: number | null;
  readonly endsAtMs: number | null;
  /** What it waited for longest in line, in one sentence; null = it goes at once, or waits for a worker. */
  readonly waitsFor: string | null;
}

export interface QueuePlan {
  /** In the order of the queue. */
  readonly runs: readonly PlannedRun[];
  /** When the last of those ends that do; now when none does. */
  readonly doneAtMs: number;
  /** How many do not begin within the horizon. */
  readonly never: number;
  /** The limits as they stand when it is done. */
  readonly standings: readonly LimitStanding[];
  /** Limits and accounts that kept a task waiting, and when first, in the order of that. */
  readonly met: readonly MetLimit[];
}

export interface MetLimit {
  readonly limitId: string;
  readonly atMs: number;
}

/** So many moments are looked at: more than any queue of a thousand tasks comes to. */
const momentsMax = 50_000;

interface Seat {
  readonly worker: PlannedWorker;
  run: {
    attemptId: string;
    endsAtMs: number | null;
    uses: Spend;
    subject: SpendSubject;
    simulated: boolean;
  } | null;
}

export function planQueue(input: QueuePlanInput): QueuePlan {
  const { tasks, nowMs, horizonMs, throttle } = input;
  const seats = input.workers.map((worker) => seatOf(worker));
  const runs = new Map<number, PlannedRun>();
  const met = new Map<string, number>();
  let waiting = [...tasks];
  let atMs = nowMs;
  let standings = throttle.standings(nowMs);
  for (let moment = 0; moment < momentsMax && waiting.length > 0; moment += 1) {
    if (settleEnded(seats, atMs, throttle)) standings = throttle.standings(atMs);
    const wakes = startWhatMay(input, seats, waiting, { runs, met }, atMs);
    waiting = waiting.filter(({ id }) => (runs.get(id)?.startsAtMs ?? null) === null);
    const next = nextMoment(seats, wakes, atMs);
    if (next === null || next > horizonMs) break;
    atMs = next;
  }
  const planned = tasks.map(
    ({ id }) => runs.get(id) ?? { id, startsAtMs: null, endsAtMs: null, waitsFor: null },
  );
  const doneAtMs = planned.reduce((last, { endsAtMs }) => Math.max(last, endsAtMs ?? 0), nowMs);
  // The copy may stand at a later moment already, at which nothing could go: what was seen last counts then.
  if (settleEnded(seats, doneAtMs, throttle) && atMs <= doneAtMs) standings = throttle.standings(doneAtMs);
  const limitsMet = [...met].map(([limitId, firstMs]) => ({ limitId, atMs: firstMs }));
  return { runs: planned, doneAtMs, never: waiting.length, standings, met: limitsMet };
}

function seatOf(worker: PlannedWorker): Seat {
  const { busy, name, agent, model, simulated } = worker;
  const subject = { worker: name, agent, model, member: busy?.member ?? null };
  return { worker, run: busy === null ? null : { ...busy, subject, simulated } };
}

/** What is found out as the queue is played through. */
interface Findings {
  readonly runs: Map<number, PlannedRun>;
  readonly met: Map<string, number>;
}

/** Starts every task that may go now. Returns the moments at which another one may. */
function startWhatMay(
  input: QueuePlanInput,
  seats: readonly Seat[],
  waiting: readonly PlannedTask[],
  { runs, met }: Findings,
  atMs: number,
): number[] {
  const wakes: number[] = [];
  const blockedLimits = new Set<string>();
  const passedOver = new Set<string>();
  for (const task of waiting) {
    if (seats.every(({ run }) => run !== null)) break;
    const needs = JSON.stringify([task.agent, task.model, task.worker, task.priority, task.member]);
    if (passedOver.has(needs)) continue;
    if (task.notBeforeMs !== null && task.notBeforeMs > atMs) {
      wakes.push(task.notBeforeMs);
      continue;
    }
    const waitsFor = runs.get(task.id)?.waitsFor ?? null;
    const found = offer(task, input, seats, blockedLimits, atMs);
    if (found.kind === "started") {
      runs.set(task.id, { id: task.id, startsAtMs: atMs, endsAtMs: atMs + task.takesMs, waitsFor });
      continue;
    }
    passedOver.add(needs);
    wakes.push(...found.wakesMs);
    for (const limitId of found.met) if (!met.has(limitId)) met.set(limitId, atMs);
    if (found.reason !== null && waitsFor === null)
      runs.set(task.id, { id: task.id, startsAtMs: null, endsAtMs: null, waitsFor: found.reason });
  }
  return wakes;
}

type Offered =
  | { readonly kind: "started" }
  | {
      readonly kind: "waits";
      readonly reason: string | null;
      readonly wakesMs: readonly number[];
      readonly met: readonly string[];
    };

/** Asks worker by worker, as a pass does. */
function offer(
  task: PlannedTask,
  { throttle, account }: QueuePlanInput,
  seats: readonly Seat[],
  blockedLimits: Set<string>,
  atMs: number,
): Offered {
  const wakesMs: number[] = [];
  const met: string[] = [];
  let reason: string | null = null;
  for (const seat of seats) {
    const { worker } = seat;
    if (seat.run !== null || !suits(task, worker)) continue;
    const closed = closedBy(account(worker.account), worker.account, task.priority, atMs);
    if (closed !== null) {
      reason ??= closed.reason;
      met.push(`account ${worker.account}`);
      if (closed.untilMs !== null) wakesMs.push(closed.untilMs);
      continue;
    }
    const subject = {
      worker: worker.name,
      agent: worker.agent,
      model: task.model ?? worker.model,
      member: task.member,
    };
    const { priority, reserves: spend, simulated } = task;
    const request = { attemptId: "", subject, priority, spend, simulated, blockedLimits };
    const admission = throttle.admit(request, atMs);
    if (admission.kind === "admitted") {
      const attemptId = `plan-${task.id}`;
      throttle.reserve({ ...admission.reservation, attemptId, sinceMs: atMs, simulated });
      seat.run = { attemptId, endsAtMs: atMs + task.takesMs, uses: task.uses, subject, simulated };
      return { kind: "started" };
    }
    reason ??= admission.reason;
    met.push(admission.limitId);
    if (admission.kind === "refused") continue;
    if (admission.untilMs !== null) wakesMs.push(admission.untilMs);
    if (!admission.oversized) blockedLimits.add(admission.limitId);
  }
  return { kind: "waits", reason, wakesMs, met };
}

function suits(task: PlannedTask, worker: PlannedWorker): boolean {
  return task.worker === null ? worker.agent === task.agent : worker.name === task.worker;
}

/** What keeps an account closed to this priority, and until when (null: until a person says so); null = it is open. */
function closedBy(
  { park, windows, reservePercent }: PlannedAccount,
  name: string,
  priority: Priority,
  atMs: number,
): { readonly reason: string; readonly untilMs: number | null } | null {
  if (park !== null && isInForce(park, atMs))
    return { reason: `account ${name} is parked`, untilMs: park.untilMs };
  for (const window of windows) {
    const level = windowLevel(window, reservePercent, atMs);
    if (!admits(level, priority))
      return {
        reason: `the ${window.window} window of account ${name} (${level})`,
        untilMs: window.resetsAtMs,
      };
  }
  return null;
}

/** Did anything end? */
function settleEnded(seats: readonly Seat[], atMs: number, throttle: Throttle): boolean {
  const ended = seats.filter(({ run }) => run !== null && run.endsAtMs !== null && run.endsAtMs <= atMs);
  for (const seat of ended.toSorted((a, b) => (a.run?.endsAtMs ?? 0) - (b.run?.endsAtMs ?? 0))) {
    const { run } = seat;
    if (run === null) continue;
    const { subject, uses, attemptId, simulated } = run;
    throttle.book({ atMs: run.endsAtMs ?? atMs, subject, spend: uses, attemptId, simulated });
    throttle.settle(attemptId);
    seat.run = null;
  }
  return ended.length > 0;
}

/** The first moment after this one at which anything changes; null = nothing ever does. */
function nextMoment(seats: readonly Seat[], wakes: readonly number[], atMs: number): number | null {
  const ends = seats.flatMap(({ run }) => run?.endsAtMs ?? []);
  const later = [...ends, ...wakes]
    .filter((moment) => Number.isFinite(moment))
    .map((moment) => Math.max(moment, atMs + 1));
  return later.length === 0 ? null : later.reduce((first, moment) => Math.min(first, moment));
}
