/**
 * May this request go now? A decision is a value: admitted with a reservation, deferred until a moment and for a
 * reason, or refused. Two things are asked of every limit the request touches: does the level let its priority
 * through, and do used + held + request stay within the amount? All limits or none.
 */
import type { Priority } from "../tasks/priority.ts";
import type { CarriedWindows } from "./calendar.ts";
import type { Gauge } from "./gauge.ts";
import type { GroupsOf, Reservation } from "./holds.ts";
import { admits, highestAdmitting, highestBelow, levelRank, type Level } from "./levels.ts";
import { spendIn, type Limit, type LimitUnit, type Spend, type SpendSubject } from "./limits.ts";
import { exactAmount, limitAmount, limitName, percentText } from "./wording.ts";

export interface ThrottlePolicy {
  readonly limits: readonly Limit[];
  /** IANA name: the days and months of calendar windows. */
  readonly timeZone: string;
  /** Windows that began under another zone and are not over yet. */
  readonly carriedWindows?: CarriedWindows;
  /** How far above a limit critical tasks may go, in percent of it. */
  readonly criticalHeadroomPercent: number;
  /** From this level on nothing goes but critical tasks; null = only the levels' own rules. */
  readonly pauseAt: Level | null;
  /** At 100 % of a cost limit not even critical tasks go. */
  readonly hardStop: boolean;
  /** What becomes of a task that reserves more than a whole window allows. */
  readonly oversized: "run" | "ask" | "refuse";
  readonly countSimulated: boolean;
  /** Percent of limits on everything and on a kind of agent that is the person's at a moment. Left out = none. */
  readonly sharePercent?: (atMs: number) => number;
  /** Where agents of the roster stand, for its budgets. Left out = there is no roster. */
  readonly groupsOf?: GroupsOf;
}

export interface AdmissionRequest {
  readonly attemptId: string;
  readonly subject: SpendSubject;
  readonly priority: Priority;
  readonly spend: Spend;
  readonly simulated?: boolean;
  /** The person said yes to this oversized task: it is treated as under `run`. */
  readonly oversizedApproved?: boolean;
  /** Ids of limits at which an earlier task already waits in this pass: later ones do not overtake it there. */
  readonly blockedLimits?: ReadonlySet<string>;
}

export type Admission =
  | {
      readonly kind: "admitted";
      readonly reservation: Reservation;
      readonly oversized: boolean;
      /** A critical task went above a limit, within the headroom. */
      readonly headroomUsed: boolean;
    }
  | {
      readonly kind: "deferred";
      /** Earliest moment it could go if nothing else happened; null = it depends on running tasks or a person. */
      readonly untilMs: number | null;
      readonly level: Level;
      readonly limitId: string;
      readonly reason: string;
      readonly oversized: boolean;
    }
  | { readonly kind: "refused"; readonly limitId: string; readonly reason: string };

/** A gauge whose limit has an amount: the only kind that can hold anything back. */
type BoundGauge = Gauge & { readonly amount: number };

interface Block {
  readonly gauge: BoundGauge;
  readonly untilMs: number | null;
  readonly reason: string;
}

/** Decides for gauges that stand at `nowMs`. A request that spends nothing at all touches no limit. */
export function decide(
  request: AdmissionRequest,
  gauges: readonly Gauge[],
  policy: ThrottlePolicy,
  nowMs: number,
): Admission {
  const bound = isFree(request, policy) ? [] : gauges.filter(isBound);
  const oversizedAt = bound.find((gauge) => isOversized(gauge, request, policy));
  if (oversizedAt !== undefined && request.oversizedApproved !== true) {
    const answer = withoutConsent(oversizedAt, request, policy);
    if (answer !== null) return answer;
  }
  let worst: Block | null = null;
  for (const gauge of bound) {
    const block = blockOf(gauge, request, policy);
    if (block !== null && (worst === null || isLater(block, worst))) worst = block;
  }
  if (worst !== null) return deferred(worst, oversizedAt !== undefined);
  return admitted(request, bound, oversizedAt !== undefined, policy, nowMs);
}

