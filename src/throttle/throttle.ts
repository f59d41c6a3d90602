/**
 * What has been used and what is held, in memory, for every limit at once; rebuilt from the durable rows after a
 * crash. It decides, it does not store: the caller writes first and then tells it. Time is an argument and never
 * goes back: a `nowMs` below the largest seen counts as the largest seen.
 *
 * The order is: admit → (ledger) → reserve → book … → settle or release, exactly once.
 */
import { decide, type Admission, type AdmissionRequest, type ThrottlePolicy } from "./admission.ts";
import { BookingLog, historyMs, type Booking } from "./booking-log.ts";
import { Calendar } from "./calendar.ts";
import { fitting, wantedReservation, type Extension } from "./extension.ts";
import { Gauge } from "./gauge.ts";
import { historyNeeds, type HistoryNeeds } from "./history-needs.ts";
import { Gauges } from "./gauges.ts";
import { Holds, type Reservation } from "./holds.ts";
import { worstLevel, type Level } from "./levels.ts";
import {
  isBudget,
  limitId,
  spendIn,
  type Limit,
  type LimitUnit,
  type Spend,
  type SpendSubject,
} from "./limits.ts";
import { UnseenUsage } from "./unseen-usage.ts";
import { resetsAtMs, standingOf, type LimitStanding } from "./standings.ts";

export type { Admission, AdmissionRequest, ThrottlePolicy } from "./admission.ts";
export type { Booking } from "./booking-log.ts";
export type { Reservation } from "./holds.ts";
export type { LimitStanding } from "./standings.ts";

/** A reservation found at a start. */
export interface OpenReservation extends Reservation {
  /** What its attempt had used before the bookings that are given one by one. */
  readonly used?: Spend;
}

export class Throttle {
  readonly #policy: ThrottlePolicy;
  readonly #calendar: Calendar;
  #holds: Holds;
  #log = new BookingLog();
  #unseen = new UnseenUsage();
  #gauges: Gauges;
  #nowMs = Number.NEGATIVE_INFINITY;
  #sinceMs = Number.POSITIVE_INFINITY;

  constructor(policy: ThrottlePolicy) {
    this.#policy = policy;
    this.#calendar = new Calendar(policy.timeZone, policy.carriedWindows);
    this.#holds = new Holds(policy.groupsOf);
    this.#gauges = new Gauges(policy.limits, this.#calendar, this.#holds);
  }

  /**
   * Begins anew from the durable rows: bookings as far back and as exact as `historyNeeds` of this moment says, every
   * reservation not settled, with what it was extended by. Throws what `book` and `reserve` throw.
   */
  restore(
    rows: { readonly bookings: readonly Booking[]; readonly reservations: readonly OpenReservation[] },
    nowMs: number,
  ): void {
    this.#holds = new Holds(this.#policy.groupsOf);
    this.#log = new BookingLog();
    this.#unseen = new UnseenUsage();
    this.#gauges = new Gauges(this.#gauges.limits, this.#calendar, this.#holds);
    this.#nowMs = Number.NEGATIVE_INFINITY;
    this.#sinceMs = nowMs;
    this.#tick(nowMs);
    for (const reservation of rows.reservations) {
      this.reserve(reservation);
      if (reservation.used !== undefined) this.#holds.use(reservation.attemptId, reservation.used);
    }
    for (const booking of rows.bookings.toSorted((a, b) => a.atMs - b.atMs)) this.book(booking);
  }

