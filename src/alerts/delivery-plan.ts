/**
 * When an alert goes out on a channel, and with which others. Each alert of a channel ends in exactly one of: sent,
 * merged (into a message that another one leads), muted, or dead (its message was given up). Until then it is queued,
 * or held for the end of the quiet hours.
 */
import { isAtLeast, type Severity } from "./alert.ts";
import { quietUntil, type QuietHours } from "./quiet-hours.ts";

export interface DeliveryPolicy {
  /** So long an alert waits for others that belong to the same trouble; one that is critical does not. */
  readonly groupMs: number;
  /** Messages a channel gets within ten minutes; critical ones may have as many again. */
  readonly perTenMinutes: number;
  readonly quietHours: QuietHours | null;
}

/** A person's word that alerts are not to be sent. */
export interface Mute {
  readonly untilMs: number;
  /** Also what is critical. */
  readonly all: boolean;
}

export type Placement =
  | { readonly state: "queued" | "held"; readonly dueMs: number }
  | { readonly state: "muted" };

export const rateWindowMs = 600_000;

/** What becomes of an alert at first. */
export function placementOf(
  severity: Severity,
  mute: Mute | null,
  policy: DeliveryPolicy,
  nowMs: number,
): Placement {
  const critical = severity === "critical";
  if (mute !== null && nowMs < mute.untilMs && (mute.all || !critical)) return { state: "muted" };
  if (critical) return { state: "queued", dueMs: nowMs };
  const endMs = policy.quietHours === null ? null : quietUntil(policy.quietHours, nowMs);
  return endMs === null
    ? { state: "queued", dueMs: nowMs + policy.groupMs }
    : { state: "held", dueMs: endMs };
}

/** An alert that is not sent yet. */
export interface WaitingAlert {
  readonly alertId: number;
  readonly severity: Severity;
  readonly state: "queued" | "held";
  readonly dueMs: number;
}

export type NextMessage =
  | { readonly kind: "message"; readonly leadId: number; readonly mergedIds: readonly number[] }
  /** Nothing goes before then; null = nothing waits. */
  | { readonly kind: "wait"; readonly untilMs: number | null };

/** The next message of a channel. `composedMs`: when its last messages were made, oldest first. */
export function nextMessage(
  waiting: readonly WaitingAlert[],
  composedMs: readonly number[],
  policy: DeliveryPolicy,
  nowMs: number,
): NextMessage {
  const due = waiting.filter(({ dueMs }) => dueMs <= nowMs);
  if (due.length === 0) {
    const next = Math.min(...waiting.map(({ dueMs }) => dueMs));
    return { kind: "wait", untilMs: waiting.length === 0 ? null : next };
  }
  const critical = due.some(({ severity }) => severity === "critical");
  const allowed = policy.perTenMinutes * (critical ? 2 : 1);
  const lately = composedMs.filter((atMs) => atMs > nowMs - rateWindowMs);
  const oldest = lately.at(-allowed);
  if (oldest !== undefined) return { kind: "wait", untilMs: oldest + rateWindowMs };
  // What waits for company has found some; what waits for the morning has not.
  const going = waiting.filter(({ state, dueMs }) => state === "queued" || dueMs <= nowMs);
  const [lead, ...rest] = going.toSorted(louderFirst);
  return lead === undefined
    ? { kind: "wait", untilMs: null }
    : { kind: "message", leadId: lead.alertId, mergedIds: rest.map(({ alertId }) => alertId) };
}

function louderFirst(a: WaitingAlert, b: WaitingAlert): number {
  if (a.severity === b.severity) return a.alertId - b.alertId;
  return isAtLeast(a.severity, b.severity) ? -1 : 1;
}

const firstDelayMs = 5_000;
const delayMaxMs = 15 * 60_000;
const retryAfterMaxMs = 3_600_000;

/** What becomes of a message that could not be delivered. */
export type AfterFailure = { readonly kind: "again"; readonly atMs: number } | { readonly kind: "dead" };

/**
 * Twice as long after each attempt, up to a quarter of an hour, and by chance up to a half shorter, so that what failed
 * together does not come back together. `chance`: from 0 to below 1. A receiver's own wish counts up to an hour.
 */
export function afterFailure(
  attempts: number,
  attemptsMax: number,
  retryAfterMs: number | null,
  nowMs: number,
  chance: number,
): AfterFailure {
  if (attempts >= attemptsMax) return { kind: "dead" };
  const delayMs = Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(attempts - 1, 20));
  const ownMs = Math.min(retryAfterMs ?? 0, retryAfterMaxMs);
  return { kind: "again", atMs: nowMs + Math.max(ownMs, Math.round(delayMs * (1 - chance / 2))) };
}