/** Highest standing a limit may reach through a task of this priority: the amount, or the headroom above it. */
export function capOf(amount: number, priority: Priority, headroomPercent: number): number {
  return priority === "critical" ? amount + Math.floor((amount * headroomPercent) / 100) : amount;
}

function isBound(gauge: Gauge): gauge is BoundGauge {
  return gauge.amount !== null;
}

function isFree(request: AdmissionRequest, policy: ThrottlePolicy): boolean {
  if (request.simulated === true && !policy.countSimulated) return true;
  return request.spend.tokens === 0 && request.spend.nanoUsd === 0;
}

function isOversized(gauge: BoundGauge, request: AdmissionRequest, policy: ThrottlePolicy): boolean {
  return (
    spendIn(request.spend, gauge.unit) > capOf(gauge.amount, request.priority, policy.criticalHeadroomPercent)
  );
}

function withoutConsent(
  gauge: BoundGauge,
  request: AdmissionRequest,
  policy: ThrottlePolicy,
): Admission | null {
  const { oversized } = policy;
  const reason = `${sizeText(gauge, request)}, more than ${limitName(idOf(gauge))} allows in all (${limitAmount(gauge.amount, gauge.unit)})`;
  if (oversized === "refuse") return { kind: "refused", limitId: gauge.id, reason };
  if (oversized === "run") return null;
  return deferred({ gauge, untilMs: null, reason: `${reason}: it waits for a person to say yes` }, true);
}

function deferred({ gauge, untilMs, reason }: Block, oversized: boolean): Admission {
  return { kind: "deferred", untilMs, level: gauge.level, limitId: gauge.id, reason, oversized };
}

/** The block that ends last is the one to name; where two end together, the more severe. */
function isLater(a: Block, b: Block): boolean {
  const [aMs, bMs] = [a.untilMs ?? Number.POSITIVE_INFINITY, b.untilMs ?? Number.POSITIVE_INFINITY];
  if (aMs !== bMs) return aMs > bMs;
  return levelRank(a.gauge.level) > levelRank(b.gauge.level);
}

/** What keeps this request from going past this limit now, or null. */
function blockOf(gauge: BoundGauge, request: AdmissionRequest, policy: ThrottlePolicy): Block | null {
  const oversized = isOversized(gauge, request, policy);
  const standing = gauge.used + gauge.held;
  // What running tasks are owed comes before anything new, but it is no usage that would raise the level.
  const over = Math.max(
    standing - levelCeiling(gauge, request, policy),
    standing + gauge.owed - roomCeiling(gauge, request, policy, oversized),
  );
  const notAlone = oversized && gauge.attempts > 0;
  if (over > 0 || notAlone) {
    const needsOthers = over > gauge.used || notAlone;
    const untilMs = needsOthers ? null : gauge.freeAtMs(over);
    const reason = blockReason(gauge, request, policy, oversized) + waitText(gauge, needsOthers);
    return { gauge, untilMs, reason };
  }
  if (request.blockedLimits?.has(gauge.id) !== true) return null;
  return { gauge, untilMs: null, reason: `an earlier task waits for ${limitName(idOf(gauge))}` };
}

/** Highest standing before the request at which levels, the pause and the hard stop let its priority through. */
function levelCeiling(gauge: BoundGauge, request: AdmissionRequest, policy: ThrottlePolicy): number {
  const { amount } = gauge;
  if (request.priority === "critical") {
    return policy.hardStop && gauge.unit === "cost" ? amount - 1 : Number.POSITIVE_INFINITY;
  }
  const byLevel = highestAdmitting(request.priority, amount) ?? Number.POSITIVE_INFINITY;
  return policy.pauseAt === null ? byLevel : Math.min(byLevel, highestBelow(policy.pauseAt, amount));
}

/** Highest standing before the request that leaves room for it; an oversized one only asks for less than WARNING. */
function roomCeiling(
  gauge: BoundGauge,
  request: AdmissionRequest,
  policy: ThrottlePolicy,
  oversized: boolean,
): number {
  if (oversized) return highestBelow("WARNING", gauge.amount) - shareOf(gauge, request);
  const cap = capOf(gauge.amount, request.priority, policy.criticalHeadroomPercent);
  return cap - keptOf(gauge, request) - spendIn(request.spend, gauge.unit);
}

