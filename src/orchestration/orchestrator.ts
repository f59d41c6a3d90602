/**
 * Wakes agents for events. What was taken stands in the journal; a turn looks at the wakes that have not ended, lets the
 * gates decide, writes down what they decided and hands what may go to the queue. Turns begin when something was taken,
 * something ended, or a time has come that was known before: nothing is asked over and over.
 */
import { plan, type Wait, type World } from "../activation/gates.ts";
import type { Trigger } from "../activation/trigger.ts";
import { isAtWork, isWaiting, type Wake } from "../activation/wake.ts";
import type { FactBus } from "../events/bus.ts";
import type { Fact } from "../events/facts.ts";
import type { KeptWrites } from "../kept-writes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { calendarBounds } from "../throttle/windows.ts";
import { WakeTimer } from "../wake-timer.ts";
import type { TaskDraft } from "../tasks/task.ts";
import { Deliveries, type DeliveryParts } from "./deliveries.ts";
import { Intake } from "./intake.ts";
import { OwnEvents } from "./own-events.ts";

const dayMs = 86_400_000;
/** After a turn so many times of what it took are left to others, at most so long. */
const restFactor = 4;
const restMaxMs = 100;
/** A trigger that a person paused has this setting. */
export const pauseKey = (trigger: string): string => `trigger-paused:${trigger}`;

export interface OrchestratorParts extends Pick<DeliveryParts, "tasks" | "address" | "cwd"> {
  readonly ledger: Ledger;
  readonly bus: FactBus;
  readonly kept: KeptWrites;
  readonly triggers: readonly Trigger[];
  readonly timeZone: string;
  readonly dedupeHours: number;
  readonly keepDays: number;
  /** Are wakes delivered here? Without a manager events are only taken. */
  readonly drives: boolean;
  /** Would the limits let this wake's task go now? */
  limit(wake: Wake): Wait | null;
  /** Is a person at the worker it would go to? */
  focus(wake: Wake): Wait | null;
  now(): number;
  chance(): number;
  trouble(error: unknown): void;
}

export class Orchestrator {
  readonly intake: Intake;
  readonly deliveries: Deliveries;
  readonly #parts: OrchestratorParts;
  readonly #own: OwnEvents;
  readonly #timer: WakeTimer;
  #turnQueued = false;
  #rest: NodeJS.Timeout | null = null;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #prunedMs = Number.NEGATIVE_INFINITY;
  #unsubscribe: () => void = () => undefined;

  constructor(parts: OrchestratorParts) {
    const { ledger, triggers, now } = parts;
    const { journal } = ledger;
    this.#parts = parts;
    this.#timer = new WakeTimer(now, () => this.wake());
    this.intake = new Intake({ ...parts, journal, taken: () => this.wake() });
    this.#own = new OwnEvents({ ledger, triggers, now, intake: this.intake });
    this.deliveries = new Deliveries({
      ...parts,
      journal,
      attempts: ledger.attempts,
      triggerOf: (name) => this.triggerOf(name),
      moved: (wakeId) => this.#tell(wakeId),
      wakeBy: (atMs) => this.#timer.by(atMs),
    });
  }

  triggerOf(name: string): Trigger | null {
    return this.#parts.triggers.find((trigger) => trigger.name === name) ?? null;
  }

  /** Whom a target names. CtmError `not-found`. */
  addressOf(target: string): Partial<TaskDraft> {
    return this.#parts.address(target);
  }

