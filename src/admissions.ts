/**
 * May this task go now, and to whom? The throttle and the accounts are asked worker by worker, best first; what a pass
 * has found out about one task holds for those behind it that need the same.
 */
import type { AccountBook } from "./account-book.ts";
import type { WorkerOffer } from "./distributor/distributor.ts";
import type { FactBus } from "./events/bus.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { ReadyTask } from "./ledger/task-rows.ts";
import type { Task } from "./tasks/task.ts";
import type { Admission, Throttle } from "./throttle/throttle.ts";

export interface AdmissionParts {
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly bus: FactBus;
  readonly kept: KeptWrites;
  readonly accounts: AccountBook;
  /** What becomes of a task larger than a whole window. */
  readonly oversized: "run" | "ask" | "refuse";
  /** Free workers that could take it, best first. */
  offers(task: Task): readonly WorkerOffer[];
  /** The account a worker's agent runs with. */
  accountOf(worker: string): string;
  traits(agent: string): { readonly simulated: boolean };
  /** It may go by then: a pass is due. */
  wakeBy(atMs: number): void;
  now(): number;
}

/** So long an oversized task lets those behind it pass. */
const oversizedPatienceMs = 15 * 60_000;

/** Why a task does not go now. */
export interface Deferral {
  readonly reason: string;
  readonly untilMs: number | null;
  readonly limitId: string | null;
}

/** Whom it may go to, and with what. */
export interface AdmittedOffer {
  readonly offer: WorkerOffer;
  readonly admission: Extract<Admission, { kind: "admitted" }>;
}

export class Admissions {
  readonly #parts: AdmissionParts;
  /** Limits a task ahead in line waits for: those behind it may not take its room in the same pass. */
  #blockedLimits = new Set<string>();
  /** Needs for which a task ahead found no worker or no room in this pass: those that share them are passed over. */
  #blockedNeeds = new Set<string>();
  /** Why waiting tasks were put off, as far as it was told: the same reason is told once. */
  readonly #toldReasons = new Map<number, string>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** A pass begins: nothing is blocked. */
  begin(): void {
    this.#blockedLimits = new Set();
    this.#blockedNeeds = new Set();
  }

  /** Needs that nobody can meet in this pass. */
  get blockedNeeds(): ReadonlySet<string> {
    return this.#blockedNeeds;
  }

  /** Is it its time, and not passed over? */
  mayBeOffered({ needs, notBeforeMs }: ReadyTask): boolean {
    if (this.#blockedNeeds.has(needs)) return false;
    if (notBeforeMs === null || notBeforeMs <= this.#parts.now()) return true;
    this.#parts.wakeBy(notBeforeMs);
    return false;
  }

  /** It went: why it waited is no news any more. */
  went(taskId: number): void {
    this.#toldReasons.delete(taskId);
  }

  /** Asks the throttle, worker by worker, best first. Null: no worker is free for it, or it was deferred. */
  admit(task: Task, needs: string): AdmittedOffer | null {
    let deferral: Extract<Admission, { kind: "deferred" }> | null = null;
    let blocksAlike = true;
    for (const offer of this.#parts.offers(task)) {
      const back = this.#heldBack(task, offer.worker);
      if (back !== null) {
        if (deferral === null || sooner(back.untilMs, deferral.untilMs)) deferral = back;
        continue;
      }
      const admission = this.#ask(task, offer, this.#blockedLimits);
      if (admission.kind === "admitted") return { offer, admission };
      if (admission.kind === "refused") {
        this.#hold(task, admission.reason);
        return null;
      }
      // A task too large for a whole window waits for its own moment, and at first blocks nobody behind it.
      if (admission.oversized) blocksAlike = false;
      else this.#blockedLimits.add(admission.limitId);
      if (deferral === null || sooner(admission.untilMs, deferral.untilMs)) deferral = admission;
    }
    if (blocksAlike) this.#blockedNeeds.add(needs);
    if (deferral === null) return null;
    // Its moment may never come while others keep the window filled: then the window that will be ready first is kept.
    const waitedMs = this.#parts.now() - task.createdAtMs;
    if (deferral.oversized && waitedMs >= oversizedPatienceMs) this.#blockedLimits.add(deferral.limitId);
    // Nothing but a person's yes lets it go: it is held by name, and `release` is that yes.
    if (deferral.oversized && deferral.untilMs === null && this.#parts.oversized === "ask") {
      this.#hold(task, `oversized: ${deferral.reason}`);
    } else {
      this.#defer(task, deferral);
    }
    return null;
  }

  /** Given up when the disk does not take it: the next pass comes to the same end. */
  #hold(task: Task, reason: string): void {
    this.#parts.kept.attempt(() => this.#parts.ledger.setHold(task.id, reason));
  }

  /** An account whose provider lets nothing through holds back its own workers and no others. */
  #heldBack(task: Task, worker: string): Extract<Admission, { kind: "deferred" }> | null {
    const { accounts, accountOf } = this.#parts;
    const back = accounts.heldBack(accountOf(worker), task.draft.priority);
    return back === null ? null : { kind: "deferred", ...back, level: "CRITICAL", oversized: false };
  }