  /** Decides, and changes nothing: an admitted request holds its room only when it is reserved. */
  admit(request: AdmissionRequest, nowMs: number): Admission {
    assertSpend(request.spend);
    this.#tick(nowMs);
    return decide(request, this.#standing(this.#gauges.of(request.subject)), this.#policy, this.#nowMs);
  }

  /** Takes the room of an admission. CtmError `illegal-move` when the attempt has a reservation already. */
  reserve(reservation: Reservation): void {
    assertSpend(reservation.spend);
    this.#holds.open(reservation, this.#weighs(reservation.simulated === true));
  }

  /** How much of a wanted reservation of a running attempt fits into every window now. Decides, and changes nothing. */
  planExtension(attemptId: string, wanted: Spend, nowMs: number): Extension {
    assertSpend(wanted);
    this.#tick(nowMs);
    const { subject, reserved, used } = this.#holds.standingOf(attemptId);
    const gauges = this.#standing(this.#gauges.of(subject));
    const plan = (unit: LimitUnit): { reserved: number; owed: number } => {
      const share = { reserved: spendIn(reserved, unit), used: spendIn(used, unit) };
      return fitting(share, spendIn(wanted, unit), roomIn(gauges, unit));
    };
    const [tokens, cost] = [plan("tokens"), plan("cost")];
    return {
      reserved: { tokens: tokens.reserved, nanoUsd: cost.reserved },
      owed: { tokens: tokens.owed, nanoUsd: cost.owed },
    };
  }

  /** What a running attempt should hold for what it has used; null = nothing changes. Decides, and changes nothing. */
  growthOf(attemptId: string, nowMs: number): Extension | null {
    const { reserved, used, owed } = this.#holds.standingOf(attemptId);
    const wanted = wantedReservation(reserved, used);
    if (wanted === null && owed.tokens === 0 && owed.nanoUsd === 0) return null;
    const plan = this.planExtension(attemptId, wanted ?? reserved, nowMs);
    return sameSpend(plan.reserved, reserved) && sameSpend(plan.owed, owed) ? null : plan;
  }

  /** Replaces a running attempt's reservation by a planned one. CtmError `illegal-move` when it has none. */
  extend(attemptId: string, extension: Extension): void {
    assertSpend(extension.reserved);
    assertSpend(extension.owed);
    this.#holds.extend(attemptId, extension);
  }

  /** Usage, at its own time even if late; it lowers the hold of its attempt by as much. Each usage once: the caller's care. */
  book(booking: Booking): void {
    if (!this.#weighs(booking.simulated)) return;
    const spend = bookable(booking);
    if (booking.attemptId !== null) this.#holds.use(booking.attemptId, spend);
    this.#sinceMs = Math.min(this.#sinceMs, booking.atMs);
    this.#log.append(booking.atMs, booking.subject, spend);
    this.#log.forgetBefore(this.#nowMs - historyMs);
    if (booking.subject.external === true) this.#unseen.add(booking.subject.agent, booking.atMs, spend);
    this.#add(booking.atMs, booking.subject, spend);
  }

  /** What limits on an agent keep free for a person's use of it that is not seen yet. */
  keptForUnseen(agent: string, nowMs: number): Spend {
    this.#tick(nowMs);
    return this.#unseen.keptFor(agent, this.#nowMs);
  }

  /**
   * Ends a reservation after its usage was booked; returns what was left of it. CtmError `illegal-move` the second
   * time. Where the usage is unknown, book what `held` says first.
   */
  settle(attemptId: string): Spend {
    return this.#holds.close(attemptId);
  }

  /** Ends the reservation of an attempt that was never begun. CtmError `illegal-move` the second time. */
  release(attemptId: string): Spend {
    return this.#holds.close(attemptId);
  }

  /** What an attempt still holds: reserved less used so far; zero when it has no reservation. */
  held(attemptId: string): Spend {
    return this.#holds.heldBy(attemptId);
  }

  /** Replaces all limits; usage and holds stay. Of two limits of the same id the later rules. */
  setLimits(limits: readonly Limit[]): void {
    this.#gauges = new Gauges(limits, this.#calendar, this.#holds);
    this.#log.replay((atMs, subject, spend) => this.#add(atMs, subject, spend));
  }

  /** What a restore at this moment needs. */
  needs(nowMs: number): HistoryNeeds {
    return historyNeeds(this.limits, this.#calendar, nowMs);
  }

  /** Do limits count what rehearsals make up? */
  get countsSimulated(): boolean {
    return this.#policy.countSimulated;
  }

  get limits(): readonly Limit[] {
    return this.#gauges.limits;
  }

  /** Every limit on every scope that was seen, and on these workers; global first. */
  standings(nowMs: number, workers: readonly string[] = []): LimitStanding[] {
    this.#tick(nowMs);
    for (const name of workers) this.#gauges.ofScope({ kind: "worker", name });
    return this.#standing(this.#gauges.all()).map((gauge) =>
      standingOf(gauge, this.#calendar, this.#nowMs, this.#sinceMs),
    );
  }

  /** One limit by itself; of one for each worker (model, agent) that binds nobody yet, nothing is used. */
  standing(id: string, nowMs: number): LimitStanding | null {
    const limit = this.limits.find((one) => limitId(one) === id);
    if (limit === undefined) return null;
    this.#tick(nowMs);
    const gauge = new Gauge(limit, limit.scope, this.#calendar, this.#holds.sumOf(limit.scope));
    gauge.advance(this.#nowMs);
    return standingOf(gauge, this.#calendar, this.#nowMs, this.#sinceMs);
  }

  /** Budgets that bind this subject and are overrun: more is used than they allow, what is not booked here yet included. */
  overrunBudgets(
    subject: SpendSubject,
    nowMs: number,
    more: readonly Pick<Booking, "spend" | "simulated">[] = [],
  ): LimitStanding[] {
    this.#tick(nowMs);
    const weighing = more.filter(({ simulated }) => this.#weighs(simulated));
    const added = (unit: LimitUnit): number =>
      weighing.reduce((sum, { spend }) => sum + spendIn(spend, unit), 0);
    return this.#standing(this.#gauges.of(subject))
      .filter(
        ({ scope, unit, used, amount }) => isBudget(scope) && amount !== null && used + added(unit) > amount,
      )
      .map((gauge) => standingOf(gauge, this.#calendar, this.#nowMs, this.#sinceMs));
  }

  /** The worst level of all limits that bind this subject; null = of those alone that bind everything. */
  effectiveLevel(subject: SpendSubject | null, nowMs: number): Level {
    this.#tick(nowMs);
    const everything = (["global", "system"] as const).flatMap((kind) => this.#gauges.ofScope({ kind }));
    const gauges = subject === null ? everything : this.#gauges.of(subject);
    return this.#standing(gauges).reduce<Level>((worst, gauge) => worstLevel(worst, gauge.level), "NONE");
  }

  /** When a limit next eases by time alone (see `LimitStanding.resetsAtMs`); null when nothing is used anywhere. */
  nextChangeMs(nowMs: number): number | null {
    this.#tick(nowMs);
    const used = this.#standing(this.#gauges.all()).filter((gauge) => gauge.used > 0);
    const moments = used.map(resetsAtMs).filter((atMs) => atMs !== null);
    return moments.length === 0 ? null : moments.reduce((first, atMs) => Math.min(first, atMs));
  }

  #tick(nowMs: number): void {
    if (!Number.isFinite(nowMs)) throw new RangeError(`time must be a number of milliseconds, not ${nowMs}`);
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#sinceMs = Math.min(this.#sinceMs, this.#nowMs);
  }

  #standing(gauges: readonly Gauge[]): readonly Gauge[] {
    for (const gauge of gauges) {
      gauge.advance(this.#nowMs);
      const { scope, unit } = gauge;
      if (scope.kind === "global" || scope.kind === "agent")
        gauge.leave(this.#policy.sharePercent?.(this.#nowMs) ?? 0);
      if (scope.kind === "agent") gauge.keep(spendIn(this.#unseen.keptFor(scope.name, this.#nowMs), unit));
    }
    return gauges;
  }

  #add(atMs: number, subject: SpendSubject, spend: Spend): void {
    for (const gauge of this.#standing(this.#gauges.of(subject))) gauge.add(atMs, spend);
  }

  #weighs(simulated: boolean): boolean {
    return !simulated || this.#policy.countSimulated;
  }
}

function sameSpend(a: Spend, b: Spend): boolean {
  return a.tokens === b.tokens && a.nanoUsd === b.nanoUsd;
}

/** What is left in the tightest window that counts this unit; without a limit there is no end of it. */
function roomIn(gauges: readonly Gauge[], unit: LimitUnit): number {
  const rooms = gauges.flatMap(({ unit: counts, amount, used, held, kept }) =>
    counts === unit && amount !== null ? [amount - used - held - kept] : [],
  );
  return rooms.reduce((least, room) => Math.min(least, room), Number.POSITIVE_INFINITY);
}

/** A correction downwards counts as nothing: what was booked leaves the windows in its own time, never before. */
function bookable({ atMs, spend }: Booking): Spend {
  if (!Number.isFinite(atMs))
    throw new RangeError(`a booking's time must be a number of milliseconds, not ${atMs}`);
  const upwards = { tokens: Math.max(0, spend.tokens), nanoUsd: Math.max(0, spend.nanoUsd) };
  assertSpend(upwards);
  return upwards;
}

function assertSpend({ tokens, nanoUsd }: Spend): void {
  if (Number.isSafeInteger(tokens) && Number.isSafeInteger(nanoUsd) && tokens >= 0 && nanoUsd >= 0) return;
  throw new RangeError(
    `tokens and nano-dollars must be whole numbers from 0 on, not ${tokens} and ${nanoUsd}`,
  );
}