/** What of the limit this request may not have, whatever is free. */
function keptOf(gauge: BoundGauge, request: AdmissionRequest): number {
  return gauge.kept + shareOf(gauge, request);
}

function shareOf(gauge: BoundGauge, { priority }: AdmissionRequest): number {
  return priority === "critical" ? 0 : gauge.share;
}

function admitted(
  request: AdmissionRequest,
  gauges: readonly BoundGauge[],
  oversized: boolean,
  policy: ThrottlePolicy,
  nowMs: number,
): Admission {
  const { attemptId, subject, simulated = false } = request;
  const spend = oversized ? whatIsLeft(request, gauges, policy) : request.spend;
  const headroomUsed = gauges.some(
    (gauge) => gauge.used + gauge.held + spendIn(spend, gauge.unit) > gauge.amount,
  );
  const reservation = { attemptId, subject, spend, oversized, sinceMs: nowMs, simulated };
  return { kind: "admitted", reservation, oversized, headroomUsed };
}

/** The request cut down to what is left in every window it touches. */
function whatIsLeft(request: AdmissionRequest, gauges: readonly BoundGauge[], policy: ThrottlePolicy): Spend {
  const left = (unit: LimitUnit): number =>
    gauges
      .filter((gauge) => gauge.unit === unit)
      .map((gauge) => {
        const plain = !isOversized(gauge, request, policy);
        const cap = plain
          ? capOf(gauge.amount, request.priority, policy.criticalHeadroomPercent)
          : gauge.amount;
        return Math.max(0, cap - gauge.used - gauge.held - keptOf(gauge, request));
      })
      .reduce((least, room) => Math.min(least, room), spendIn(request.spend, unit));
  return { tokens: left("tokens"), nanoUsd: left("cost") };
}

// ── wording ───────────────────────────────────────────────────────────────────────────────────────

function blockReason(
  gauge: BoundGauge,
  request: AdmissionRequest,
  policy: ThrottlePolicy,
  oversized: boolean,
): string {
  const { amount, unit, level } = gauge;
  const name = limitName(idOf(gauge));
  const total = gauge.used + gauge.held;
  if (amount === 0) return `${name} is set to 0: nothing that spends goes until it is changed`;
  const standing = `${name} is at ${percentText(total, amount)}`;
  if (total > levelCeiling(gauge, request, policy)) {
    if (request.priority === "critical") return `${standing}: the hard stop lets nothing go`;
    if (admits(level, request.priority))
      return `${standing} (${level}): paused from ${policy.pauseAt ?? level} on`;
    return `${standing} (${level}): ${request.priority} priority waits`;
  }
  if (oversized) {
    return `${sizeText(gauge, request)}, more than all of ${name} (${limitAmount(amount, unit)}): it goes alone, below 80%`;
  }
  if (gauge.owed > 0) {
    return `running tasks need ${exactAmount(gauge.owed, unit)} more than ${name} has left: nothing new goes before they got it`;
  }
  const left = exactAmount(Math.max(0, amount - total - keptOf(gauge, request)), unit);
  const seenLater =
    gauge.kept === 0
      ? ""
      : ` (${exactAmount(gauge.kept, unit)} are kept for your own sessions, which are seen a little later)`;
  const share = shareOf(gauge, request);
  const focus = share === 0 ? "" : ` (${exactAmount(share, unit)} are kept for you: focus)`;
  return `${name} has ${left} left of ${limitAmount(amount, unit)}${seenLater}${focus}, ${sizeText(gauge, request)}`;
}

function waitText(gauge: BoundGauge, needsOthers: boolean): string {
  if (!needsOthers || gauge.amount === 0 || gauge.attempts === 0) return "";
  return `; running tasks hold ${exactAmount(gauge.held, gauge.unit)} and must end first`;
}

function sizeText(gauge: BoundGauge, request: AdmissionRequest): string {
  return `this task reserves ${exactAmount(spendIn(request.spend, gauge.unit), gauge.unit)}`;
}

function idOf(gauge: Gauge): Pick<Limit, "scope" | "unit" | "window"> {
  return { scope: gauge.scope, unit: gauge.unit, window: gauge.limit.window };
}