  #ask(task: Task, offer: WorkerOffer, blockedLimits: ReadonlySet<string>): Admission {
    const { kept } = this.#parts;
    const admission = this.#admission(task, offer, blockedLimits);
    if (admission.kind === "admitted" || kept.idle) return admission;
    // What ended in this moment holds no room any more.
    kept.flush();
    return this.#admission(task, offer, blockedLimits);
  }

  #admission(task: Task, offer: WorkerOffer, blockedLimits: ReadonlySet<string>): Admission {
    const { throttle, now } = this.#parts;
    return throttle.admit(
      {
        attemptId: "",
        subject: {
          worker: offer.worker,
          agent: offer.agent,
          model: offer.model,
          member: task.assignment.member?.id ?? null,
        },
        priority: task.draft.priority,
        spend: { tokens: task.assignment.reserveTokens, nanoUsd: task.assignment.reserveNanoUsd },
        simulated: this.#parts.traits(offer.agent).simulated,
        oversizedApproved: this.#parts.ledger.settings.get(oversizedKey(task.id)) !== null,
        blockedLimits,
      },
      now(),
    );
  }

  #defer(task: Task, deferral: Deferral): void {
    const { bus, now } = this.#parts;
    if (deferral.untilMs !== null) this.#parts.wakeBy(deferral.untilMs);
    if (this.#toldReasons.get(task.id) === deferral.reason) return;
    this.#toldReasons.set(task.id, deferral.reason);
    bus.publish({
      kind: "task-deferred",
      atMs: now(),
      taskId: task.id,
      reason: deferral.reason,
      untilMs: deferral.untilMs,
    });
  }

  /** Why a waiting task does not go now: asks the throttle without reserving. Null: nothing of the throttle's. */
  whyDeferred(task: Task, offers: readonly WorkerOffer[]): Deferral | null {
    let deferral: Deferral | null = null;
    for (const offer of offers) {
      const admission = this.#heldBack(task, offer.worker) ?? this.#ask(task, offer, new Set());
      if (admission.kind === "admitted") return null;
      const found =
        admission.kind === "refused" ? { reason: admission.reason, untilMs: null, limitId: null } : admission;
      if (deferral === null || sooner(found.untilMs, deferral.untilMs)) deferral = found;
    }
    return deferral;
  }
}

/** The setting that says that a person let an oversized task go. */
export function oversizedKey(taskId: number): string {
  return `oversized:${taskId}`;
}

/** null = nobody can say when, which is later than any time. */
function sooner(aMs: number | null, bMs: number | null): boolean {
  return aMs !== null && (bMs === null || aMs < bMs);
}