  /** Begins to deliver: first what was on its way. */
  begin(): void {
    if (!this.#parts.drives) return;
    this.#unsubscribe = this.#parts.bus.subscribe((fact) => this.#hear(fact));
    this.#safely(() => this.#own.begin());
    this.#safely(() => this.deliveries.takeUpAgain());
    this.turn();
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#timer.cancel();
    if (this.#rest !== null) clearTimeout(this.#rest);
  }

  /** A turn soon, however often it is asked for; in a storm turns leave most of the time to what comes in. */
  wake(): void {
    if (!this.#parts.drives || this.#turnQueued || this.#closed) return;
    this.#turnQueued = true;
    const turn = (): void => {
      this.#turnQueued = false;
      if (!this.#closed) this.turn();
    };
    const restMs = Math.min(restMaxMs, this.#restUntilMs - this.#parts.now());
    if (restMs > 0) this.#rest = setTimeout(turn, restMs);
    else setImmediate(turn);
  }

  #hear(fact: Fact): void {
    if (fact.kind === "task-moved" && this.deliveries.concerns(fact.taskId)) {
      const wake = this.#parts.ledger.journal.wakes.byTask(fact.taskId);
      if (wake !== null) this.#safely(() => this.deliveries.look(wake.id));
      this.wake();
    }
    this.#safely(() => this.#own.hear(fact));
    if (WAKING.has(fact.kind)) this.wake();
  }

  /** Looks at everything that waits, once. */
  turn(): void {
    const beganMs = this.#parts.now();
    this.#safely(() => this.#lookAtAll());
    const endedMs = this.#parts.now();
    this.#restUntilMs = endedMs + restFactor * (endedMs - beganMs);
  }

  #lookAtAll(): void {
    const { journal } = this.#parts.ledger;
    const nextTickMs = this.#own.tick();
    if (nextTickMs !== null) this.#timer.by(nextTickMs);
    journal.expire(this.#parts.now());
    const nextExpiryMs = journal.events.nextExpiryMs();
    if (nextExpiryMs !== null) this.#timer.by(nextExpiryMs);
    this.deliveries.lookLate();
    const open = journal.wakes.open();
    for (const trigger of this.#parts.triggers) this.#turnOf(trigger, open);
    this.#abandon(open);
    this.#prune();
  }

  #turnOf(trigger: Trigger, all: readonly Wake[]): void {
    const { ledger, now } = this.#parts;
    const wakes = all.filter((wake) => wake.trigger === trigger.name);
    if (!wakes.some((wake) => isWaiting(wake))) return;
    const nowMs = now();
    const steps = plan(trigger, wakes, this.worldOf(trigger), nowMs);
    const byId = new Map(wakes.map((wake) => [wake.id, wake]));
    const told = steps.filter((step) => {
      const wake = byId.get(step.wakeId);
      if (step.kind === "gathers") return wake?.untilMs !== step.untilMs;
      if (step.kind !== "waits") return true;
      return (
        wake?.gate !== step.gate || wake.untilMs !== step.wait.untilMs || wake.reason !== step.wait.reason
      );
    });
    ledger.journal.follow(told, nowMs);
    for (const step of steps) {
      const untilMs =
        step.kind === "gathers" ? step.untilMs : step.kind === "waits" ? step.wait.untilMs : null;
      if (untilMs !== null) this.#timer.by(untilMs);
    }
    for (const step of steps) {
      if (step.kind !== "claims") continue;
      this.deliveries.deliver(step.wakeId);
      for (const replaced of step.replaces) this.#cancelTask(byId.get(replaced));
    }
    for (const step of told) if (step.kind === "waits") this.#tell(step.wakeId);
  }

  #cancelTask(wake: Wake | undefined): void {
    const { tasks, trouble } = this.#parts;
    if (wake === undefined || wake.taskId === null || !isAtWork(wake)) return;
    void tasks.cancel(wake.taskId).catch(trouble);
  }

  /** What the gates ask about a trigger now. */
  worldOf(trigger: Trigger): World {
    const { ledger, limit, focus } = this.#parts;
    const { wakes } = ledger.journal;
    return {
      paused: this.isPaused(trigger.name),
      lastClaimMs: (lane) => wakes.lastClaimMs(trigger.name, lane),
      claimsMs: trigger.rate === null ? [] : wakes.claimsMs(trigger.name, trigger.rate.count),
      budget: this.#budgetOf(trigger),
      limit,
      focus,
    };
  }

  isPaused(trigger: string): boolean {
    const { settings } = this.#parts.ledger;
    return settings.get(pauseKey(trigger)) !== null || settings.get(pauseKey("*")) !== null;
  }

  #budgetOf({ name, budget }: Trigger): Wait | null {
    if (budget.tokens === null && budget.nanoUsd === null) return null;
    const { ledger, timeZone, now } = this.#parts;
    const { startMs, endMs } = calendarBounds("day", timeZone, now());
    const spent = ledger.journal.wakes.spentSince(name, startMs);
    if (budget.tokens !== null && spent.tokens >= budget.tokens)
      return {
        untilMs: endMs,
        reason: `its trigger has used ${spent.tokens} of ${budget.tokens} tokens today`,
      };
    if (budget.nanoUsd !== null && spent.nanoUsd >= budget.nanoUsd)
      return { untilMs: endMs, reason: "its trigger has spent what it may today" };
    return null;
  }

  /** Wakes of triggers that are no longer written anywhere wait for nobody. */
  #abandon(open: readonly Wake[]): void {
    const { ledger, now } = this.#parts;
    for (const wake of open)
      if (isWaiting(wake) && this.triggerOf(wake.trigger) === null)
        ledger.journal.failed(wake.id, `there is no trigger ${wake.trigger} any more`, null, now());
  }

  #prune(): void {
    const { ledger, keepDays, now } = this.#parts;
    if (now() - this.#prunedMs < dayMs) return;
    this.#prunedMs = now();
    ledger.journal.prune(now() - keepDays * dayMs, now());
  }

  #tell(wakeId: number): void {
    const { ledger, bus, now } = this.#parts;
    const wake = ledger.journal.wakes.byId(wakeId);
    if (wake === null) return;
    const { trigger, state, taskId, reason } = wake;
    bus.publish({ kind: "wake-moved", atMs: now(), wakeId, trigger, state, taskId, reason });
  }

  /** Left for the next turn while the disk takes no writes. */
  #safely(act: () => void): void {
    try {
      this.#parts.kept.attempt(act);
    } catch (error) {
      this.#parts.trouble(error);
    }
  }
}

/** What may open a gate. */
const WAKING: ReadonlySet<Fact["kind"]> = new Set([
  "limit-set",
  "focus-changed",
  "account-freed",
  "level-changed",
  "storage-changed",
]);
